//! Fetches many movies concurrently and stores every response as it arrives.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cinematch::ids::TmdbId;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Sleep};

use super::answer::Stop;
use super::api::{Api, CallError, Movie};
use super::store::{KnownMovies, Store, StoreError};
use crate::clock::Clock;

/// Number of concurrent requests. At 40 requests per second this covers a response time of 0.8 s.
const CONCURRENCY: usize = 32;

/// Number of consecutive failures after which a run ends, because the network or TMDb is down and trying
/// the rest would take hours.
const HOPELESS: u32 = 40;

/// Time an ending run waits for the responses to requests already sent.
const GRACE: Duration = Duration::from_secs(3);

/// Interval of progress reports.
const LOOK: Duration = Duration::from_secs(1);

/// Maximum number of failures listed in a summary.
const LISTED: usize = 20;

const DAY: i64 = 24 * 60 * 60;

/// Maximum age of stored responses. TMDb's terms allow caching for six months.
pub const CACHING_LIMIT: i64 = 183 * DAY;

/// Maximum age of watch providers, which change weekly.
pub const PROVIDERS_LIMIT: i64 = 7 * DAY;

/// Maximum span of TMDb's list of changes, in days.
const CHANGES_WINDOW: i64 = 14;

/// Resource to request for a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The movie with all appended resources.
    Movie,
    /// Its watch providers only.
    Providers,
}

/// Returns the movies to fetch, in the order of `wanted`: those not yet requested and those marked stale.
/// With `refresh_missing`, also those that TMDb did not have.
pub fn pending(wanted: &[TmdbId], known: &KnownMovies, refresh_missing: bool) -> Vec<TmdbId> {
    let asked = |id: &&TmdbId| {
        known.get(id).is_none_or(|known| known.stale || (known.missing && refresh_missing))
    };
    wanted.iter().filter(asked).copied().collect()
}

/// Result of `--update`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Number of movies changed since the last run; `None` if the last run precedes TMDb's list of changes.
    pub changed: Option<usize>,
    /// Number of movies older than six months.
    pub expired: usize,
}

/// Setting with the date until which changes were processed.
const SEEN_UNTIL: &str = "changes_seen_until";

/// Records the start date of the first run, from which later updates list changes.
pub async fn begin(store: &Store, clock: Clock) -> Result<(), StoreError> {
    if store.setting(SEEN_UNTIL).await?.is_none() {
        store.set(SEEN_UNTIL, &date(clock.unix())).await?;
    }
    Ok(())
}

/// Marks movies to fetch again: those changed since the last run, and those older than TMDb's terms allow.
/// Marks all of them or, if interrupted, none.
pub async fn mark_outdated(api: &Api, store: &Store, clock: Clock) -> Result<Update, FetchError> {
    let known = store.known().await?;
    let today = clock.unix() / DAY;
    let seen_until = store.setting(SEEN_UNTIL).await?;
    let seen_until = seen_until.and_then(|text| day(&text));
    let listed = match seen_until.filter(|seen| today - seen <= CHANGES_WINDOW) {
        Some(seen) => Some(
            api.changes(&date(seen * DAY), &date(today * DAY))
                .await
                .map_err(FetchError::Changes)?,
        ),
        None => None,
    };
    let expired: Vec<TmdbId> = known
        .iter()
        .filter(|(_, known)| !known.missing && known.fetched_at < clock.unix() - CACHING_LIMIT)
        .map(|(id, _)| *id)
        .collect();
    let held = |id: &TmdbId| known.get(id).is_some_and(|known| !known.missing);
    let changed: Vec<TmdbId> = match &listed {
        Some(listed) => listed.iter().copied().filter(held).collect(),
        None => known.keys().copied().filter(held).collect(),
    };
    let update = Update { changed: listed.map(|_| changed.len()), expired: expired.len() };
    let marked = changed.into_iter().chain(expired);
    store.mark_stale(marked, &date(today * DAY)).await?;
    Ok(update)
}

/// An update could not be determined or stored.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// TMDb's list of changes could not be fetched.
    #[error("cannot ask TMDb which films changed: {0}")]
    Changes(CallError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Progress of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of movies finished, including failures.
    pub done: usize,
    /// Number of movies that failed.
    pub failed: usize,
    /// Remaining time of the pause that TMDb requested.
    pub waits: Duration,
}

/// Reason that a run ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// TMDb rejects all requests.
    Stopped(Stop),
    /// Too many consecutive failures; contains the last one's description.
    Hopeless(String),
    /// The caller interrupted the run.
    Interrupted,
}

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(stop) => stop.fmt(out),
            Self::Hopeless(reason) => write!(
                out,
                "TMDb gave no answer for {HOPELESS} films in a row, at last: {reason}. Check the \
                 network, or https://status.themoviedb.org, and run it again: it goes on from here"
            ),
            Self::Interrupted => {
                out.write_str("interrupted; run it again, and it goes on from here")
            }
        }
    }
}

/// Statistics of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Number of movies found.
    pub found: usize,
    /// Number of movies that TMDb does not have.
    pub missing: usize,
    /// Number of movies that failed.
    pub failed: usize,
    /// The first failures, with their reasons.
    pub failures: Vec<(TmdbId, String)>,
    /// Number of movies not requested because the run ended early.
    pub left: usize,
    /// Size of the responses in bytes, uncompressed.
    pub bytes: u64,
    /// Duration in seconds.
    pub seconds: f64,
    /// Reason if the run ended early.
    pub ended: Option<Ended>,
}

/// Fetches movies from TMDb into a store.
#[derive(Debug)]
pub struct Fetcher<'a> {
    /// Client of the API.
    pub api: Arc<Api>,
    /// Store of the responses.
    pub store: &'a Store,
    /// Clock for the timestamps of responses.
    pub clock: Clock,
}

impl Fetcher<'_> {
    /// Requests all `movies` in order and stores each response as it arrives. Ends early if TMDb rejects all
    /// requests, after 40 consecutive failures, or when `interrupt` completes.
    pub async fn run(
        &self,
        ask: Ask,
        movies: Vec<TmdbId>,
        interrupt: impl Future<Output = ()>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Summary, StoreError> {
        let mut run = Run::new(self, ask, movies);
        let mut interrupt = std::pin::pin!(interrupt);
        let mut look = tokio::time::interval(LOOK);
        loop {
            run.send();
            tokio::select! {
                answer = run.in_flight.join_next() => {
                    let Some(answer) = answer else { break };
                    if run.record(answer).await? {
                        progress(run.progress());
                    }
                }
                () = &mut interrupt, if !run.has_ended() => run.end(Ended::Interrupted),
                () = &mut run.grace, if run.has_ended() => run.abort(),
                _ = look.tick() => progress(run.progress()),
            }
        }
        Ok(run.finish())
    }
}

/// State of a run.
struct Run<'a> {
    fetcher: &'a Fetcher<'a>,
    ask: Ask,
    /// Movies not requested yet.
    waiting: std::vec::IntoIter<TmdbId>,
    /// Requests without a response.
    in_flight: JoinSet<(TmdbId, Result<Movie, CallError>)>,
    failures_in_a_row: u32,
    done: usize,
    summary: Summary,
    started: Duration,
    /// Completes when an ended run stops waiting for responses.
    grace: Pin<Box<Sleep>>,
}

impl<'a> Run<'a> {
    fn new(fetcher: &'a Fetcher<'a>, ask: Ask, movies: Vec<TmdbId>) -> Self {
        Self {
            fetcher,
            ask,
            waiting: movies.into_iter(),
            in_flight: JoinSet::new(),
            failures_in_a_row: 0,
            done: 0,
            summary: Summary::default(),
            started: fetcher.clock.elapsed(),
            grace: Box::pin(tokio::time::sleep(GRACE)),
        }
    }

    fn has_ended(&self) -> bool {
        self.summary.ended.is_some()
    }

    fn progress(&self) -> Progress {
        let waits = self.fetcher.api.waits();
        Progress { done: self.done, failed: self.summary.failed, waits }
    }

    /// Sends requests up to the limit of concurrency.
    fn send(&mut self) {
        while !self.has_ended() && self.in_flight.len() < CONCURRENCY {
            let Some(id) = self.waiting.next() else { break };
            self.in_flight.spawn(asked(Arc::clone(&self.fetcher.api), self.ask, id));
        }
    }

    /// Ends the run: no further requests. Those already sent may get a response for [`GRACE`]. The first
    /// reason is kept.
    fn end(&mut self, reason: Ended) {
        if !self.has_ended() {
            self.summary.ended = Some(reason);
            self.fetcher.api.close();
            self.grace.as_mut().reset(Instant::now() + GRACE);
        }
    }

    /// Aborts the requests without a response.
    fn abort(&mut self) {
        self.in_flight.abort_all();
        self.grace.as_mut().reset(Instant::now() + GRACE);
    }

    /// Records the result of a request. Returns true if the movie is done, false if it is left to a later
    /// run.
    async fn record(
        &mut self,
        answer: Result<(TmdbId, Result<Movie, CallError>), JoinError>,
    ) -> Result<bool, StoreError> {
        let (id, answer) = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_cancelled() => {
                self.summary.left += 1;
                return Ok(false);
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        match answer {
            Ok(movie) => {
                self.store(id, &movie).await?;
                self.failures_in_a_row = 0;
            }
            Err(CallError::Failed(reason)) => {
                self.failures_in_a_row += 1;
                self.summary.fail(id, reason.clone());
                if self.failures_in_a_row == HOPELESS {
                    self.end(Ended::Hopeless(reason));
                }
            }
            Err(CallError::Stop(stop)) => {
                self.summary.left += 1;
                self.end(Ended::Stopped(stop));
            }
            Err(CallError::Closed) => {
                self.summary.left += 1;
                return Ok(false);
            }
        }
        self.done += 1;
        Ok(true)
    }

    async fn store(&mut self, id: TmdbId, movie: &Movie) -> Result<(), StoreError> {
        let (store, at) = (self.fetcher.store, self.fetcher.clock.unix());
        match (self.ask, movie) {
            (Ask::Movie, Movie::Found(body)) => store.put(id, Some(body), at).await?,
            (Ask::Movie, Movie::Missing) => store.put(id, None, at).await?,
            (Ask::Providers, Movie::Found(body)) => store.put_providers(id, body, at).await?,
            (Ask::Providers, Movie::Missing) => store.put_providers(id, b"{}", at).await?,
        }
        match movie {
            Movie::Found(body) => {
                self.summary.found += 1;
                self.summary.bytes += body.len() as u64;
            }
            Movie::Missing => self.summary.missing += 1,
        }
        Ok(())
    }

    fn finish(self) -> Summary {
        let mut summary = self.summary;
        summary.left += self.waiting.len();
        summary.failures.sort_unstable();
        let seconds = self.fetcher.clock.elapsed().saturating_sub(self.started);
        summary.seconds = seconds.as_secs_f64();
        summary
    }
}

async fn asked(api: Arc<Api>, ask: Ask, id: TmdbId) -> (TmdbId, Result<Movie, CallError>) {
    let answer = match ask {
        Ask::Movie => api.movie(id).await,
        Ask::Providers => api.providers(id).await,
    };
    (id, answer)
}

impl Summary {
    fn fail(&mut self, id: TmdbId, reason: String) {
        self.failed += 1;
        if self.failures.len() < LISTED {
            self.failures.push((id, reason));
        }
    }
}

/// Formats a Unix time as `2026-11-25`.
fn date(unix: i64) -> String {
    let date = time::OffsetDateTime::from_unix_timestamp(unix)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
        .date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Parses `2026-11-25` to days since 1970.
fn day(text: &str) -> Option<i64> {
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
    use crate::tmdb::store::Known;

    #[test]
    fn date_and_day_are_inverse_functions() {
        assert_eq!(day(&date(1_795_630_000)), Some(1_795_630_000 / DAY));
        assert_eq!(day("2024-02-29").map(|day| date(day * DAY)).as_deref(), Some("2024-02-29"));
        assert_eq!(day("2026-13-01"), None);
    }

    #[test]
    fn pending_skips_stored_movies_unless_stale_or_missing() {
        let known = |missing, stale| Known { missing, stale, fetched_at: 0, providers_at: 0 };
        let ids = [1, 2, 3, 4].map(TmdbId);
        let store: KnownMovies = [
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
