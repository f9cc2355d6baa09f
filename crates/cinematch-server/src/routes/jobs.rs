//! `/api/jobs`: what runs in the background, for who operates the server.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_store::{Job, JobKind, rfc3339};
use serde::{Deserialize, Serialize};

use super::now;
use crate::access::Operator;
use crate::extract::{PathOf, QueryOf};
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

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

/// How many jobs.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct JobsQuery {
    /// How many, 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What ran, runs and waits in the background.
#[utoipa::path(get, path = "/api/jobs", tag = "operation", params(JobsQuery),
    responses(
        (status = 200, body = JobList),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    QueryOf(asked): QueryOf<JobsQuery>,
) -> Result<Json<JobList>, Problem> {
    let limit = asked.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::field("limit", format!("expected 1 to 100, got {limit}")));
    }
    let jobs = state.store().jobs(limit).await?.into_iter().map(JobItem::from).collect();
    let schedules = JobKind::ALL.into_iter().filter_map(|kind| {
        let schedule = state.config().jobs.schedule(kind)?;
        Some(ScheduleItem {
            kind: kind.name(),
            schedule: schedule.to_string(),
            next: schedule.next(now()).map(rfc3339),
        })
    });
    Ok(Json(JobList { jobs, schedules: schedules.collect() }))
}

/// One job.
#[utoipa::path(get, path = "/api/jobs/{job_id}", tag = "operation",
    params(("job_id" = i64, Path, description = "Its number", minimum = 1)),
    responses(
        (status = 200, body = JobItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    PathOf(id): PathOf<i64>,
) -> Result<Json<JobItem>, Problem> {
    let job = state.store().job(id).await?;
    let job = job.ok_or_else(|| Problem::not_found(format!("There is no job {id}")))?;
    Ok(Json(job.into()))
}

/// Trains a model anew in the background, which is put into service if it is not worse. A job that waits
/// already is enough.
#[utoipa::path(post, path = "/api/admin/retrain", tag = "operation",
    responses((status = 202, body = JobItem, description = "The job that waits for its turn")))]
pub async fn retrain(
    State(state): State<AppState>,
    _: Operator,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    over_the_api(&state, JobKind::Retrain).await
}

/// Brings new films into service in the background, without training.
#[utoipa::path(post, path = "/api/admin/update", tag = "operation",
    responses((status = 202, body = JobItem, description = "The job that waits for its turn")))]
pub async fn update(
    State(state): State<AppState>,
    _: Operator,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    over_the_api(&state, JobKind::Update).await
}

async fn over_the_api(
    state: &AppState,
    kind: JobKind,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(ask(state, kind, "api").await?.into())))
}

/// Asks for a job, or finds the one that waits already.
pub async fn ask(state: &AppState, kind: JobKind, asked_by: &str) -> Result<Job, Problem> {
    let (job, is_new) = state.store().enqueue_job(kind, asked_by, now()).await?;
    if is_new {
        tracing::info!(job = job.id, kind = kind.name(), asked_by, "a job was asked for");
    }
    Ok(job)
}
