//! Fetches many movies concurrently and stores each response as it arrives.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cinematch::ids::TmdbId;
use tokio::task::JoinSet;

use super::api::{Api, CallError, MovieResponse};
use super::store::{MovieStatuses, Store, StoreError};
use super::verdict::Stop;
use crate::clock::Clock;

/// Number of concurrent requests. At 40 requests per second, this allows for a response time of 0.8 s.
const CONCURRENCY: usize = 32;

/// Number of consecutive failures after which a run ends. At that point the network or TMDB is down, and
/// trying all the other movies would take hours.
const MAX_CONSECUTIVE_FAILURES: u32 = 40;

/// Time that a run waits for outstanding responses when it is ending.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

/// Interval between progress reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum number of failures listed in a summary.
const MAX_LISTED_FAILURES: usize = 20;

const DAY: i64 = 24 * 60 * 60;

/// Maximum age of stored responses, in seconds. TMDB's terms allow caching for six months.
pub const MAX_CACHE_AGE: i64 = 183 * DAY;

/// Maximum age of stored watch providers, in seconds. They change weekly.
pub const MAX_PROVIDERS_AGE: i64 = 7 * DAY;

/// Maximum period covered by TMDB's list of changes, in days.
const CHANGES_WINDOW_DAYS: i64 = 14;

/// The resource to request for each movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The movie with all appended resources.
    Movie,
    /// Only the movie's watch providers.
    Providers,
}

/// Returns the movies to fetch, in the order of `requested`: those that have never been requested and
/// those marked stale. If `refresh_missing` is set, also returns movies that TMDB didn't have.
pub fn pending(requested: &[TmdbId], known: &MovieStatuses, refresh_missing: bool) -> Vec<TmdbId> {
    let is_pending = |id: &&TmdbId| {
        known.get(id).is_none_or(|known| known.stale || (known.missing && refresh_missing))
    };
    requested.iter().filter(is_pending).copied().collect()
}

/// The result of `--update`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Number of movies that changed since the last run; `None` if that was too long ago for TMDB's list
    /// of changes.
    pub changed: Option<usize>,
    /// Number of movies whose responses are more than six months old.
    pub expired: usize,
}

/// Name of the setting that stores the date up to which changes have been processed.
const CHANGES_SEEN_UNTIL: &str = "changes_seen_until";

/// Records the start date of the first run. Later updates list changes from that date.
pub async fn record_start(store: &Store, clock: Clock) -> Result<(), StoreError> {
    if store.setting(CHANGES_SEEN_UNTIL).await?.is_none() {
        store.save_setting(CHANGES_SEEN_UNTIL, &format_date(clock.unix())).await?;
    }
    Ok(())
}

/// Marks movies to be fetched again: those that changed since the last run, and those older than TMDB's
/// terms allow. If interrupted, none are marked.
pub async fn mark_outdated(api: &Api, store: &Store, clock: Clock) -> Result<Update, FetchError> {
    let known = store.movie_statuses().await?;
    let today = clock.unix() / DAY;
    let seen_until = store.setting(CHANGES_SEEN_UNTIL).await?;
    let seen_until = seen_until.and_then(|text| parse_day(&text));
    let listed = match seen_until.filter(|seen| today - seen <= CHANGES_WINDOW_DAYS) {
        Some(seen) => Some(
            api.changes(&format_date(seen * DAY), &format_date(today * DAY))
                .await
                .map_err(FetchError::Changes)?,
        ),
        None => None,
    };
    let expired: Vec<TmdbId> = known
        .iter()
        .filter(|(_, known)| !known.missing && known.fetched_at < clock.unix() - MAX_CACHE_AGE)
        .map(|(id, _)| *id)
        .collect();
    let is_stored = |id: &TmdbId| known.get(id).is_some_and(|known| !known.missing);
    let changed: Vec<TmdbId> = match &listed {
        Some(listed) => listed.iter().copied().filter(is_stored).collect(),
        None => known.keys().copied().filter(is_stored).collect(),
    };
    let update = Update { changed: listed.map(|_| changed.len()), expired: expired.len() };
    let outdated = changed.into_iter().chain(expired);
    store.mark_stale(outdated, &format_date(today * DAY)).await?;
    Ok(update)
}

/// Error returned when an update fails.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// TMDB's list of changes could not be fetched.
    #[error("cannot fetch TMDB's list of changes: {0}")]
    Changes(CallError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Progress of a fetch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of movies finished, including those that failed.
    pub done: usize,
    /// Number of movies that could not be fetched.
    pub failed: usize,
    /// Time left in the pause that TMDB requested.
    pub remaining_pause: Duration,
}

/// The reason why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// TMDB rejects all requests.
    Stopped(Stop),
    /// Too many consecutive requests failed. Holds the reason for the last failure.
    TooManyFailures(String),
    /// The caller interrupted the run.
    Interrupted,
}

impl fmt::Display for StopReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(stop) => stop.fmt(out),
            Self::TooManyFailures(reason) => write!(
                out,
                "TMDB requests for {MAX_CONSECUTIVE_FAILURES} movies in a row failed; last failure: {reason}. Check \
                 the network and https://status.themoviedb.org, then run the command again to resume"
            ),
            Self::Interrupted => out.write_str("interrupted; run the command again to resume"),
        }
    }
}

/// Statistics for a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Number of movies found.
    pub found: usize,
    /// Number of movies that TMDB has under another ID than the requested one. They are also counted as found.
    pub moved: usize,
    /// Number of movies that TMDB doesn't have.
    pub missing: usize,
    /// Number of movies that failed.
    pub failed: usize,
    /// The first few failures and their reasons.
    pub failures: Vec<(TmdbId, String)>,
    /// Number of movies that were not requested because the run ended early.
    pub n_remaining: usize,
    /// Total size of the responses in bytes, uncompressed.
    pub bytes: u64,
    /// Duration of the run, in seconds.
    pub seconds: f64,
    /// The reason why the run ended early; `None` if it completed.
    pub ended: Option<StopReason>,
}

/// State of a run.
#[derive(Default)]
struct RunState {
    summary: Summary,
    /// Number of requests that have an outcome.
    done: usize,
    /// Number of consecutive failures.
    failures_in_a_row: u32,
}

impl RunState {
    fn progress(&self, api: &Api) -> Progress {
        Progress {
            done: self.done,
            failed: self.summary.failed,
            remaining_pause: api.remaining_pause(),
        }
    }
}

/// Fetches movies from TMDB into a store.
#[derive(Debug)]
pub struct Fetcher<'a> {
    /// Client for TMDB's API.
    pub api: Arc<Api>,
    /// Store that receives the responses.
    pub store: &'a Store,
    /// Clock used for the timestamps of responses.
    pub clock: Clock,
    /// IMDb IDs, without `tt`, by which to look up movies whose TMDB ID no longer exists.
    pub imdb_ids: HashMap<TmdbId, String>,
}

impl Fetcher<'_> {
    /// Requests all `movies` in order and stores each response as it arrives. Ends early if TMDB rejects
    /// all requests, after 40 consecutive failures, or when `interrupt` completes.
    pub async fn run(
        &self,
        resource: Resource,
        movies: Vec<TmdbId>,
        interrupt: impl Future<Output = ()>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Summary, StoreError> {
        let started = self.clock.elapsed();
        let mut state = RunState::default();
        let mut remaining = movies.into_iter();
        let mut requests = JoinSet::new();
        let mut interrupt = std::pin::pin!(interrupt);
        let mut report_interval = tokio::time::interval(REPORT_INTERVAL);
        let mut grace = std::pin::pin!(tokio::time::sleep(Duration::MAX / 4));
        loop {
            while state.summary.ended.is_none() && requests.len() < CONCURRENCY {
                let Some(id) = remaining.next() else { break };
                let imdb_id = self.imdb_ids.get(&id).cloned();
                requests.spawn(request(Arc::clone(&self.api), resource, id, imdb_id));
            }
            let joined = tokio::select! {
                answer = requests.join_next() => answer,
                () = &mut interrupt, if state.summary.ended.is_none() => {
                    state.summary.ended = Some(StopReason::Interrupted);
                    // Requests that have already been sent may still get a response.
                    self.api.close();
                    grace.as_mut().reset(tokio::time::Instant::now() + GRACE_PERIOD);
                    continue;
                }
                () = &mut grace, if state.summary.ended.is_some() => {
                    requests.abort_all();
                    grace.as_mut().reset(tokio::time::Instant::now() + GRACE_PERIOD);
                    continue;
                }
                _ = report_interval.tick() => {
                    progress(state.progress(&self.api));
                    continue;
                }
            };
            let (id, response) = match joined {
                None => break,
                Some(Ok(answer)) => answer,
                Some(Err(error)) if error.is_cancelled() => {
                    state.summary.n_remaining += 1;
                    continue;
                }
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            };
            let ended = self.record(resource, id, response, &mut state).await?;
            if ended.is_some() && state.summary.ended.is_none() {
                state.summary.ended = ended;
                self.api.close();
                grace.as_mut().reset(tokio::time::Instant::now() + GRACE_PERIOD);
            }
            progress(state.progress(&self.api));
        }
        let mut summary = state.summary;
        summary.n_remaining += remaining.len();
        summary.failures.sort_unstable();
        summary.seconds = self.clock.elapsed().saturating_sub(started).as_secs_f64();
        Ok(summary)
    }

    /// Records the outcome of a request. If the run must end because of it, returns the reason.
    async fn record(
        &self,
        resource: Resource,
        id: TmdbId,
        response: Result<MovieResponse, CallError>,
        state: &mut RunState,
    ) -> Result<Option<StopReason>, StoreError> {
        let summary = &mut state.summary;
        let ended = match response {
            Ok(movie) => {
                self.store_response(resource, id, &movie, summary).await?;
                state.failures_in_a_row = 0;
                None
            }
            Err(CallError::Failed(reason)) => {
                state.failures_in_a_row += 1;
                summary.add_failure(id, reason.clone());
                (state.failures_in_a_row == MAX_CONSECUTIVE_FAILURES)
                    .then_some(StopReason::TooManyFailures(reason))
            }
            Err(CallError::Stop(stop)) => {
                summary.n_remaining += 1;
                Some(StopReason::Stopped(stop))
            }
            // The request was never sent.
            Err(CallError::Closed) => {
                summary.n_remaining += 1;
                return Ok(None);
            }
        };
        state.done += 1;
        Ok(ended)
    }

    async fn store_response(
        &self,
        resource: Resource,
        id: TmdbId,
        movie: &MovieResponse,
        summary: &mut Summary,
    ) -> Result<(), StoreError> {
        let (store, fetched_at) = (self.store, self.clock.unix());
        match (resource, movie) {
            (Resource::Movie, MovieResponse::Found(body)) => {
                store.save_movie(id, Some(body), fetched_at).await?;
            }
            (Resource::Movie, MovieResponse::Missing) => {
                store.save_movie(id, None, fetched_at).await?;
            }
            // The current ID comes first: if interrupted, the requested one is looked up again.
            (Resource::Movie, MovieResponse::Moved { id: current, body }) => {
                store.save_movie(*current, Some(body), fetched_at).await?;
                store.save_movie(id, None, fetched_at).await?;
            }
            (
                Resource::Providers,
                MovieResponse::Found(body) | MovieResponse::Moved { body, .. },
            ) => {
                store.save_providers(id, body, fetched_at).await?;
            }
            (Resource::Providers, MovieResponse::Missing) => {
                store.save_providers(id, b"{}", fetched_at).await?;
            }
        }
        match movie {
            MovieResponse::Found(body) | MovieResponse::Moved { body, .. } => {
                summary.found += 1;
                summary.moved += usize::from(matches!(movie, MovieResponse::Moved { .. }));
                summary.bytes += body.len() as u64;
            }
            MovieResponse::Missing => summary.missing += 1,
        }
        Ok(())
    }
}

async fn request(
    api: Arc<Api>,
    resource: Resource,
    id: TmdbId,
    imdb_id: Option<String>,
) -> (TmdbId, Result<MovieResponse, CallError>) {
    let response = match resource {
        Resource::Movie => api.movie_or_moved(id, imdb_id.as_deref()).await,
        Resource::Providers => api.providers(id).await,
    };
    (id, response)
}

impl Summary {
    fn add_failure(&mut self, id: TmdbId, reason: String) {
        self.failed += 1;
        if self.failures.len() < MAX_LISTED_FAILURES {
            self.failures.push((id, reason));
        }
    }
}

/// Formats a Unix time as a date, such as `2026-11-25`.
fn format_date(unix: i64) -> String {
    let date = time::OffsetDateTime::from_unix_timestamp(unix)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
        .date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Parses a date, such as `2026-11-25`, as days since 1970.
fn parse_day(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let month = time::Month::try_from(month).ok()?;
    let date = time::Date::from_calendar_date(year, month, day).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp() / DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tmdb::store::MovieStatus;

    #[test]
    fn day_inverts_date_and_rejects_invalid_dates() {
        assert_eq!(parse_day(&format_date(1_795_630_000)), Some(1_795_630_000 / DAY));
        assert_eq!(
            parse_day("2024-02-29").map(|day| format_date(day * DAY)).as_deref(),
            Some("2024-02-29")
        );
        assert_eq!(parse_day("2026-13-01"), None);
    }

    #[test]
    fn pending_skips_stored_movies_unless_stale_or_missing() {
        let known = |missing, stale| MovieStatus { missing, stale, fetched_at: 0, providers_at: 0 };
        let ids = [1, 2, 3, 4].map(TmdbId);
        let store: MovieStatuses = [
            (TmdbId(1), known(false, false)),
            (TmdbId(2), known(true, false)),
            (TmdbId(3), known(false, true)),
        ]
        .into_iter()
        .collect();
        assert_eq!(pending(&ids, &store, false), [3, 4].map(TmdbId));
        assert_eq!(pending(&ids, &store, true), [2, 3, 4].map(TmdbId));
    }
}
