//! The job queue: queued, running and past jobs.

use cinematch_store::{Job, JobKind, JobState, rfc3339};
use serde::Serialize;

use crate::error::{ServiceError, ServiceFuture};
use crate::service::Service;

/// Default and maximum number of listed jobs.
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;

/// A background job, as returned by `/api/jobs`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobItem {
    /// Job ID.
    #[schema(minimum = 1)]
    id: i64,
    /// Kind of job: `retrain` or `update`.
    kind: &'static str,
    /// State of the job: `queued`, `running`, `done` or `failed`.
    state: &'static str,
    /// Origin of the job: `schedule`, `api`, `cli` or `page`.
    #[serde(rename = "asked_by")]
    requested_by: String,
    /// Time at which the job was queued, in RFC 3339 format (UTC).
    #[serde(rename = "asked_at")]
    requested_at: String,
    /// Earliest time of the next attempt, in RFC 3339 format (UTC).
    not_before: String,
    /// Number of attempts so far.
    attempt: i64,
    /// Name of the server process that runs or last ran the job.
    worker: Option<String>,
    /// Name of the current stage; `null` before the first stage.
    stage: Option<String>,
    /// Progress within the stage, from 0 to 1.
    share: f64,
    /// Start time of the last attempt, in RFC 3339 format (UTC).
    started_at: Option<String>,
    /// End time of the last attempt, in RFC 3339 format (UTC).
    ended_at: Option<String>,
    /// Result reported by the worker; `null` until the job is done.
    #[schema(value_type = Option<Object>)]
    outcome: Option<serde_json::Value>,
    /// Error from the last failed attempt.
    error: Option<String>,
}

impl From<Job> for JobItem {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind.name(),
            state: job.state.name(),
            requested_by: job.requested_by,
            requested_at: rfc3339(job.requested_at),
            not_before: rfc3339(job.not_before),
            attempt: job.attempt,
            worker: job.worker,
            stage: job.stage,
            share: job.permille as f64 / 1000.0,
            started_at: job.started_at.map(rfc3339),
            ended_at: job.ended_at.map(rfc3339),
            outcome: job.outcome.and_then(|text| serde_json::from_str(&text).ok()),
            error: job.error,
        }
    }
}

/// The most recent jobs, newest first, and the schedules, as returned by `GET /api/jobs`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobList {
    jobs: Vec<JobItem>,
    schedules: Vec<ScheduleItem>,
}

/// The schedule for a kind of job.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ScheduleItem {
    /// Kind of job: `retrain` or `update`.
    kind: &'static str,
    /// The configured schedule: a name or a cron expression.
    #[schema(example = "weekly")]
    schedule: String,
    /// Next due time, in RFC 3339 format (UTC).
    next: Option<String>,
}

/// The most recent jobs, newest first, and the schedules.
#[derive(Clone, Debug)]
pub struct JobOverview {
    /// Jobs, newest first.
    pub jobs: Vec<Job>,
    /// Schedules, in the order of [`JobKind::ALL`].
    pub schedules: Vec<ScheduledKind>,
}

/// A kind of job with its schedule.
#[derive(Clone, Debug)]
pub struct ScheduledKind {
    /// Kind of job.
    pub kind: JobKind,
    /// The configured schedule: a name or a cron expression.
    pub schedule: String,
    /// Next due time, in milliseconds since 1970.
    pub next: Option<i64>,
}

impl From<JobOverview> for JobList {
    fn from(overview: JobOverview) -> Self {
        let schedule = |scheduled: ScheduledKind| ScheduleItem {
            kind: scheduled.kind.name(),
            schedule: scheduled.schedule,
            next: scheduled.next.map(rfc3339),
        };
        Self {
            jobs: overview.jobs.into_iter().map(JobItem::from).collect(),
            schedules: overview.schedules.into_iter().map(schedule).collect(),
        }
    }
}

/// Returns the schedules and the most recent jobs: `limit` jobs, from 1 to 100, or 20 by default.
pub fn list(service: &Service, limit: Option<u32>) -> ServiceFuture<'_, JobOverview> {
    Box::pin(async move {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = format!("expected 1 to {MAX_LIMIT}, got {limit}");
            return Err(ServiceError::field("limit", message));
        }
        let jobs = service.store().jobs(limit).await?;
        let schedules = JobKind::ALL.into_iter().filter_map(|kind| {
            let schedule = service.jobs().schedule(kind)?;
            let next = schedule.next(service.now());
            Some(ScheduledKind { kind, schedule: schedule.to_string(), next })
        });
        Ok(JobOverview { jobs, schedules: schedules.collect() })
    })
}

/// Returns true if a job is running or ready to start at the time `now`. A failed job that waits for its retry is
/// not active.
pub fn is_active(job: &Job, now: i64) -> bool {
    job.state == JobState::Running || (job.state == JobState::Queued && job.not_before <= now)
}

/// Returns the job with the given ID.
pub fn find(service: &Service, id: i64) -> ServiceFuture<'_, Job> {
    Box::pin(async move {
        let job = service.store().job(id).await?;
        job.ok_or_else(|| ServiceError::not_found(format!("Job {id} does not exist")))
    })
}

/// Queues a job of the given kind, or returns the one that is already queued.
pub fn enqueue<'a>(
    service: &'a Service,
    kind: JobKind,
    requested_by: &'a str,
) -> ServiceFuture<'a, Job> {
    Box::pin(async move {
        let (job, is_new) = service.store().enqueue_job(kind, requested_by, service.now()).await?;
        if is_new {
            tracing::info!(
                job = job.id,
                kind = kind.name(),
                asked_by = requested_by,
                "queued a job"
            );
        }
        Ok(job)
    })
}
