-- Default novelty of recommendations, in percent: -100 favors well-known movies, 100 little-known ones.
ALTER TABLE preferences ADD COLUMN novelty_percent INTEGER NOT NULL DEFAULT 0;
