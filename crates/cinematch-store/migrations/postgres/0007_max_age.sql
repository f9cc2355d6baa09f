-- See migrations/sqlite/0008_max_age.sql.
ALTER TABLE preferences ADD COLUMN max_age BIGINT;
