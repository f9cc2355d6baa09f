//! `/api/models`: the generations on disk, and which of them is served.

use axum::Json;
use axum::extract::State;
use cinematch_http::access::Operator;
use cinematch_http::extract::PathOf;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::models::{self, ModelItem, ModelList, PromotedItem};

/// The recorded reason of promotions over the API.
const WHY: &str = "asked for over the API";

/// The generations there are, with what they are for: `champion` is served, a rollback goes to `previous`,
/// `retired` ones served once, a `candidate` never did.
#[utoipa::path(get, path = "/api/models", tag = "operation",
    responses((status = 200, body = ModelList)))]
pub async fn list(State(service): State<Service>, _: Operator) -> Result<Json<ModelList>, Problem> {
    Ok(Json(models::list(&service).await?))
}

/// One generation.
#[utoipa::path(get, path = "/api/models/{generation}", tag = "operation",
    params(("generation" = i64, Path, description = "Its number", minimum = 0)),
    responses(
        (status = 200, body = ModelItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn show(
    State(service): State<Service>,
    _: Operator,
    PathOf(generation): PathOf<u64>,
) -> Result<Json<ModelItem>, Problem> {
    Ok(Json(models::find(&service, generation).await?))
}

/// Serves a generation that is there, after its checksums were verified.
#[utoipa::path(post, path = "/api/admin/models/{generation}/promote", tag = "operation",
    params(("generation" = i64, Path, description = "Its number", minimum = 0)),
    responses(
        (status = 200, body = PromotedItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn promote(
    State(service): State<Service>,
    _: Operator,
    PathOf(generation): PathOf<u64>,
) -> Result<Json<PromotedItem>, Problem> {
    Ok(Json(models::promote(&service, generation, WHY).await?.into()))
}

/// Serves again what served before.
#[utoipa::path(post, path = "/api/admin/models/rollback", tag = "operation",
    responses(
        (status = 200, body = PromotedItem),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn rollback(
    State(service): State<Service>,
    _: Operator,
) -> Result<Json<PromotedItem>, Problem> {
    Ok(Json(models::roll_back(&service, WHY).await?.into()))
}
