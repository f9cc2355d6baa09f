//! Client for version 3 of TMDB's API, with rate limiting and retries.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, UNIX_EPOCH};

use cinematch::ids::TmdbId;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use tokio::sync::watch;

use super::lenient;
use super::token::Token;
use super::verdict::{Stop, Verdict, classify};
use crate::clock::Clock;
use crate::http::{describe, safe_url, same_server_only};
use crate::rate_limiter::{Permit, RateLimiter};

/// Base URL of TMDB's API.
pub const TMDB: &str = "https://api.themoviedb.org";

/// Maximum size of a response. The largest movie takes up 1 MiB.
pub const MAX_BODY: usize = 15 << 20;

/// Maximum number of pages in a list of changes. Each page lists 100 movies, and two weeks of changes can
/// run to several hundred thousand.
const MAX_PAGES: u32 = 5_000;

/// Resources requested along with a movie.
const APPENDED_RESOURCES: &str =
    "credits,keywords,watch/providers,release_dates,external_ids,alternative_titles";

/// Maximum number of attempts per request.
const MAX_ATTEMPTS: u32 = 6;
/// Number of consecutive rate limit pauses, without a success in between, after which all requests stop.
const MAX_RATE_LIMIT_PAUSES: u32 = 20;
/// Delay before the second attempt. It doubles with each further attempt.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// Longest delay accepted from a `Retry-After` header.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(15);

/// Settings for the API client.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Base URL, either [`TMDB`] or a compatible server.
    pub base: String,
    /// Maximum number of requests per second.
    pub rate: u32,
    /// Seed for the random jitter in retry delays.
    pub seed: u64,
}

/// Error returned when a request fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// TMDB rejects all requests.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// All attempts failed, or the failure is permanent.
    #[error("{0}")]
    Failed(String),
    /// The client was closed before the request, or a retry of it, was sent.
    #[error("the client was closed before the request was sent")]
    Closed,
}

/// Error returned when the client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The base URL is invalid, or the token would be sent to it unencrypted.
    #[error("the address `{0}` cannot be used: expected https://HOST, or http:// on this machine")]
    Base(String),
    /// HTTPS could not be set up.
    #[error("cannot set up HTTPS: {0}")]
    Client(String),
}

/// The response to a request for a movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MovieResponse {
    /// The response body, as JSON.
    Found(Vec<u8>),
    /// TMDB doesn't have a movie with this ID.
    Missing,
    /// TMDB has the movie under another ID, as it does after merging two entries.
    Moved {
        /// The current ID.
        id: TmdbId,
        /// The response body for the current ID, as JSON.
        body: Vec<u8>,
    },
}

/// A page from the list of changed movies.
#[derive(Clone, Debug, Deserialize)]
pub struct Changes {
    #[serde(deserialize_with = "lenient::list")]
    results: Vec<Listed>,
    #[serde(default)]
    total_pages: u32,
}

/// A movie in a list, by its ID.
#[derive(Clone, Debug, Deserialize)]
struct Listed {
    id: Option<u32>,
}

impl Changes {
    /// Returns the IDs of the movies on this page.
    pub fn movies(&self) -> impl Iterator<Item = TmdbId> + '_ {
        self.results.iter().filter_map(|changed| changed.id.map(TmdbId))
    }
}

/// Client for TMDB's API. All requests share one rate limiter.
#[derive(Debug)]
pub struct Api {
    client: Client,
    base: Url,
    rate_limiter: RateLimiter,
    clock: Clock,
    jitter: Mutex<ChaCha8Rng>,
    closed: watch::Sender<bool>,
}

impl Api {
    /// Creates a client that sends `token` to `settings.base` and nowhere else.
    pub fn new(token: &Token, settings: &ApiSettings, clock: Clock) -> Result<Self, ApiError> {
        let base = safe_url(&settings.base).ok_or_else(|| ApiError::Base(settings.base.clone()))?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.header());
        let client = crate::http::client(clock)
            .default_headers(headers)
            .redirect(same_server_only(&base))
            .timeout(clock.timeout(Duration::from_mins(1)))
            .build()
            .map_err(|error| ApiError::Client(describe(error)))?;
        let rate_limiter = RateLimiter::new(settings.rate, clock);
        let jitter = Mutex::new(ChaCha8Rng::seed_from_u64(settings.seed));
        Ok(Self { client, base, rate_limiter, clock, jitter, closed: watch::Sender::new(false) })
    }

    /// Stops sending requests. Requests that have already been sent still complete.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Returns the time left in the pause that TMDB requested.
    pub fn remaining_pause(&self) -> Duration {
        self.rate_limiter.remaining_pause()
    }

    /// Requests the movie `id` with all appended resources.
    pub async fn movie(&self, id: TmdbId) -> Result<MovieResponse, CallError> {
        let path = format!("/3/movie/{id}?append_to_response={APPENDED_RESOURCES}");
        self.call(&path, |body| check_movie(id, body)).await
    }

    /// Requests the movie `id`, or the movie with its IMDb ID if TMDB no longer has `id`.
    pub async fn movie_or_moved(
        &self,
        id: TmdbId,
        imdb_id: Option<&str>,
    ) -> Result<MovieResponse, CallError> {
        let response = self.movie(id).await?;
        let (MovieResponse::Missing, Some(imdb_id)) = (&response, imdb_id) else {
            return Ok(response);
        };
        let Some(current) = self.find_imdb(imdb_id).await?.filter(|current| *current != id) else {
            return Ok(MovieResponse::Missing);
        };
        Ok(match self.movie(current).await? {
            MovieResponse::Found(body) => MovieResponse::Moved { id: current, body },
            other => other,
        })
    }

    /// Returns the movie with an IMDb ID, given without `tt`, or `None` if TMDB has none.
    async fn find_imdb(&self, imdb_id: &str) -> Result<Option<TmdbId>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(deserialize_with = "lenient::list")]
            movie_results: Vec<Listed>,
        }
        let parse = |body: &[u8]| -> Result<Found, String> {
            serde_json::from_slice(body).map_err(|error| format!("an unreadable response: {error}"))
        };
        let path = format!("/3/find/tt{imdb_id}?external_source=imdb_id");
        let MovieResponse::Found(body) = self.call(&path, |body| parse(body).map(|_| ())).await?
        else {
            return Ok(None);
        };
        let found = parse(&body).map_err(CallError::Failed)?;
        Ok(found.movie_results.first().and_then(|movie| movie.id).map(TmdbId))
    }

    /// Requests the watch providers of the movie `id` in all regions.
    pub async fn providers(&self, id: TmdbId) -> Result<MovieResponse, CallError> {
        let path = format!("/3/movie/{id}/watch/providers");
        self.call(&path, |body| {
            check_movie(id, body)?;
            check_providers(body)
        })
        .await
    }

    /// Returns the movies that changed between two dates, such as `2026-11-25`. The dates may be at most
    /// 14 days apart.
    pub async fn changes(&self, from: &str, to: &str) -> Result<Vec<TmdbId>, CallError> {
        let (mut page, mut n_pages) = (1, 1);
        let mut movies = Vec::new();
        while page <= n_pages {
            let path = format!("/3/movie/changes?start_date={from}&end_date={to}&page={page}");
            let check = |body: &[u8]| {
                let parsed: Result<Changes, _> = serde_json::from_slice(body);
                parsed.map(|_| ()).map_err(|error| format!("an unreadable response: {error}"))
            };
            let MovieResponse::Found(body) = self.call(&path, check).await? else {
                return Err(CallError::Failed("TMDB does not have /movie/changes".to_owned()));
            };
            let changes: Changes = serde_json::from_slice(&body)
                .map_err(|error| CallError::Failed(error.to_string()))?;
            movies.extend(changes.movies());
            n_pages = changes.total_pages;
            if n_pages > MAX_PAGES {
                return Err(CallError::Failed(format!("TMDB lists {n_pages} pages of changes")));
            }
            page += 1;
        }
        movies.sort_unstable();
        movies.dedup();
        Ok(movies)
    }

    /// Sends a request, retrying until it succeeds, fails permanently or runs out of attempts.
    async fn call(
        &self,
        path: &str,
        check: impl Fn(&[u8]) -> Result<(), String>,
    ) -> Result<MovieResponse, CallError> {
        let mut n_attempts = 0;
        loop {
            let permit = self.cancel_on_close(self.rate_limiter.wait()).await?;
            let (verdict, body) = self.attempt(path, permit).await;
            let verdict = match verdict {
                Verdict::Success => match check(&body) {
                    Ok(()) => Verdict::Success,
                    Err(reason) => Verdict::Retry { reason, retry_after: None },
                },
                other => other,
            };
            if matches!(verdict, Verdict::Success | Verdict::Missing) {
                self.rate_limiter.record_success();
            }
            match verdict {
                Verdict::Success => return Ok(MovieResponse::Found(body)),
                Verdict::Missing => return Ok(MovieResponse::Missing),
                Verdict::Stop(stop) => return Err(stop.into()),
                Verdict::Refused { reason } => return Err(CallError::Failed(reason)),
                Verdict::SlowDown { retry_after: after } => {
                    let pause = after.unwrap_or_else(|| self.backoff(n_attempts + 1));
                    if self.rate_limiter.slow_down(pause.min(MAX_RETRY_AFTER))
                        >= MAX_RATE_LIMIT_PAUSES
                    {
                        return Err(Stop::RateLimited.into());
                    }
                }
                Verdict::Retry { reason, retry_after: after } => {
                    n_attempts += 1;
                    if n_attempts == MAX_ATTEMPTS {
                        return Err(CallError::Failed(format!("{reason}, {MAX_ATTEMPTS} times")));
                    }
                    let pause = after.unwrap_or_else(|| self.backoff(n_attempts));
                    self.cancel_on_close(self.clock.sleep(pause.min(MAX_RETRY_AFTER))).await?;
                }
            }
        }
    }

    /// Awaits `wait`, but fails as soon as the client is closed.
    async fn cancel_on_close<T>(&self, wait: impl Future<Output = T>) -> Result<T, CallError> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(CallError::Closed),
            done = wait => Ok(done),
        }
    }

    /// Makes one attempt. Returns the verdict and the response body.
    async fn attempt(&self, path: &str, permit: Permit) -> (Verdict, Vec<u8>) {
        let retry = |reason: String| (Verdict::Retry { reason, retry_after: None }, Vec::new());
        let Ok(url) = self.base.join(path) else {
            return retry("an invalid URL".to_owned());
        };
        let response = self.client.get(url).send().await;
        drop(permit);
        let response = match response {
            Ok(response) => response,
            Err(error) => return retry(describe(error)),
        };
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let now = UNIX_EPOCH + Duration::from_secs(self.clock.unix().cast_unsigned());
        match body(response).await {
            Ok(body) => (classify(status, retry_after.as_deref(), &body, now), body),
            // An error status is valid even if the body is incomplete.
            Err(error) => match classify(status, retry_after.as_deref(), b"", now) {
                Verdict::Success => (error, Vec::new()),
                verdict => (verdict, Vec::new()),
            },
        }
    }

    /// Returns the delay before the next attempt: exponential backoff with 50 % jitter, so that requests
    /// that failed together aren't retried together.
    fn backoff(&self, tries: u32) -> Duration {
        let max_pause = (MIN_BACKOFF * 2_u32.pow(tries.min(16) - 1)).min(MAX_BACKOFF);
        let mut jitter = self.jitter.lock().unwrap_or_else(PoisonError::into_inner);
        max_pause.mul_f64(0.5 + 0.5 * f64::from(jitter.next_u32()) / f64::from(u32::MAX))
    }
}

/// Reads and decompresses a response body, up to the size limit.
async fn body(mut response: Response) -> Result<Vec<u8>, Verdict> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY => {
                let limit = MAX_BODY >> 20;
                let reason = format!("a response of more than {limit} MiB");
                return Err(Verdict::Refused { reason });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => {
                let reason = format!("the response is incomplete: {}", describe(error));
                return Err(Verdict::Retry { reason, retry_after: None });
            }
        }
    }
}

/// Checks that a `watch/providers` response has a `results` object. Storing a response without one would
/// erase known availability.
fn check_providers(body: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Regions {
        #[serde(rename = "results")]
        _results: serde_json::Map<String, serde_json::Value>,
    }
    let regions: Result<Regions, _> = serde_json::from_slice(body);
    regions.map(|_| ()).map_err(|_| "a response without regions".to_owned())
}

/// Checks that `body` is a complete JSON object for the movie `id`.
fn check_movie(id: TmdbId, body: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct MovieIdOnly {
        id: u32,
    }
    match serde_json::from_slice(body) {
        Ok(MovieIdOnly { id: found }) if found == id.0 => Ok(()),
        Ok(MovieIdOnly { id: found }) => Err(format!("a response about movie {found} instead")),
        Err(error) => Err(format!("an unreadable response: {error}")),
    }
}
