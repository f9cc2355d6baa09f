//! `/api/feedback`: reactions to movies, ratings, and what was watched.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_http::access::Me;
use cinematch_http::extract::{Body, PathOf};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::feedback::{self, FeedbackDone, FeedbackList, NewFeedback, ResetDone};
use cinematch_store::Reaction;

/// Says something of a film. It counts at the next request for recommendations.
#[utoipa::path(post, path = "/api/feedback", tag = "people", request_body = NewFeedback,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = FeedbackDone),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn say(
    State(service): State<Service>,
    Me(profile): Me,
    Body(new): Body<NewFeedback>,
) -> Result<Json<FeedbackDone>, Problem> {
    Ok(Json(feedback::say(&service, &profile, new).await?))
}

/// Returns all feedback of the profile, the latest first.
#[utoipa::path(get, path = "/api/feedback", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = FeedbackList),
    ))]
pub async fn list(
    State(service): State<Service>,
    Me(profile): Me,
) -> Result<Json<FeedbackList>, Problem> {
    Ok(Json(feedback::list(&service, &profile).await?))
}

/// Takes back all that was said of a film.
#[utoipa::path(delete, path = "/api/feedback/{movie_id}", tag = "people",
    params(("movie_id" = i64, Path, minimum = 0, maximum = 4_294_967_295_u32, example = 6)),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 204, description = "Taken back"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn unsay(
    State(service): State<Service>,
    Me(profile): Me,
    PathOf(movie_id): PathOf<u32>,
) -> Result<StatusCode, Problem> {
    feedback::unsay(&service, &profile, movie_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The films that the profile likes, the last first.
#[utoipa::path(get, path = "/api/feedback/my-likes", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Vec<u32>),
    ))]
pub async fn likes(
    State(service): State<Service>,
    Me(profile): Me,
) -> Result<Json<Vec<u32>>, Problem> {
    let likes = |reaction| reaction == Reaction::Like;
    Ok(Json(feedback::movies_with(&service, &profile, likes).await?))
}

/// The films that the profile dislikes or is not interested in, the last first.
#[utoipa::path(get, path = "/api/feedback/my-dislikes", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Vec<u32>),
    ))]
pub async fn dislikes(
    State(service): State<Service>,
    Me(profile): Me,
) -> Result<Json<Vec<u32>>, Problem> {
    let dislikes = |reaction| reaction != Reaction::Like;
    Ok(Json(feedback::movies_with(&service, &profile, dislikes).await?))
}

/// Forgets all likes, dislikes and stars of the profile; which films it saw stays known.
#[utoipa::path(post, path = "/api/feedback/reset", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = ResetDone),
    ))]
pub async fn reset(
    State(service): State<Service>,
    Me(profile): Me,
) -> Result<Json<ResetDone>, Problem> {
    Ok(Json(feedback::reset(&service, &profile).await?))
}
