-- As in SQLite, where the comment is.
ALTER TABLE preferences ADD COLUMN region TEXT;
