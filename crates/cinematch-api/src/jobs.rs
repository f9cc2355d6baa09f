//! `/api/jobs`: background jobs, for the operator.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_http::access::Operator;
use cinematch_http::extract::{PathParams, QueryParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::jobs::{self, JobItem, JobList};
use cinematch_store::JobKind;
use serde::Deserialize;

/// Query parameters for `GET /api/jobs`.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct JobsQuery {
    /// Maximum number of jobs, from 1 to 100. Defaults to 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Lists queued, running and finished background jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "operation", params(JobsQuery),
    responses(
        (status = 200, body = JobList),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(service): State<Service>,
    _: Operator,
    QueryParams(params): QueryParams<JobsQuery>,
) -> Result<Json<JobList>, Problem> {
    Ok(Json(jobs::list(&service, params.limit).await?.into()))
}

/// Returns a background job, including its state, progress and result.
#[utoipa::path(get, path = "/api/jobs/{job_id}", tag = "operation",
    params(("job_id" = i64, Path, description = "Job ID", minimum = 1)),
    responses(
        (status = 200, body = JobItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn show(
    State(service): State<Service>,
    _: Operator,
    PathParams(id): PathParams<i64>,
) -> Result<Json<JobItem>, Problem> {
    Ok(Json(jobs::find(&service, id).await?.into()))
}

/// Queues a job that trains a new generation.
///
/// The new generation is promoted if it is no worse than the one being served. If a job of this kind is already
/// queued, returns that job.
#[utoipa::path(post, path = "/api/admin/retrain", tag = "operation",
    responses((status = 202, body = JobItem, description = "The queued job")))]
pub async fn retrain(
    State(service): State<Service>,
    _: Operator,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    enqueue(&service, JobKind::Retrain).await
}

/// Queues a job that adds new movies to the served generation without retraining.
///
/// If a job of this kind is already queued, returns that job.
#[utoipa::path(post, path = "/api/admin/update", tag = "operation",
    responses((status = 202, body = JobItem, description = "The queued job")))]
pub async fn update(
    State(service): State<Service>,
    _: Operator,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    enqueue(&service, JobKind::Update).await
}

/// Queues a job of `kind` and returns it with status 202 (Accepted).
async fn enqueue(service: &Service, kind: JobKind) -> Result<(StatusCode, Json<JobItem>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(jobs::enqueue(service, kind, "api").await?.into())))
}
