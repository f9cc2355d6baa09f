//! The queue of jobs: what ran, runs and waits.

use cinematch_store::{Job, JobKind, rfc3339};
use serde::Serialize;

use crate::error::ServiceError;
use crate::service::Service;

/// A job.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobItem {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// `retrain`, `update`.
    kind: &'static str,
    /// `queued`, `running`, `done`, `failed`.
    state: &'static str,
    /// Who asked: `schedule`, `api`, `cli`, `page`.
    asked_by: String,
    /// When, RFC 3339.
    asked_at: String,
    /// It is not begun before.
    not_before: String,
    /// How often it was begun.
    attempt: i64,
    /// The server's process that runs or ran it.
    worker: Option<String>,
    /// What it is at.
    stage: Option<String>,
    /// How much of the stage is done, 0 to 1.
    share: f64,
    /// When it was begun last.
    started_at: Option<String>,
    /// When that ended.
    ended_at: Option<String>,
    /// What came of it.
    #[schema(value_type = Option<Object>)]
    outcome: Option<serde_json::Value>,
    /// What went wrong last.
    error: Option<String>,
}

impl From<Job> for JobItem {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind.name(),
            state: job.state.name(),
            asked_by: job.asked_by,
            asked_at: rfc3339(job.asked_at),
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

/// The last jobs, newest first, and when those of a schedule are next.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobList {
    jobs: Vec<JobItem>,
    schedules: Vec<ScheduleItem>,
}

/// A schedule.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ScheduleItem {
    /// Of which job.
    kind: &'static str,
    /// As it is set.
    #[schema(example = "weekly")]
    schedule: String,
    /// When the job is next, RFC 3339.
    next: Option<String>,
}

/// Lists the last `limit` jobs, 1 to 100, and the schedules.
pub async fn list(service: &Service, limit: u32) -> Result<JobList, ServiceError> {
    if !(1..=100).contains(&limit) {
        return Err(ServiceError::field("limit", format!("expected 1 to 100, got {limit}")));
    }
    let jobs = service.store().jobs(limit).await?.into_iter().map(JobItem::from).collect();
    let schedules = JobKind::ALL.into_iter().filter_map(|kind| {
        let schedule = service.jobs().schedule(kind)?;
        Some(ScheduleItem {
            kind: kind.name(),
            schedule: schedule.to_string(),
            next: schedule.next(service.now()).map(rfc3339),
        })
    });
    Ok(JobList { jobs, schedules: schedules.collect() })
}

/// Returns one job.
pub async fn find(service: &Service, id: i64) -> Result<JobItem, ServiceError> {
    let job = service.store().job(id).await?;
    let job = job.ok_or_else(|| ServiceError::not_found(format!("There is no job {id}")))?;
    Ok(job.into())
}

/// Queues a job, or returns the one of that kind that already waits.
pub async fn ask(service: &Service, kind: JobKind, asked_by: &str) -> Result<Job, ServiceError> {
    let (job, is_new) = service.store().enqueue_job(kind, asked_by, service.now()).await?;
    if is_new {
        tracing::info!(job = job.id, kind = kind.name(), asked_by, "a job was asked for");
    }
    Ok(job)
}
