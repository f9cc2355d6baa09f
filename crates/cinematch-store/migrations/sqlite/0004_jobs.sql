-- Work done in the background. The index lets one job run at a time, whoever asks.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    lane         BIGINT  NOT NULL DEFAULT 0,
    slot         BIGINT,
    asked_by     TEXT    NOT NULL,
    asked_at     BIGINT  NOT NULL,
    not_before   BIGINT  NOT NULL,
    attempt      BIGINT  NOT NULL DEFAULT 0,
    worker       TEXT,
    beat         BIGINT  NOT NULL DEFAULT 0,
    stage        TEXT,
    permille     BIGINT  NOT NULL DEFAULT 0,
    started_at   BIGINT,
    ended_at     BIGINT,
    outcome      TEXT,
    error        TEXT,
    UNIQUE (kind, slot)
);
CREATE UNIQUE INDEX jobs_one_running ON jobs (lane) WHERE state = 'running';
CREATE INDEX jobs_waiting ON jobs (not_before) WHERE state = 'queued';

-- The last moment of a schedule that was seen to, so that none is seen to twice.
CREATE TABLE schedules (
    kind TEXT   PRIMARY KEY,
    slot BIGINT NOT NULL
);
