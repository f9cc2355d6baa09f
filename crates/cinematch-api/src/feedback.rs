//! `/api/feedback`: reactions, ratings and watched movies.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_http::access::CurrentProfile;
use cinematch_http::extract::{JsonBody, PathParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::feedback::{self, FeedbackList, FeedbackReply, NewFeedback, ResetReply};
use cinematch_store::Reaction;

/// Records a reaction, a rating or a watched mark for a movie.
///
/// The feedback takes effect with the next request for recommendations.
#[utoipa::path(post, path = "/api/feedback", tag = "profile", request_body = NewFeedback,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = FeedbackReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn record(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    JsonBody(new): JsonBody<NewFeedback>,
) -> Result<Json<FeedbackReply>, Problem> {
    Ok(Json(feedback::record(&service, &profile, new).await?))
}

/// Lists all feedback in the caller's profile, newest first.
#[utoipa::path(get, path = "/api/feedback", tag = "profile",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = FeedbackList),
    ))]
pub async fn list(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
) -> Result<Json<FeedbackList>, Problem> {
    Ok(Json(feedback::list(&service, &profile).await?))
}

/// Deletes all feedback on a movie from the caller's profile.
#[utoipa::path(delete, path = "/api/feedback/{movie_id}", tag = "profile",
    params(("movie_id" = i64, Path, minimum = 0, maximum = 4_294_967_295_u32, example = 6)),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn delete(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    PathParams(movie_id): PathParams<u32>,
) -> Result<StatusCode, Problem> {
    feedback::delete(&service, &profile, movie_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the IDs of liked movies in the caller's profile, newest first.
#[utoipa::path(get, path = "/api/feedback/my-likes", tag = "profile",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Vec<u32>),
    ))]
pub async fn likes(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
) -> Result<Json<Vec<u32>>, Problem> {
    let likes = |reaction| reaction == Reaction::Like;
    Ok(Json(feedback::movies_with(&service, &profile, likes).await?))
}

/// Lists the IDs of disliked and dismissed movies in the caller's profile, newest first.
#[utoipa::path(get, path = "/api/feedback/my-dislikes", tag = "profile",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Vec<u32>),
    ))]
pub async fn dislikes(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
) -> Result<Json<Vec<u32>>, Problem> {
    let dislikes = |reaction| reaction != Reaction::Like;
    Ok(Json(feedback::movies_with(&service, &profile, dislikes).await?))
}

/// Deletes all reactions and ratings from the caller's profile.
///
/// Watched marks are kept.
#[utoipa::path(post, path = "/api/feedback/reset", tag = "profile",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = ResetReply),
    ))]
pub async fn reset(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
) -> Result<Json<ResetReply>, Problem> {
    Ok(Json(feedback::reset(&service, &profile).await?))
}
