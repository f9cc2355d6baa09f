-- Films people want to see. Title and year are kept as they were when the film was added, so that
-- a list stays readable when a later catalogue no longer has the film.
CREATE TABLE watchlist (
    position  INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with every addition
    user_id   TEXT    NOT NULL,
    movie_id  INTEGER NOT NULL,
    title     TEXT    NOT NULL,
    year      INTEGER,
    service   TEXT,
    watched   INTEGER NOT NULL DEFAULT 0 CHECK (watched IN (0, 1)),
    added_at  INTEGER NOT NULL,                  -- milliseconds since 1970, UTC
    UNIQUE (user_id, movie_id)
) STRICT;
