//! Queue of background jobs.
//!
//! At most one job runs at a time across all servers that share a database: a unique index allows a single row
//! in the state `running`. The server that runs the job increments the row's `beat`. If the beat stops changing,
//! other servers assume that the worker died. They do not compare clocks, which may jump.

use std::str::FromStr;

use sqlx::error::DatabaseError;

use crate::error::StoreError;
use crate::rows::damaged;
use crate::store::{Store, StoreFuture};

/// Maximum tolerated difference between server clocks, in milliseconds: one day.
const MAX_CLOCK_SKEW: i64 = 86_400_000;

/// Kind of background job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
    /// Train new models and promote the new generation unless it ranks worse.
    Retrain,
    /// Add new movies to the served generation.
    Update,
}

impl JobKind {
    /// All kinds of jobs.
    pub const ALL: [Self; 2] = [Self::Retrain, Self::Update];

    /// Returns the name used on the command line, in the API and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::Update => "update",
        }
    }
}

impl FromStr for JobKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("unknown job `{name}`; expected retrain or update"))
    }
}

/// State of a job in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// The job is waiting for its turn or for its next attempt.
    Queued,
    /// A worker is running the job.
    Running,
    /// The job completed.
    Done,
    /// The last allowed attempt failed.
    Failed,
}

impl JobState {
    /// Returns the name used on the command line, in the API and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        let all = [Self::Queued, Self::Running, Self::Done, Self::Failed];
        let found = all.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| damaged("state", &name))
    }
}

/// A background job. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// ID of the job.
    pub id: i64,
    /// Kind of job.
    pub kind: JobKind,
    /// State of the job in the queue.
    pub state: JobState,
    /// Origin of the job: `schedule`, `api`, `cli` or `page`.
    pub requested_by: String,
    /// Time at which the job was queued.
    pub requested_at: i64,
    /// Earliest time of the next attempt.
    pub not_before: i64,
    /// Number of attempts started so far.
    pub attempt: i64,
    /// Name of the server process that runs or last ran the job; `None` before the first attempt.
    pub worker: Option<String>,
    /// Heartbeat counter, incremented while the worker is alive.
    pub heartbeat: i64,
    /// Name of the current stage; `None` before the first stage.
    pub stage: Option<String>,
    /// Progress of the stage, in thousandths.
    pub permille: i64,
    /// Start time of the last attempt.
    pub started_at: Option<i64>,
    /// End time of the last attempt.
    pub ended_at: Option<i64>,
    /// Result of the job, as JSON.
    pub outcome: Option<String>,
    /// Error message from the last failed attempt.
    pub error: Option<String>,
}

/// A failed attempt at a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Last heartbeat that another server observed before it declared the worker lost; `None` if the server that
    /// runs the job reports the failure.
    pub stalled_heartbeat: Option<i64>,
    /// Error message.
    pub error: &'a str,
    /// Time of the failure.
    pub failed_at: i64,
    /// Time of the next attempt; `None` if there won't be one.
    pub retry_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct JobRow {
    id: i64,
    kind: String,
    state: String,
    asked_by: String,
    asked_at: i64,
    not_before: i64,
    attempt: i64,
    worker: Option<String>,
    beat: i64,
    stage: Option<String>,
    permille: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    outcome: Option<String>,
    error: Option<String>,
}

impl JobRow {
    fn into_job(self) -> Result<Job, StoreError> {
        Ok(Job {
            id: self.id,
            kind: self.kind.parse().map_err(|_| damaged("kind", &self.kind))?,
            state: JobState::from_name(&self.state)?,
            requested_by: self.asked_by,
            requested_at: self.asked_at,
            not_before: self.not_before,
            attempt: self.attempt,
            worker: self.worker,
            heartbeat: self.beat,
            stage: self.stage,
            permille: self.permille,
            started_at: self.started_at,
            ended_at: self.ended_at,
            outcome: self.outcome,
            error: self.error,
        })
    }
}

impl Store {
    /// Enqueues a job and returns it with `true`. If a job of this kind is already queued, returns that job with
    /// `false`.
    pub fn enqueue_job<'a>(
        &'a self,
        kind: JobKind,
        requested_by: &'a str,
        now: i64,
    ) -> StoreFuture<'a, (Job, bool)> {
        Box::pin(async move {
            let requested_by = requested_by.to_owned();
            let store = self.clone();
            self.write("", async move {
                let mut transaction = store.begin().await?;
                let queued: Option<JobRow> = sqlx::query_as(
                    "SELECT * FROM jobs WHERE kind = $1 AND state = 'queued' ORDER BY id",
                )
                .bind(kind.name())
                .fetch_optional(&mut *transaction)
                .await?;
                if let Some(queued) = queued {
                    // An explicit request cancels the delay after a failed attempt.
                    sqlx::query(
                        "UPDATE jobs SET not_before = $1 WHERE id = $2 AND not_before > $1",
                    )
                    .bind(now)
                    .bind(queued.id)
                    .execute(&mut *transaction)
                    .await?;
                    transaction.commit().await?;
                    return Ok((queued.into_job()?, false));
                }
                let row: JobRow = sqlx::query_as(
                    "INSERT INTO jobs (kind, state, asked_by, asked_at, not_before)
                     VALUES ($1, 'queued', $2, $3, $3) RETURNING *",
                )
                .bind(kind.name())
                .bind(requested_by)
                .bind(now)
                .fetch_one(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok((row.into_job()?, true))
            })
            .await
        })
    }

    /// Enqueues the job for a schedule's latest slot, unless a server has already handled that slot. Returns
    /// true if a job was added. A new schedule starts with its next slot.
    pub fn enqueue_scheduled_job(
        &self,
        kind: JobKind,
        slot: i64,
        now: i64,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let store = self.clone();
            self.write("", async move {
                let mut transaction = store.begin().await?;
                let inserted = sqlx::query(
                    "INSERT INTO schedules (kind, slot) VALUES ($1, $2)
                     ON CONFLICT (kind) DO NOTHING",
                )
                .bind(kind.name())
                .bind(slot)
                .execute(&mut *transaction)
                .await?;
                if inserted.rows_affected() == 1 {
                    transaction.commit().await?;
                    return Ok(false);
                }
                // A slot further ahead than the clock skew was written while a clock was wrong: restart the
                // schedule.
                let reset =
                    sqlx::query("UPDATE schedules SET slot = $2 WHERE kind = $1 AND slot > $3")
                        .bind(kind.name())
                        .bind(slot)
                        .bind(now.saturating_add(MAX_CLOCK_SKEW))
                        .execute(&mut *transaction)
                        .await?;
                if reset.rows_affected() == 1 {
                    transaction.commit().await?;
                    return Ok(false);
                }
                let advanced =
                    sqlx::query("UPDATE schedules SET slot = $2 WHERE kind = $1 AND slot < $2")
                        .bind(kind.name())
                        .bind(slot)
                        .execute(&mut *transaction)
                        .await?;
                if advanced.rows_affected() == 0 {
                    return Ok(false);
                }
                let added = sqlx::query(
                    "INSERT INTO jobs (kind, state, slot, asked_by, asked_at, not_before)
                     SELECT $1, 'queued', $2, 'schedule', $3, $3
                     WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE kind = $1 AND state = 'queued')
                     ON CONFLICT (kind, slot) DO NOTHING",
                )
                .bind(kind.name())
                .bind(slot)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(added.rows_affected() == 1)
            })
            .await
        })
    }

    /// Claims the next job that is due, unless a job is running on any server. A job whose recorded times are in
    /// the future counts as due, since the clock was set back after they were written.
    pub fn claim_job<'a>(&'a self, worker: &'a str, now: i64) -> StoreFuture<'a, Option<Job>> {
        Box::pin(async move {
            let (store, worker) = (self.clone(), worker.to_owned());
            self.write("", async move {
                let claimed: Result<Option<JobRow>, sqlx::Error> = sqlx::query_as(
                    "UPDATE jobs
                     SET state = 'running', worker = $1, started_at = $2, ended_at = NULL,
                         attempt = attempt + 1, beat = beat + 1, stage = NULL, permille = 0
                     WHERE state = 'queued' AND id =
                         (SELECT id FROM jobs WHERE state = 'queued'
                          AND (not_before <= $2 OR asked_at > $2 OR ended_at > $2)
                          ORDER BY not_before, id LIMIT 1)
                       AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'running')
                     RETURNING *",
                )
                .bind(worker)
                .bind(now)
                .fetch_optional(store.pool())
                .await;
                match claimed {
                    Ok(row) => row.map(JobRow::into_job).transpose(),
                    // Another server claimed a job at the same time.
                    Err(error)
                        if error
                            .as_database_error()
                            .is_some_and(DatabaseError::is_unique_violation) =>
                    {
                        Ok(None)
                    }
                    Err(error) => Err(error.into()),
                }
            })
            .await
        })
    }

    /// Records a heartbeat and the progress of a job. Returns false if the worker no longer owns the job.
    pub fn heartbeat_job<'a>(
        &'a self,
        id: i64,
        worker: &'a str,
        stage: Option<&'a str>,
        permille: i64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, worker) = (self.clone(), worker.to_owned());
            let stage = stage.map(str::to_owned);
            self.write("", async move {
                let updated = sqlx::query(
                    "UPDATE jobs SET beat = beat + 1, stage = $3, permille = $4
                     WHERE id = $1 AND worker = $2 AND state = 'running'",
                )
                .bind(id)
                .bind(worker)
                .bind(stage)
                .bind(permille)
                .execute(store.pool())
                .await?;
                Ok(updated.rows_affected() == 1)
            })
            .await
        })
    }

    /// Marks a job as done. Returns false if the worker no longer owns the job.
    pub fn complete_job<'a>(
        &'a self,
        id: i64,
        worker: &'a str,
        outcome: &'a str,
        now: i64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (store, worker, outcome) = (self.clone(), worker.to_owned(), outcome.to_owned());
            self.write("", async move {
                let updated = sqlx::query(
                    "UPDATE jobs SET state = 'done', outcome = $3, ended_at = $4, error = NULL,
                            stage = NULL, permille = 1000
                     WHERE id = $1 AND worker = $2 AND state = 'running'",
                )
                .bind(id)
                .bind(worker)
                .bind(outcome)
                .bind(now)
                .execute(store.pool())
                .await?;
                Ok(updated.rows_affected() == 1)
            })
            .await
        })
    }

    /// Records a failed attempt. Returns false if the job's worker or heartbeat has changed since.
    pub fn fail_job<'a>(&'a self, job: &'a Job, failure: Failure<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let store = self.clone();
            let (id, worker) = (job.id, job.worker.clone());
            let (error, failed_at, retry_at) =
                (failure.error.to_owned(), failure.failed_at, failure.retry_at);
            let heartbeats =
                failure.stalled_heartbeat.map_or((0, i64::MAX), |heartbeat| (heartbeat, heartbeat));
            self.write("", async move {
                let state = if retry_at.is_some() { JobState::Queued } else { JobState::Failed };
                let updated = sqlx::query(
                    "UPDATE jobs SET state = $3, error = $4, ended_at = $5, not_before = $6
                     WHERE id = $1 AND worker = $2 AND state = 'running' AND beat BETWEEN $7 AND $8",
                )
                .bind(id)
                .bind(worker)
                .bind(state.name())
                .bind(error)
                .bind(failed_at)
                .bind(retry_at.unwrap_or(failed_at))
                .bind(heartbeats.0)
                .bind(heartbeats.1)
                .execute(store.pool())
                .await?;
                Ok(updated.rows_affected() == 1)
            })
            .await
        })
    }

    /// Returns the job that is currently running on any server, if there is one.
    pub fn running_job(&self) -> StoreFuture<'_, Option<Job>> {
        Box::pin(async move {
            let row: Option<JobRow> = sqlx::query_as("SELECT * FROM jobs WHERE state = 'running'")
                .fetch_optional(self.pool())
                .await?;
            row.map(JobRow::into_job).transpose()
        })
    }

    /// Returns the job with the given ID.
    pub fn job(&self, id: i64) -> StoreFuture<'_, Option<Job>> {
        Box::pin(async move {
            let row: Option<JobRow> = sqlx::query_as("SELECT * FROM jobs WHERE id = $1")
                .bind(id)
                .fetch_optional(self.pool())
                .await?;
            row.map(JobRow::into_job).transpose()
        })
    }

    /// Returns the latest `limit` jobs, newest first.
    pub fn jobs(&self, limit: u32) -> StoreFuture<'_, Vec<Job>> {
        Box::pin(async move {
            let rows: Vec<JobRow> = sqlx::query_as("SELECT * FROM jobs ORDER BY id DESC LIMIT $1")
                .bind(i64::from(limit))
                .fetch_all(self.pool())
                .await?;
            rows.into_iter().map(JobRow::into_job).collect()
        })
    }

    /// Returns the number of queued jobs.
    pub fn n_queued_jobs(&self) -> StoreFuture<'_, i64> {
        Box::pin(async move {
            let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM jobs WHERE state = 'queued'")
                .fetch_one(self.pool())
                .await?;
            Ok(n)
        })
    }

    /// Checks that the database responds.
    pub fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            sqlx::query("SELECT 1").execute(self.pool()).await?;
            Ok(())
        })
    }
}
