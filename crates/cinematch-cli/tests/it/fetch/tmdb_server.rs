//! A fake TMDB server (API v3) that records requests, enforces a rate limit and injects faults.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

use super::broken_body;
use super::local::Local;
use crate::support::folder::project;

/// A fault that the server injects into a reply.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A reply with a status, a `Retry-After` header and a body.
    Status(u16, Option<&'static str>, &'static str),
    /// The connection closes before the reply's body.
    Hangup,
    /// The connection closes in the middle of the body.
    Cut,
    /// A body that stalls after its first bytes.
    Stall,
    /// A complete body that is not valid JSON.
    Garbage,
    /// A movie other than the requested one.
    WrongMovie,
    /// A delay in milliseconds before the reply.
    Slow(u64),
    /// A body of more than 16 MiB.
    Huge,
    /// A redirect to this address.
    Redirect(String),
}

type Faults = Box<dyn FnMut(u32, u32) -> Option<Fault> + Send>;

#[derive(Default)]
struct Inner {
    /// IDs of the requested movies, in order.
    requested: Vec<u32>,
    /// Number of requests by movie ID.
    n_requests: BTreeMap<u32, u32>,
    /// Paths and queries of other requests.
    other_requests: Vec<String>,
    /// Received `Authorization` headers.
    tokens: BTreeSet<String>,
    accepted_encodings: BTreeSet<String>,
    faults: Option<Faults>,
    /// IDs of the movies for which the server responds with 404.
    missing: BTreeSet<u32>,
    /// Current IDs of the movies that `/find` returns, by IMDb ID.
    moved: BTreeMap<String, u32>,
    /// Movies listed by `/movie/changes`.
    changed: Vec<u32>,
    /// Version in the titles of all movies, incremented by [`TmdbServer::set_changed`].
    version: u32,
    arrivals: VecDeque<Instant>,
    violations: u32,
}

struct Shared {
    inner: Mutex<Inner>,
    /// Maximum number of requests in a window, and the window's duration.
    rate: Option<(usize, Duration)>,
    movies: Vec<(Value, Value)>,
}

/// A running server, stopped on drop.
pub struct TmdbServer {
    shared: Arc<Shared>,
    local: Local,
}

impl TmdbServer {
    pub fn start() -> Self {
        Self::with_rate(None)
    }

    /// Starts a server that counts and rejects requests above `rate`.
    pub fn with_rate(rate: Option<(usize, Duration)>) -> Self {
        let inner = Mutex::new(Inner::default());
        let shared = Arc::new(Shared { inner, rate, movies: templates() });
        let router = Router::new()
            .route("/3/movie/changes", get(changes))
            .route("/3/movie/{id}", get(movie))
            .route("/3/movie/{id}/watch/providers", get(providers))
            .route("/3/find/{imdb_id}", get(find))
            .layer(CompressionLayer::new())
            .with_state(Arc::clone(&shared));
        Self { shared, local: Local::serve(router) }
    }

    pub fn url(&self) -> String {
        self.local.url()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap()
    }

    /// Sets the function that chooses the fault for a reply, given a movie ID and the number of earlier requests for
    /// it.
    pub fn set_faults(&self, faults: impl FnMut(u32, u32) -> Option<Fault> + Send + 'static) {
        self.inner().faults = Some(Box::new(faults));
    }

    pub fn clear_faults(&self) {
        self.inner().faults = None;
    }

    /// Sets the movies for which the server responds with 404.
    pub fn set_missing(&self, movies: &[u32]) {
        self.inner().missing = movies.iter().copied().collect();
    }

    /// Sets the current ID of the movie that `/find` returns for an IMDb ID.
    pub fn set_moved(&self, imdb_id: &str, id: u32) {
        self.inner().moved.insert(imdb_id.to_owned(), id);
    }

    /// Sets the movies listed as changed, and increments the version.
    pub fn set_changed(&self, movies: &[u32]) {
        let mut inner = self.inner();
        inner.changed = movies.to_vec();
        inner.version += 1;
    }

    /// Returns the IDs of movies requested since the last call, in order.
    pub fn requested(&self) -> Vec<u32> {
        std::mem::take(&mut self.inner().requested)
    }

    /// Returns the paths and queries of other requests since the last call.
    pub fn other_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().other_requests)
    }

    pub fn tokens(&self) -> BTreeSet<String> {
        self.inner().tokens.clone()
    }

    pub fn accepted_encodings(&self) -> BTreeSet<String> {
        self.inner().accepted_encodings.clone()
    }

    /// Returns the number of requests that exceeded the rate.
    pub fn violations(&self) -> u32 {
        self.inner().violations
    }
}

/// Returns the details and watch providers to serve for movies, from recorded TMDB replies where available.
fn templates() -> Vec<(Value, Value)> {
    let configured = std::env::var_os("CINEMATCH_TEST_DATA").map(std::path::PathBuf::from);
    let data = configured.unwrap_or_else(|| project().join("../shared/data")).join("tmdb-api");
    let read = |name: &str| -> Option<Value> {
        serde_json::from_slice(&fs::read(data.join(name)).ok()?).ok()
    };
    let providers = read("jdrouet/movie-watch-providers.json");
    let release_dates = read("jdrouet/movie-release-dates.json");
    let providers = providers.unwrap_or_else(|| {
        json!({"results": {"DE": {"link": "", "flatrate": [
            {"provider_name": "Netflix", "provider_id": 8, "display_priority": 0}]}}})
    });
    let mut movies = Vec::new();
    for name in [
        "composed/movie_550_append.json",
        "moviebase/movie_details_607.json",
        "adamayoung/movie-blank-homepage-release-date.json",
        "jdrouet/movie-details.json",
    ] {
        let Some(mut movie) = read(name) else { continue };
        // Truncate the credits: full replies, at 150 kB per movie, would not test anything more.
        if let Some(cast) = movie.pointer_mut("/credits/cast").and_then(Value::as_array_mut) {
            cast.truncate(12);
        }
        if let Some(crew) = movie.pointer_mut("/credits/crew").and_then(Value::as_array_mut) {
            crew.retain(|worker| worker["job"] == "Director");
        }
        if let (Some(object), Some(dates)) = (movie.as_object_mut(), &release_dates) {
            object.insert("release_dates".to_owned(), dates.clone());
        }
        movies.push(movie);
    }
    if movies.is_empty() {
        movies
            .push(json!({"title": "A film", "runtime": 95, "vote_count": 7, "vote_average": 6.5}));
    }
    movies.into_iter().map(|movie| (movie, providers.clone())).collect()
}

async fn movie(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u32>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let appended = query.get("append_to_response").cloned().unwrap_or_default();
    let parts = [
        "credits",
        "keywords",
        "watch/providers",
        "release_dates",
        "external_ids",
        "alternative_titles",
    ];
    assert_eq!(appended, parts.join(","), "one request per movie returns everything");
    respond(&shared, id, &headers, |version| {
        let (movie, providers) = &shared.movies[id as usize % shared.movies.len()];
        let mut movie = movie.clone();
        movie["id"] = json!(id);
        movie["title"] = json!(format!("Film {id}, version {version}"));
        movie["watch/providers"] = providers.clone();
        movie["alternative_titles"] = json!({"titles": [{"title": format!("Filmen {id}")}]});
        let moved = shared.inner.lock().unwrap();
        if let Some((imdb_id, _)) = moved.moved.iter().find(|(_, current)| **current == id) {
            movie["imdb_id"] = json!(imdb_id);
        }
        movie
    })
    .await
}

async fn providers(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u32>,
    headers: HeaderMap,
) -> Response {
    shared.inner.lock().unwrap().other_requests.push(format!("providers {id}"));
    respond(&shared, id, &headers, |_| {
        json!({"id": id, "results": {"DE": {"link": null, "free": [
            {"provider_name": "arte", "provider_id": 234, "display_priority": 1}]}}})
    })
    .await
}

async fn find(
    State(shared): State<Arc<Shared>>,
    Path(imdb_id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    assert_eq!(query["external_source"], "imdb_id");
    let mut inner = shared.inner.lock().unwrap();
    inner.other_requests.push(format!("find {imdb_id}"));
    let found = inner.moved.get(&imdb_id);
    let movies: Vec<Value> =
        found.map(|id| json!({"id": id, "adult": false})).into_iter().collect();
    let others = json!([{"id": 5}]);
    axum::Json(json!({"movie_results": movies, "person_results": [], "tv_results": others}))
        .into_response()
}

async fn changes(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut inner = shared.inner.lock().unwrap();
    let page: usize = query["page"].parse().unwrap();
    inner
        .other_requests
        .push(format!("changes {} {} {page}", query["start_date"], query["end_date"]));
    // Two movies per page.
    let results: Vec<Value> = inner
        .changed
        .chunks(2)
        .nth(page - 1)
        .into_iter()
        .flatten()
        .map(|id| json!({"id": id, "adult": null}))
        .collect();
    let pages = inner.changed.len().div_ceil(2);
    axum::Json(json!({"results": results, "page": page, "total_pages": pages})).into_response()
}

async fn respond(
    shared: &Arc<Shared>,
    id: u32,
    headers: &HeaderMap,
    body: impl Fn(u32) -> Value,
) -> Response {
    let (fault, missing, version, too_fast) = {
        let mut inner = shared.inner.lock().unwrap();
        let text =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        inner.tokens.extend(text(header::AUTHORIZATION));
        inner.accepted_encodings.extend(text(header::ACCEPT_ENCODING));
        inner.requested.push(id);
        let n_requests = inner.n_requests.entry(id).or_default();
        let nth = *n_requests;
        *n_requests += 1;
        let too_fast = shared.rate.is_some_and(|(rate, second)| {
            let now = Instant::now();
            while inner.arrivals.front().is_some_and(|first| now - *first >= second) {
                inner.arrivals.pop_front();
            }
            inner.arrivals.push_back(now);
            inner.arrivals.len() > rate
        });
        inner.violations += u32::from(too_fast);
        let fault = inner.faults.as_mut().and_then(|faults| faults(id, nth));
        (fault, inner.missing.contains(&id), inner.version, too_fast)
    };
    if too_fast {
        return status(429, Some("1"), r#"{"status_code":25,"status_message":"too fast"}"#);
    }
    let json = |value: Value| {
        let kind = [(header::CONTENT_TYPE, "application/json;charset=utf-8")];
        (kind, value.to_string()).into_response()
    };
    match fault {
        None | Some(Fault::Slow(_)) => {
            if let Some(Fault::Slow(milliseconds)) = fault {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            }
            if missing {
                // Half of the replies are in TMDB's current format, half in its former one.
                let new = r#"{"success":false,"status_code":34,"status_message":"not found"}"#;
                let old = r#"{"status_code":34,"status_message":"not found"}"#;
                return status(404, None, if id.is_multiple_of(2) { new } else { old });
            }
            json(body(version))
        }
        Some(Fault::Status(code, retry_after, text)) => status(code, retry_after, text),
        Some(Fault::Hangup) => broken(Vec::new()),
        Some(Fault::Cut) => broken(body(version).to_string().into_bytes()[..200].to_vec()),
        Some(Fault::Stall) => {
            let first = body(version).to_string().into_bytes()[..200].to_vec();
            Response::new(broken_body::stalled(first))
        }
        Some(Fault::Garbage) => "{\"id\": ".into_response(),
        Some(Fault::WrongMovie) => {
            let mut other = body(version);
            other["id"] = json!(id + 1);
            json(other)
        }
        Some(Fault::Huge) => {
            let mut huge = body(version);
            huge["overview"] = json!("x".repeat(16 << 20));
            json(huge)
        }
        Some(Fault::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
    }
}

fn status(code: u16, retry_after: Option<&'static str>, body: &'static str) -> Response {
    let mut response = (StatusCode::from_u16(code).unwrap(), body).into_response();
    if let Some(after) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, after.parse().unwrap());
    }
    response
}

/// Returns a response whose body fails after its first bytes.
fn broken(first: Vec<u8>) -> Response {
    let body = broken_body::body(first, false);
    Response::builder().header(header::CONTENT_LENGTH, 5000).body(body).unwrap()
}
