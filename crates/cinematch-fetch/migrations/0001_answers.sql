-- What TMDb answered about a film, as it came, compressed with zstd.
CREATE TABLE films (
    tmdb_id      INTEGER PRIMARY KEY,
    -- NULL: TMDb has no such film.
    body         BLOB,
    -- Seconds since 1970.
    fetched_at   INTEGER NOT NULL,
    -- Whether it has to be asked for again.
    stale        INTEGER NOT NULL DEFAULT 0,
    -- A later answer about watch/providers alone.
    providers    BLOB,
    providers_at INTEGER
) STRICT;

-- Facts that people had before, as JSON. TMDb's own answer goes before them.
CREATE TABLE imported (
    tmdb_id INTEGER PRIMARY KEY,
    facts   TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
