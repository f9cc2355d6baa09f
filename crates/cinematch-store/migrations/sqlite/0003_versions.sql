-- Grows with every change of what is known of a person, in the change's own transaction: what was made of
-- it before is not taken for what would be made of it now. Milliseconds since 1970, or one more than
-- before: after a backup was brought back, no version of the time between comes again.
ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
UPDATE users SET version = CAST(strftime('%s', 'now') AS INTEGER) * 1000;
