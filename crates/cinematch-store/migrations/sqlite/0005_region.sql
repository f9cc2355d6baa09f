-- The country whose services somebody has, as two letters (ISO 3166-1).
ALTER TABLE preferences ADD COLUMN region TEXT;
