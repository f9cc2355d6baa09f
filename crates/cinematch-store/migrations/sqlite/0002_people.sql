-- Whoever something is known of. `key` is the name that front ends use: a profile's is its own number.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
    key           TEXT    NOT NULL UNIQUE,
    email         TEXT    UNIQUE,                    -- in lower case; set for profiles
    name          TEXT,
    password_hash TEXT,                              -- Argon2id, PHC string
    created_at    INTEGER NOT NULL                   -- milliseconds since 1970, UTC, here and below
) STRICT;

INSERT INTO users (key, created_at)
SELECT user_id, MIN(added_at) FROM watchlist GROUP BY user_id ORDER BY MIN(position);

-- What somebody said of a film.
CREATE TABLE feedback (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    movie_id   INTEGER NOT NULL,
    signal     TEXT    CHECK (signal IN ('like', 'dislike', 'not_interested')),
    half_stars INTEGER CHECK (half_stars BETWEEN 1 AND 10),
    watched    INTEGER NOT NULL DEFAULT 0 CHECK (watched IN (0, 1)),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, movie_id)
) STRICT, WITHOUT ROWID;

INSERT INTO feedback (user_id, movie_id, watched, updated_at)
SELECT users.id, movie_id, 1, added_at FROM watchlist JOIN users ON users.key = watchlist.user_id
WHERE watched = 1;

-- That a film was watched is now said in one place, `feedback`.
ALTER TABLE watchlist RENAME TO watchlist_of_keys;
CREATE TABLE watchlist (
    position INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with every addition
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    movie_id INTEGER NOT NULL,
    title    TEXT    NOT NULL,                  -- as it was when added, should the catalogue lose the film
    year     INTEGER,
    service  TEXT,
    added_at INTEGER NOT NULL,
    UNIQUE (user_id, movie_id)
) STRICT;
INSERT INTO watchlist (position, user_id, movie_id, title, year, service, added_at)
SELECT position, users.id, movie_id, title, year, service, added_at
FROM watchlist_of_keys JOIN users ON users.key = watchlist_of_keys.user_id ORDER BY position;
DROP TABLE watchlist_of_keys;

CREATE TABLE preferences (
    user_id            INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    preferred_genres   TEXT NOT NULL,           -- JSON lists of names
    services           TEXT NOT NULL,
    original_languages TEXT NOT NULL,
    runtime_min        INTEGER,
    runtime_max        INTEGER,
    updated_at         INTEGER NOT NULL
) STRICT;

-- Histories of elsewhere that were taken over.
CREATE TABLE imports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    service     TEXT    NOT NULL,
    file        TEXT    NOT NULL,
    n_rows      INTEGER NOT NULL,
    n_matched   INTEGER NOT NULL,
    n_changed   INTEGER NOT NULL,
    imported_at INTEGER NOT NULL
) STRICT;
CREATE INDEX imports_of_user ON imports (user_id);

CREATE TABLE sessions (
    token_hash TEXT    PRIMARY KEY,             -- SHA-256, as hexadecimal digits
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id);

CREATE TABLE api_keys (
    id          TEXT    PRIMARY KEY,            -- the part of a key that may be shown
    name        TEXT    NOT NULL,
    secret_hash TEXT    NOT NULL,               -- SHA-256, as hexadecimal digits
    scope       TEXT    NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;

-- That somebody was forgotten, and how much; not who.
CREATE TABLE deletions (
    receipt    TEXT    PRIMARY KEY,
    deleted    TEXT    NOT NULL,                -- JSON: table → rows
    deleted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
