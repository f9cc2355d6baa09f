//! `/api/watchlist`: the watchlist of the user `{user_id}`, or of the caller's profile.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cinematch_http::access::{Caller, CurrentProfile};
use cinematch_http::extract::{JsonBody, PathParams, QueryParams};
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::names::{UserName, check_user};
use cinematch_service::watchlist::{self, NewEntry, RemovalReply, Watchlist, WatchlistReply};
use cinematch_store::{AddOutcome, Owner};
use serde::Deserialize;

/// Lists a user's watchlist, newest first.
#[utoipa::path(get, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = UserName, Path)),
    responses(
        (status = 200, body = Watchlist),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(service): State<Service>,
    caller: Caller,
    PathParams(user_id): PathParams<String>,
) -> Result<Json<Watchlist>, Problem> {
    check_access(&caller, &user_id)?;
    Ok(Json(watchlist::list(&service, user_id).await?))
}

/// Lists the watchlist of the caller's profile, newest first.
#[utoipa::path(get, path = "/api/watchlist", tag = "watchlist",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = Watchlist),
    ))]
pub async fn list_mine(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
) -> Result<Json<Watchlist>, Problem> {
    Ok(Json(watchlist::list(&service, profile.key()).await?))
}

/// Adds a movie to a user's watchlist.
///
/// Adding a movie that is already on the list has no effect.
#[utoipa::path(post, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = UserName, Path)),
    request_body = NewEntry,
    responses(
        (status = 201, body = WatchlistReply, description = "Added"),
        (status = 200, body = WatchlistReply, description = "Already on the watchlist"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn add(
    State(service): State<Service>,
    caller: Caller,
    PathParams(user_id): PathParams<String>,
    JsonBody(entry): JsonBody<NewEntry>,
) -> Result<(StatusCode, Json<WatchlistReply>), Problem> {
    check_access(&caller, &user_id)?;
    let owner = match &caller {
        Caller::Session(profile) => Owner::from(profile),
        _ => Owner::from(user_id.as_str()),
    };
    Ok(added(watchlist::add(&service, owner, entry).await?))
}

/// Adds a movie to the watchlist of the caller's profile.
///
/// Adding a movie that is already on the list has no effect.
#[utoipa::path(post, path = "/api/watchlist", tag = "watchlist", request_body = NewEntry,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 201, body = WatchlistReply, description = "Added"),
        (status = 200, body = WatchlistReply, description = "Already on the watchlist"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn add_mine(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    JsonBody(entry): JsonBody<NewEntry>,
) -> Result<(StatusCode, Json<WatchlistReply>), Problem> {
    Ok(added(watchlist::add(&service, Owner::from(&profile), entry).await?))
}

/// Builds the response to an addition: 201 for a new entry, 200 for an existing one.
fn added((added, reply): (AddOutcome, WatchlistReply)) -> (StatusCode, Json<WatchlistReply>) {
    let status = match added {
        AddOutcome::Added => StatusCode::CREATED,
        AddOutcome::AlreadyPresent => StatusCode::OK,
    };
    (status, Json(reply))
}

/// Removes a movie from a user's watchlist.
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
    PathParams((user_id, movie_id)): PathParams<(String, u32)>,
) -> Result<StatusCode, Problem> {
    check_access(&caller, &user_id)?;
    watchlist::remove(&service, &user_id, movie_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a movie from the watchlist of the caller's profile.
///
/// On this route, the path parameter `user_id` holds the movie ID.
#[utoipa::path(delete, path = "/api/watchlist/{user_id}", tag = "watchlist",
    params(("user_id" = i64, Path, description = "Movie ID", minimum = 0, maximum = 4_294_967_295_u32)),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = RemovalReply, description = "Removed; existing front ends expect a body"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn remove_mine(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    PathParams(movie_id): PathParams<u32>,
) -> Result<Json<RemovalReply>, Problem> {
    watchlist::remove(&service, &profile.key(), movie_id).await?;
    Ok(Json(RemovalReply::new(movie_id)))
}

/// Query parameter that sets the watched mark.
#[derive(Debug, Deserialize)]
pub struct WatchedQuery {
    watched: bool,
}

/// Marks a movie on a user's watchlist as watched or not watched.
#[utoipa::path(put, path = "/api/watchlist/{user_id}/{movie_id}/watched", tag = "watchlist",
    params(("user_id" = UserName, Path),
        ("movie_id" = i64, Path, minimum = 0, maximum = 4_294_967_295_u32), ("watched" = bool, Query)),
    responses(
        (status = 200, body = WatchlistReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn set_watched(
    State(service): State<Service>,
    caller: Caller,
    PathParams((user_id, movie_id)): PathParams<(String, u32)>,
    QueryParams(query): QueryParams<WatchedQuery>,
) -> Result<Json<WatchlistReply>, Problem> {
    check_access(&caller, &user_id)?;
    Ok(Json(watchlist::set_watched(&service, &user_id, movie_id, query.watched).await?))
}

/// Query parameter that sets the watched mark. Defaults to true.
#[derive(Debug, Deserialize)]
pub struct OptionalWatchedQuery {
    watched: Option<bool>,
}

/// Marks a movie on the watchlist of the caller's profile as watched or not watched.
///
/// On this route, the path parameter `user_id` holds the movie ID.
#[utoipa::path(post, path = "/api/watchlist/{user_id}/watched", tag = "watchlist",
    params(("user_id" = i64, Path, description = "Movie ID", minimum = 0, maximum = 4_294_967_295_u32),
        ("watched" = Option<bool>, Query, description = "Default: `true`")),
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = WatchlistReply),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn set_watched_mine(
    State(service): State<Service>,
    CurrentProfile(profile): CurrentProfile,
    PathParams(movie_id): PathParams<u32>,
    QueryParams(query): QueryParams<OptionalWatchedQuery>,
) -> Result<Json<WatchlistReply>, Problem> {
    let watched = query.watched.unwrap_or(true);
    Ok(Json(watchlist::set_watched(&service, &profile.key(), movie_id, watched).await?))
}

/// Checks that `user_id` is a valid user name and that the caller may act for that user.
fn check_access(caller: &Caller, user_id: &str) -> Result<(), Problem> {
    check_user(user_id)?;
    caller.may_act_for(user_id)
}

#[cfg(test)]
mod tests {
    use cinematch_testing::Client;
    use serde_json::{Value, json};

    use crate::testing::sample;

    fn listed(server: &Client, user: &str) -> Vec<(u64, bool)> {
        let list = server.get(&format!("/api/watchlist/{user}")).json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(list["count"], items.len());
        items
            .iter()
            .map(|item| (item["movie_id"].as_u64().unwrap(), item["watched"].as_bool().unwrap()))
            .collect()
    }

    #[test]
    fn watchlist_supports_adding_marking_watched_and_removing() {
        let server = sample();
        assert_eq!(listed(&server, "ada"), []);
        let add = |user: &str, body: Value| server.post(&format!("/api/watchlist/{user}"), &body);

        let reply = add("ada", json!({"movie_id": 1, "title": "whatever", "service": "Netflix"}));
        assert_eq!((reply.status, &reply.json()["title"]), (201, &json!("Toy Story")));
        assert_eq!(add("ada", json!({"movie_id": 2})).status, 201);
        assert_eq!(add("ada", json!({"movie_id": 1})).status, 200);
        add("ada", json!({"movie_id": 424_242})).problem(404);
        add("ada", json!({"movie_id": -1})).problem(404);
        add("ada", json!({})).problem(422);
        add("%00", json!({"movie_id": 1})).problem(422);
        assert_eq!(add("zo%C3%AB%2F..%20'--", json!({"movie_id": 3})).status, 201);
        assert_eq!(listed(&server, "ada"), [(2, false), (1, false)]);
        assert_eq!(listed(&server, "zo%C3%AB%2F..%20'--"), [(3, false)]);

        assert_eq!(server.put("/api/watchlist/ada/1/watched?watched=true").status, 200);
        assert_eq!(listed(&server, "ada"), [(2, false), (1, true)]);
        assert_eq!(server.put("/api/watchlist/ada/1/watched?watched=false").status, 200);
        assert_eq!(listed(&server, "ada"), [(2, false), (1, false)]);
        server.put("/api/watchlist/ada/9/watched?watched=true").problem(404);
        let problem = server.put("/api/watchlist/ada/1/watched?watched=maybe").problem(422);
        assert_eq!(problem["errors"][0]["field"], "watched");
        server.put("/api/watchlist/ada/1/watched").problem(422);

        assert_eq!(server.delete("/api/watchlist/ada/2").status, 204);
        server.delete("/api/watchlist/ada/2").problem(404);
        assert_eq!(listed(&server, "ada"), [(1, false)]);
    }
}
