//! `/api/jobs`: background jobs, for the operator.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_http::access::Operator;
use cinematch_http::extract::{PathOf, QueryOf};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::jobs::{self, JobItem, JobList};
use cinematch_store::JobKind;
use serde::Deserialize;

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
    State(service): State<Service>,
    _: Operator,
    QueryOf(asked): QueryOf<JobsQuery>,
) -> Result<Json<JobList>, Problem> {
    Ok(Json(jobs::list(&service, asked.limit.unwrap_or(20)).await?))
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
    State(service): State<Service>,
    _: Operator,
    PathOf(id): PathOf<i64>,
) -> Result<Json<JobItem>, Problem> {
    Ok(Json(jobs::find(&service, id).await?))
}

/// Trains a model anew in the background, which is put into service if it is not worse. A job that waits
/// already is enough.
#[utoipa::path(post, path = "/api/admin/retrain", tag = "operation",
    responses((status = 202, body = JobItem, description = "The job that waits for its turn")))]
pub async fn retrain(
    State(service): State<Service>,
    _: Operator,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    over_the_api(&service, JobKind::Retrain).await
}

/// Brings new films into service in the background, without training.
#[utoipa::path(post, path = "/api/admin/update", tag = "operation",
    responses((status = 202, body = JobItem, description = "The job that waits for its turn")))]
pub async fn update(
    State(service): State<Service>,
    _: Operator,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    over_the_api(&service, JobKind::Update).await
}

async fn over_the_api(
    service: &Service,
    kind: JobKind,
) -> Result<(StatusCode, Json<JobItem>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(jobs::ask(service, kind, "api").await?.into())))
}
