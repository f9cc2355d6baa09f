-- As in SQLite, where the comment is.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
UPDATE users SET version = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT);
