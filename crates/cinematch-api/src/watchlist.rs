//! The watchlist, by `{user_id}` and of the caller's profile.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_http::access::{Caller, Me};
use cinematch_http::extract::{Body, PathOf, QueryOf};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::names::{UserName, check_user};
use cinematch_service::watchlist::{self, Done, NewEntry, Removed, Watchlist};
use cinematch_store::{Added, Owner};
use serde::Deserialize;

/// Somebody's watchlist, newest first.
#[utoipa::path(get, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = UserName, Path)),
    responses(
        (status = 200, body = Watchlist),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    PathOf(user_id): PathOf<String>,
) -> Result<Json<Watchlist>, Problem> {
    allowed(&caller, &user_id)?;
    Ok(Json(watchlist::list(&service, user_id).await?))
}

/// The watchlist of the profile that asks, newest first.
#[utoipa::path(get, path = "/api/watchlist", tag = "watchlist",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Watchlist),
    ))]
pub async fn list_mine(
    State(service): State<Service>,
    Me(profile): Me,
) -> Result<Json<Watchlist>, Problem> {
    Ok(Json(watchlist::list(&service, profile.key()).await?))
}

/// Adds a film; adding twice is adding once.
#[utoipa::path(post, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = UserName, Path)),
    request_body = NewEntry,
    responses(
        (status = 201, body = Done, description = "Added"),
        (status = 200, body = Done, description = "It was there already"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn add(
    State(service): State<Service>,
    caller: Caller,
    PathOf(user_id): PathOf<String>,
    Body(entry): Body<NewEntry>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    allowed(&caller, &user_id)?;
    let owner = match &caller {
        Caller::Person(profile) => Owner::from(profile),
        _ => Owner::from(user_id.as_str()),
    };
    Ok(added(watchlist::add(&service, owner, entry).await?))
}

/// Adds a film to the watchlist of the profile that asks; adding twice is adding once.
#[utoipa::path(post, path = "/api/watchlist", tag = "watchlist", request_body = NewEntry,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 201, body = Done, description = "Added"),
        (status = 200, body = Done, description = "It was there already"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn add_mine(
    State(service): State<Service>,
    Me(profile): Me,
    Body(entry): Body<NewEntry>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    Ok(added(watchlist::add(&service, Owner::from(&profile), entry).await?))
}

/// Returns the reply to an addition: 201 for a new entry, 200 for one that was there.
fn added((added, done): (Added, Done)) -> (StatusCode, Json<Done>) {
    let status = match added {
        Added::New => StatusCode::CREATED,
        Added::Already => StatusCode::OK,
    };
    (status, Json(done))
}

/// Removes a film.
#[utoipa::path(delete, path = "/api/watchlist/{user_id}/{movie_id}", tag = "watchlist",
    params(("user_id" = UserName, Path),
        ("movie_id" = i64, Path, minimum = 0, maximum = 4_294_967_295_u32)),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn remove(
    State(service): State<Service>,
    caller: Caller,
    PathOf((user_id, movie_id)): PathOf<(String, u32)>,
) -> Result<StatusCode, Problem> {
    allowed(&caller, &user_id)?;
    watchlist::remove(&service, &user_id, movie_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a film from the watchlist of the profile that asks. What stands at the place of `user_id` is
/// the film's number.
#[utoipa::path(delete, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = i64, Path, description = "The film's number", minimum = 0, maximum = 4_294_967_295_u32)),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Removed, description = "Removed; front ends read a body here"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn remove_mine(
    State(service): State<Service>,
    Me(profile): Me,
    PathOf(movie_id): PathOf<u32>,
) -> Result<Json<Removed>, Problem> {
    Ok(Json(watchlist::remove(&service, &profile.key(), movie_id).await?))
}

/// Whether the person has seen it.
#[derive(Debug, Deserialize)]
pub struct WatchedQuery {
    watched: bool,
}

/// Marks a film watched, or not watched after all.
#[utoipa::path(put, path = "/api/watchlist/{user_id}/{movie_id}/watched", tag = "watchlist",
    params(("user_id" = UserName, Path),
        ("movie_id" = i64, Path, minimum = 0, maximum = 4_294_967_295_u32), ("watched" = bool, Query)),
    responses(
        (status = 200, body = Done),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn set_watched(
    State(service): State<Service>,
    caller: Caller,
    PathOf((user_id, movie_id)): PathOf<(String, u32)>,
    QueryOf(query): QueryOf<WatchedQuery>,
) -> Result<Json<Done>, Problem> {
    allowed(&caller, &user_id)?;
    Ok(Json(watchlist::set_watched(&service, &user_id, movie_id, query.watched).await?))
}

/// The same where it may be left unsaid.
#[derive(Debug, Deserialize)]
pub struct WatchedOrNot {
    watched: Option<bool>,
}

/// Marks a film of the watchlist of the profile that asks watched, or not watched after all. What stands
/// at the place of `user_id` is the film's number.
#[utoipa::path(post, path = "/api/watchlist/{user_id}/watched", tag = "watchlist",
    params(("user_id" = i64, Path, description = "The film's number", minimum = 0, maximum = 4_294_967_295_u32),
        ("watched" = Option<bool>, Query, description = "`true` if not given")),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Done),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn set_watched_mine(
    State(service): State<Service>,
    Me(profile): Me,
    PathOf(movie_id): PathOf<u32>,
    QueryOf(query): QueryOf<WatchedOrNot>,
) -> Result<Json<Done>, Problem> {
    let watched = query.watched.unwrap_or(true);
    Ok(Json(watchlist::set_watched(&service, &profile.key(), movie_id, watched).await?))
}

/// Refuses names that are nobody's, and those of others.
fn allowed(caller: &Caller, user_id: &str) -> Result<(), Problem> {
    check_user(user_id)?;
    caller.may_act_for(user_id)
}
