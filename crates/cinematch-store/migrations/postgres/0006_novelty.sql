-- See migrations/sqlite/0007_novelty.sql.
ALTER TABLE preferences ADD COLUMN novelty_percent BIGINT NOT NULL DEFAULT 0;
