//! `/api/recommendations`: `POST` recommends for the history in the request, `GET` for the caller's profile.

use axum::extract::{RawQuery, State};
use cinematch_http::access::{Caller, Me};
use cinematch_http::cached::Cached;
use cinematch_http::extract::{Body, QueryOf};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::listing::RecommendationReply;
use cinematch_service::personal::{self, PersonalQuery};
use cinematch_service::recommend::{self, ListOwner, RecommendationRequest};

/// Recommends movies for the history, preferences and filters in the request.
///
/// The data of the user named by `user_id` serves only to exclude movies that the user already knows.
#[utoipa::path(post, path = "/api/recommendations", tag = "recommendations",
    request_body = RecommendationRequest,
    responses(
        (status = 200, body = RecommendationReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend(
    State(service): State<Service>,
    caller: Caller,
    Body(request): Body<RecommendationRequest>,
) -> Result<Cached, Problem> {
    let owner = request.owner()?;
    let allowed = caller.may_act_for(&owner.user_id);
    // Callers restricted to their own profile can't read the default user's data: it is ignored for them,
    // whereas naming another user is an error.
    let is_allowed = if owner.is_named { allowed.map(|()| true)? } else { allowed.is_ok() };
    Ok(Cached(recommend::recommend(&service, ListOwner { is_allowed, ..owner }, request).await?))
}

/// Recommends movies for the caller's profile.
///
/// Uses the profile's current ratings, reactions and preferences.
#[utoipa::path(get, path = "/api/recommendations", tag = "recommendations", params(PersonalQuery),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = RecommendationReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend_mine(
    State(service): State<Service>,
    Me(profile): Me,
    RawQuery(words): RawQuery,
    QueryOf(asked): QueryOf<PersonalQuery>,
) -> Result<Cached, Problem> {
    Ok(Cached(personal::recommend(&service, &profile, words.as_deref(), asked).await?))
}
