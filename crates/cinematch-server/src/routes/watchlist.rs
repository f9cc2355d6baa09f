//! The watchlist by `{user_id}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch::ids::MovieId;
use cinematch_store::{Added, NewItem, rfc3339};
use serde::{Deserialize, Serialize};

use crate::extract::{Body, PathOf, QueryOf};
use crate::item::poster_url;
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

/// Longer ids are not ids.
const LONGEST_USER_ID: usize = 200;
const LONGEST_SERVICE: usize = 100;

/// Somebody's watchlist.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Watchlist {
    user_id: String,
    /// Newest first.
    items: Vec<WatchlistEntry>,
    count: usize,
}

/// A film on it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WatchlistEntry {
    movie_id: u32,
    title: String,
    year: Option<u16>,
    poster_url: Option<String>,
    /// Where the person means to watch it.
    service: Option<String>,
    watched: bool,
    /// RFC 3339, UTC.
    #[schema(example = "2026-01-31T20:15:00Z")]
    added_at: String,
}

/// Somebody's watchlist, newest first.
#[utoipa::path(get, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = String, Path)),
    responses(
        (status = 200, body = Watchlist),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(state): State<AppState>,
    PathOf(user_id): PathOf<String>,
) -> Result<Json<Watchlist>, Problem> {
    check_user(&user_id)?;
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let items: Vec<WatchlistEntry> = state
        .store()
        .watchlist(&user_id)
        .await?
        .into_iter()
        .map(|item| {
            let movie = recommender.vocabulary().index_of(item.movie_id());
            WatchlistEntry {
                movie_id: item.movie_id().0,
                poster_url: movie.and_then(|index| poster_url(recommender.movie(index))),
                title: item.title,
                year: item.year,
                service: item.service,
                watched: item.watched,
                added_at: rfc3339(item.added_at),
            }
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
    params(("user_id" = String, Path)), request_body = NewEntry,
    responses(
        (status = 201, body = Done, description = "Added"),
        (status = 200, body = Done, description = "It was there already"),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn add(
    State(state): State<AppState>,
    PathOf(user_id): PathOf<String>,
    Body(entry): Body<NewEntry>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    check_user(&user_id)?;
    if entry.service.as_ref().is_some_and(|service| service.len() > LONGEST_SERVICE) {
        let message = format!("expected at most {LONGEST_SERVICE} bytes");
        return Err(Problem::field("service", message));
    }
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    let not_found = || {
        let detail = format!("There is no movie {} in the catalogue", entry.movie_id);
        Problem::not_found(detail)
    };
    let movie_id = u32::try_from(entry.movie_id).map_err(|_| not_found())?;
    let index = recommender.vocabulary().index_of(MovieId(movie_id)).ok_or_else(not_found)?;
    let movie = recommender.movie(index);
    let item = NewItem {
        movie_id: movie.movie_id,
        title: movie.title.clone(),
        year: movie.year,
        service: entry.service,
    };
    let added = state.store().add(&user_id, item, now()).await?;
    let (status, message) = match added {
        Added::New => (StatusCode::CREATED, "Added to watchlist"),
        Added::Already => (StatusCode::OK, "Already in watchlist"),
    };
    Ok((status, Json(Done { message, movie_id, title: movie.title.clone() })))
}

/// Removes a film.
#[utoipa::path(delete, path = "/api/watchlist/{user_id}/{movie_id}", tag = "watchlist",
    params(("user_id" = String, Path), ("movie_id" = u32, Path)),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn remove(
    State(state): State<AppState>,
    PathOf((user_id, movie_id)): PathOf<(String, u32)>,
) -> Result<StatusCode, Problem> {
    check_user(&user_id)?;
    if state.store().remove(&user_id, MovieId(movie_id)).await? {
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
    params(("user_id" = String, Path), ("movie_id" = u32, Path), ("watched" = bool, Query)),
    responses(
        (status = 200, body = Done),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn set_watched(
    State(state): State<AppState>,
    PathOf((user_id, movie_id)): PathOf<(String, u32)>,
    QueryOf(query): QueryOf<WatchedQuery>,
) -> Result<Json<Done>, Problem> {
    check_user(&user_id)?;
    let marked = state.store().set_watched(&user_id, MovieId(movie_id), query.watched).await?;
    let title = marked.ok_or_else(|| not_listed(movie_id))?;
    let message = if query.watched { "Marked as watched" } else { "Marked as not watched" };
    Ok(Json(Done { message, movie_id, title }))
}

fn not_listed(movie_id: u32) -> Problem {
    Problem::not_found(format!("Movie {movie_id} is not in the watchlist"))
}

/// Refuses user ids that cannot be anybody's.
pub fn check_user(user_id: &str) -> Result<(), Problem> {
    let fits = !user_id.trim().is_empty()
        && user_id.len() <= LONGEST_USER_ID
        && !user_id.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let message = format!("expected 1 to {LONGEST_USER_ID} bytes without control characters");
    Err(Problem::field("user_id", message))
}

/// Now, in milliseconds since 1970.
fn now() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, |time| time.as_millis() as i64)
}
