-- Age limit of a child's profile in years, 0 to 18; null for no limit.
ALTER TABLE preferences ADD COLUMN max_age INTEGER;
