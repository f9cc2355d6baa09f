//! Work done in the background: asked for, taken by one process, followed, ended.
//!
//! Of all servers on one database one runs a job at a time: an index allows no second row that is
//! `running`. Whoever runs it lets its `beat` grow; a beat that stands still tells the others that the
//! process is gone. Nobody compares clocks for that: they may jump.

use std::str::FromStr;

use sqlx::error::DatabaseError;

use crate::rows::damaged;
use crate::{Store, StoreError};

/// By how many milliseconds clocks of servers may differ: a day.
const CLOCKS_DIFFER: i64 = 86_400_000;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
    /// A new model, promoted if it is not worse.
    Retrain,
    /// New films into the model in service.
    Update,
}

impl JobKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Retrain, Self::Update];

    /// As people write it.
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
        found.ok_or_else(|| format!("there is no job `{name}`; there are retrain and update"))
    }
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits for its turn, or for another attempt.
    Queued,
    /// A process is at it.
    Running,
    /// It came to its end.
    Done,
    /// It was tried as often as it may be.
    Failed,
}

impl JobState {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn of(name: &str) -> Result<Self, StoreError> {
        let all = [Self::Queued, Self::Running, Self::Done, Self::Failed];
        let found = all.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| damaged("state", &name))
    }
}

/// A job. Times in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// What is done.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// Who asked: `schedule`, or whoever did.
    pub asked_by: String,
    /// When.
    pub asked_at: i64,
    /// It is not begun before.
    pub not_before: i64,
    /// How often it was begun.
    pub attempt: i64,
    /// The process that runs or ran it.
    pub worker: Option<String>,
    /// Grows as long as that process lives.
    pub beat: i64,
    /// What it is at.
    pub stage: Option<String>,
    /// How much of the stage is done, in thousandths.
    pub permille: i64,
    /// When it was begun last.
    pub started_at: Option<i64>,
    /// When it came to an end.
    pub ended_at: Option<i64>,
    /// What came of it: JSON.
    pub outcome: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
}

/// How a job's attempt went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// For who finds that a job's process is gone: the beat that stood still. The process itself does
    /// not ask for one.
    pub stood_still_at: Option<i64>,
    /// Why.
    pub error: &'a str,
    /// When.
    pub at: i64,
    /// When it is tried again; `None`: not at all.
    pub again: Option<i64>,
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
    fn job(self) -> Result<Job, StoreError> {
        Ok(Job {
            id: self.id,
            kind: self.kind.parse().map_err(|_| damaged("kind", &self.kind))?,
            state: JobState::of(&self.state)?,
            asked_by: self.asked_by,
            asked_at: self.asked_at,
            not_before: self.not_before,
            attempt: self.attempt,
            worker: self.worker,
            beat: self.beat,
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
    /// Asks for a job. One that waits already is enough: its number is given, and `false`.
    pub async fn ask_for_job(
        &self,
        kind: JobKind,
        asked_by: &str,
        now: i64,
    ) -> Result<(Job, bool), StoreError> {
        let asked_by = asked_by.to_owned();
        let store = self.clone();
        self.change("", async move {
            let mut transaction = store.begin().await?;
            let waiting: Option<JobRow> = sqlx::query_as(
                "SELECT * FROM jobs WHERE kind = $1 AND state = 'queued' ORDER BY id",
            )
            .bind(kind.name())
            .fetch_optional(&mut *transaction)
            .await?;
            if let Some(waiting) = waiting {
                // Who asks now does not want to wait until a failed attempt is repeated.
                sqlx::query("UPDATE jobs SET not_before = $1 WHERE id = $2 AND not_before > $1")
                    .bind(now)
                    .bind(waiting.id)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                return Ok((waiting.job()?, false));
            }
            let row: JobRow = sqlx::query_as(
                "INSERT INTO jobs (kind, state, asked_by, asked_at, not_before)
                 VALUES ($1, 'queued', $2, $3, $3) RETURNING *",
            )
            .bind(kind.name())
            .bind(asked_by)
            .bind(now)
            .fetch_one(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok((row.job()?, true))
        })
        .await
    }

    /// Asks for the job of a schedule's last moment, `slot`, unless that was seen to already, by whichever
    /// server. A schedule never seen before begins with its next moment.
    pub async fn ask_for_scheduled(
        &self,
        kind: JobKind,
        slot: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let store = self.clone();
        self.change("", async move {
            let mut transaction = store.begin().await?;
            let begun = sqlx::query(
                "INSERT INTO schedules (kind, slot) VALUES ($1, $2) ON CONFLICT (kind) DO NOTHING",
            )
            .bind(kind.name())
            .bind(slot)
            .execute(&mut *transaction)
            .await?;
            if begun.rows_affected() == 1 {
                transaction.commit().await?;
                return Ok(false);
            }
            // A moment further ahead than servers' clocks differ is of a clock that was wrong: the schedule
            // begins anew.
            let anew = sqlx::query("UPDATE schedules SET slot = $2 WHERE kind = $1 AND slot > $3")
                .bind(kind.name())
                .bind(slot)
                .bind(now.saturating_add(CLOCKS_DIFFER))
                .execute(&mut *transaction)
                .await?;
            if anew.rows_affected() == 1 {
                transaction.commit().await?;
                return Ok(false);
            }
            let moved = sqlx::query("UPDATE schedules SET slot = $2 WHERE kind = $1 AND slot < $2")
                .bind(kind.name())
                .bind(slot)
                .execute(&mut *transaction)
                .await?;
            if moved.rows_affected() == 0 {
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
    }

    /// Takes the next job that is due, if none is running anywhere. One from the future is due too: the clock
    /// was set back since.
    pub async fn begin_job(&self, worker: &str, now: i64) -> Result<Option<Job>, StoreError> {
        let (store, worker) = (self.clone(), worker.to_owned());
        self.change("", async move {
            let taken: Result<Option<JobRow>, sqlx::Error> = sqlx::query_as(
                "UPDATE jobs SET state = 'running', worker = $1, started_at = $2, ended_at = NULL,
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
            match taken {
                Ok(row) => row.map(JobRow::job).transpose(),
                // Another server was faster.
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
    }

    /// Says that a job goes on, and how far it is. `false`: it is no longer this worker's.
    pub async fn beat_job(
        &self,
        id: i64,
        worker: &str,
        stage: Option<&str>,
        permille: i64,
    ) -> Result<bool, StoreError> {
        let (store, worker) = (self.clone(), worker.to_owned());
        let stage = stage.map(str::to_owned);
        self.change("", async move {
            let done = sqlx::query(
                "UPDATE jobs SET beat = beat + 1, stage = $3, permille = $4
                 WHERE id = $1 AND worker = $2 AND state = 'running'",
            )
            .bind(id)
            .bind(worker)
            .bind(stage)
            .bind(permille)
            .execute(store.pool())
            .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    /// Ends a job well. `false`: it is no longer this worker's.
    pub async fn end_job(
        &self,
        id: i64,
        worker: &str,
        outcome: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let (store, worker, outcome) = (self.clone(), worker.to_owned(), outcome.to_owned());
        self.change("", async move {
            let done = sqlx::query(
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
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    /// Ends an attempt that went wrong. `false`: the job is no longer this worker's, or has another beat.
    pub async fn fail_job(&self, job: &Job, failure: Failure<'_>) -> Result<bool, StoreError> {
        let store = self.clone();
        let (id, worker) = (job.id, job.worker.clone());
        let (error, at, again) = (failure.error.to_owned(), failure.at, failure.again);
        let beats = failure.stood_still_at.map_or((0, i64::MAX), |beat| (beat, beat));
        self.change("", async move {
            let state = if again.is_some() { JobState::Queued } else { JobState::Failed };
            let done = sqlx::query(
                "UPDATE jobs SET state = $3, error = $4, ended_at = $5, not_before = $6
                 WHERE id = $1 AND worker = $2 AND state = 'running' AND beat BETWEEN $7 AND $8",
            )
            .bind(id)
            .bind(worker)
            .bind(state.name())
            .bind(error)
            .bind(at)
            .bind(again.unwrap_or(at))
            .bind(beats.0)
            .bind(beats.1)
            .execute(store.pool())
            .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    /// The job that runs, wherever.
    pub async fn running_job(&self) -> Result<Option<Job>, StoreError> {
        let row: Option<JobRow> = sqlx::query_as("SELECT * FROM jobs WHERE state = 'running'")
            .fetch_optional(self.pool())
            .await?;
        row.map(JobRow::job).transpose()
    }

    /// The job of a number.
    pub async fn job(&self, id: i64) -> Result<Option<Job>, StoreError> {
        let row: Option<JobRow> = sqlx::query_as("SELECT * FROM jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
        row.map(JobRow::job).transpose()
    }

    /// The last jobs, newest first.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let rows: Vec<JobRow> = sqlx::query_as("SELECT * FROM jobs ORDER BY id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(JobRow::job).collect()
    }

    /// How many wait.
    pub async fn n_queued_jobs(&self) -> Result<i64, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM jobs WHERE state = 'queued'")
            .fetch_one(self.pool())
            .await?;
        Ok(n)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(self.pool()).await?;
        Ok(())
    }
}
