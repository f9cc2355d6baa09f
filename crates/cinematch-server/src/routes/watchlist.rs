//! The watchlist, by `{user_id}` and of the profile that asks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch::catalog::{Movie, ServicesSource};
use cinematch::ids::MovieId;
use cinematch_store::{Added, NewItem, Owner, WatchlistItem, rfc3339};
use serde::{Deserialize, Serialize};

use super::person::{ShortText, UserName, check_text, check_user};
use super::{find_movie, now};
use crate::access::{Caller, Me};
use crate::extract::{Body, PathOf, QueryOf};
use crate::item::poster_url;
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

const LONGEST_SERVICE: usize = 100;

/// Somebody's watchlist.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Watchlist {
    user_id: String,
    /// Newest first.
    items: Vec<WatchlistEntry>,
    count: usize,
}

/// A film on it; what the catalogue does not know, or no longer, is `null`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WatchlistEntry {
    /// The film's number once more: front ends look for an id.
    id: u32,
    movie_id: u32,
    title: String,
    year: Option<u16>,
    /// Minutes.
    runtime: Option<u32>,
    overview: Option<String>,
    genres: Vec<String>,
    /// Streaming services of the operator's own region.
    services: Vec<String>,
    /// Where the services come from: `mock` ones are invented.
    #[schema(value_type = Option<String>)]
    services_source: Option<ServicesSource>,
    poster_url: Option<String>,
    /// Where the person means to watch it.
    service: Option<String>,
    watched: bool,
    /// RFC 3339, UTC.
    #[schema(example = "2026-01-31T20:15:00Z")]
    added_at: String,
    /// The same once more, by its other name.
    created_at: String,
}

impl WatchlistEntry {
    fn new(item: WatchlistItem, movie: Option<&Movie>) -> Self {
        let added_at = rfc3339(item.added_at);
        Self {
            id: item.movie_id.0,
            movie_id: item.movie_id.0,
            title: item.title,
            year: item.year,
            runtime: movie.and_then(|movie| movie.runtime),
            overview: movie.and_then(|movie| movie.overview.clone()),
            genres: movie.map(|movie| movie.genres.clone()).unwrap_or_default(),
            services: movie.map(|movie| movie.services.clone()).unwrap_or_default(),
            services_source: movie.and_then(|movie| movie.services_source),
            poster_url: movie.and_then(poster_url),
            service: item.service,
            watched: item.watched,
            created_at: added_at.clone(),
            added_at,
        }
    }
}

/// Somebody's watchlist, newest first.
#[utoipa::path(get, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = UserName, Path)),
    responses(
        (status = 200, body = Watchlist),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    PathOf(user_id): PathOf<String>,
) -> Result<Json<Watchlist>, Problem> {
    allowed(&caller, &user_id)?;
    watchlist_of(&state, user_id).await
}

/// The watchlist of the profile that asks, newest first.
#[utoipa::path(get, path = "/api/watchlist", tag = "watchlist",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Watchlist),
    ))]
pub async fn list_mine(
    State(state): State<AppState>,
    Me(profile): Me,
) -> Result<Json<Watchlist>, Problem> {
    watchlist_of(&state, profile.key()).await
}

async fn watchlist_of(state: &AppState, user_id: String) -> Result<Json<Watchlist>, Problem> {
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let items: Vec<WatchlistEntry> = state
        .store()
        .watchlist(&user_id)
        .await?
        .into_iter()
        .map(|item| {
            let index = recommender.vocabulary().index_of(item.movie_id);
            WatchlistEntry::new(item, index.map(|index| recommender.movie(index)))
        })
        .collect();
    Ok(Json(Watchlist { user_id, count: items.len(), items }))
}

/// A film to add.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewEntry {
    #[schema(example = 6)]
    movie_id: i64,
    /// Taken from the catalogue; here for front ends that send it.
    #[expect(dead_code, reason = "part of the contract, and the catalogue knows better")]
    title: Option<String>,
    /// Where the person means to watch it.
    #[schema(value_type = Option<ShortText>)]
    service: Option<String>,
}

/// What was done.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Done {
    message: &'static str,
    movie_id: u32,
    title: String,
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
    State(state): State<AppState>,
    caller: Caller,
    PathOf(user_id): PathOf<String>,
    Body(entry): Body<NewEntry>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    allowed(&caller, &user_id)?;
    let owner = match &caller {
        Caller::Person(profile) => Owner::from(profile),
        _ => Owner::from(user_id.as_str()),
    };
    add_to(&state, owner, entry).await
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
    State(state): State<AppState>,
    Me(profile): Me,
    Body(entry): Body<NewEntry>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    add_to(&state, Owner::from(&profile), entry).await
}

async fn add_to(
    state: &AppState,
    owner: Owner,
    entry: NewEntry,
) -> Result<(StatusCode, Json<Done>), Problem> {
    if let Some(service) = &entry.service {
        check_text("service", service, LONGEST_SERVICE)?;
    }
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let movie = recommender.movie(find_movie(recommender, entry.movie_id)?);
    let item = NewItem {
        movie_id: movie.movie_id,
        title: movie.title.clone(),
        year: movie.year,
        service: entry.service,
    };
    let added = state.store().add_to_watchlist(owner, item, now()).await?;
    let (status, message) = match added {
        Added::New => (StatusCode::CREATED, "Added to watchlist"),
        Added::Already => (StatusCode::OK, "Already in watchlist"),
    };
    Ok((status, Json(Done { message, movie_id: movie.movie_id.0, title: movie.title.clone() })))
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
    State(state): State<AppState>,
    caller: Caller,
    PathOf((user_id, movie_id)): PathOf<(String, u32)>,
) -> Result<StatusCode, Problem> {
    allowed(&caller, &user_id)?;
    remove_from(&state, &user_id, movie_id).await
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
    State(state): State<AppState>,
    Me(profile): Me,
    PathOf(movie_id): PathOf<u32>,
) -> Result<Json<Removed>, Problem> {
    remove_from(&state, &profile.key(), movie_id).await?;
    Ok(Json(Removed { message: "Removed from watchlist", movie_id }))
}

/// What was removed.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Removed {
    message: &'static str,
    movie_id: u32,
}

async fn remove_from(
    state: &AppState,
    user_id: &str,
    movie_id: u32,
) -> Result<StatusCode, Problem> {
    if state.store().remove_from_watchlist(user_id, MovieId(movie_id), now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_listed(movie_id))
    }
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
    State(state): State<AppState>,
    caller: Caller,
    PathOf((user_id, movie_id)): PathOf<(String, u32)>,
    QueryOf(query): QueryOf<WatchedQuery>,
) -> Result<Json<Done>, Problem> {
    allowed(&caller, &user_id)?;
    set_watched_by(&state, &user_id, movie_id, query.watched).await
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
    State(state): State<AppState>,
    Me(profile): Me,
    PathOf(movie_id): PathOf<u32>,
    QueryOf(query): QueryOf<WatchedOrNot>,
) -> Result<Json<Done>, Problem> {
    set_watched_by(&state, &profile.key(), movie_id, query.watched.unwrap_or(true)).await
}

async fn set_watched_by(
    state: &AppState,
    user_id: &str,
    movie_id: u32,
    watched: bool,
) -> Result<Json<Done>, Problem> {
    let marked = state.store().set_watched(user_id, MovieId(movie_id), watched, now()).await?;
    let title = marked.ok_or_else(|| not_listed(movie_id))?;
    let message = if watched { "Marked as watched" } else { "Marked as not watched" };
    Ok(Json(Done { message, movie_id, title }))
}

fn not_listed(movie_id: u32) -> Problem {
    Problem::not_found(format!("Movie {movie_id} is not in the watchlist"))
}

/// Refuses names that are nobody's, and those of others.
fn allowed(caller: &Caller, user_id: &str) -> Result<(), Problem> {
    check_user(user_id)?;
    caller.may_act_for(user_id)
}
