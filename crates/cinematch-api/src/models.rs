//! `/api/models`: listing, promoting and rolling back generations.

use axum::Json;
use axum::extract::State;
use cinematch_http::access::Operator;
use cinematch_http::extract::PathParams;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::models::{self, ModelItem, ModelList, PromotedItem};

/// Reason recorded for promotions and rollbacks requested through the API.
const REQUESTED_BY_API: &str = "requested through the API";

/// Lists the generations on disk with their roles.
///
/// `champion` is the served generation, `previous` is the generation that a rollback would restore, `retired` generations were
/// served in the past, and a `candidate` has never been served.
#[utoipa::path(get, path = "/api/models", tag = "operation",
    responses((status = 200, body = ModelList)))]
pub async fn list(State(service): State<Service>, _: Operator) -> Result<Json<ModelList>, Problem> {
    let models = models::list(&service).await?;
    Ok(Json(ModelList::new(service.bundle().generation, models)))
}

/// Returns a generation with its manifest and model card.
#[utoipa::path(get, path = "/api/models/{generation}", tag = "operation",
    params(("generation" = i64, Path, description = "Generation number", minimum = 0)),
    responses(
        (status = 200, body = ModelItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn show(
    State(service): State<Service>,
    _: Operator,
    PathParams(generation): PathParams<u64>,
) -> Result<Json<ModelItem>, Problem> {
    Ok(Json(models::find(&service, generation).await?.into()))
}

/// Verifies the checksums of a generation and promotes it.
#[utoipa::path(post, path = "/api/admin/models/{generation}/promote", tag = "operation",
    params(("generation" = i64, Path, description = "Generation number", minimum = 0)),
    responses(
        (status = 200, body = PromotedItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn promote(
    State(service): State<Service>,
    _: Operator,
    PathParams(generation): PathParams<u64>,
) -> Result<Json<PromotedItem>, Problem> {
    Ok(Json(models::promote(&service, generation, REQUESTED_BY_API).await?.into()))
}

/// Rolls back to the previously served generation.
#[utoipa::path(post, path = "/api/admin/models/rollback", tag = "operation",
    responses(
        (status = 200, body = PromotedItem),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn rollback(
    State(service): State<Service>,
    _: Operator,
) -> Result<Json<PromotedItem>, Problem> {
    Ok(Json(models::roll_back(&service, REQUESTED_BY_API).await?.into()))
}
