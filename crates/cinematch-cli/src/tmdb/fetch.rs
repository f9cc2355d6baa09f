//! `cinematch fetch tmdb`: flags, requests and the printed report.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use cinematch::ids::{MovieId, TmdbId};
use cinematch::sources::movielens;
use cinematch_fetch::clock::Clock;
use cinematch_fetch::tmdb::api::{Api, ApiSettings, TMDB};
use cinematch_fetch::tmdb::fetch::{
    self, Fetcher, MAX_PROVIDERS_AGE, Resource, StopReason, Summary,
};
use cinematch_fetch::tmdb::store::Store;
use cinematch_fetch::tmdb::tables::Tables;
use cinematch_fetch::tmdb::token::Token;
use clap::Args;
use serde::Serialize;

use super::files::{TmdbFiles, TmdbPaths, import_existing, write_tables};
use super::progress::FetchProgress;
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted, thousands};
use crate::paths::{PackedPath, RawPath, display_path, read_file};
use crate::pipeline::inputs::{ReadMode, load_ratings, ratings_path};
use crate::runtime::block_on;

const TOKEN: &str = "TMDB_BEARER_TOKEN";

/// Flags for `cinematch fetch tmdb`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
                  cinematch fetch tmdb                    the 500 most-rated movies, to try it out\n  \
                  cinematch fetch tmdb --all --region DE  every movie in links.csv; resumes after a stop\n  \
                  cinematch fetch tmdb --update           movies that changed or are too old to keep\n  \
                  cinematch fetch tmdb --providers        streaming services older than a week\n\n\
                  Set TMDB_BEARER_TOKEN in the environment or in .env to the `API Read Access Token` from \
                  https://www.themoviedb.org/settings/api (free).")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct FetchTmdb {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    packed: PackedPath,
    #[command(flatten)]
    files: TmdbFiles,
    /// Number of movies to fetch, most rated first
    #[arg(long, default_value_t = 500, value_name = "N", conflicts_with = "all")]
    max_ids: usize,
    /// Fetch all movies in links.csv
    #[arg(long)]
    all: bool,
    /// Refetch movies that changed or are older than six months, the limit in TMDB's terms
    #[arg(long, conflicts_with_all = ["all", "max_ids", "providers"])]
    update: bool,
    /// Refetch streaming services that are at least a week old
    #[arg(long, conflicts_with_all = ["all", "max_ids", "refresh_missing"])]
    providers: bool,
    /// Retry movies that TMDB did not have
    #[arg(long)]
    refresh_missing: bool,
    /// Maximum number of requests per second
    #[arg(long, default_value_t = 40, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Base URL of the API
    #[arg(long, env = "CINEMATCH_TMDB_URL", default_value = TMDB, hide = true, value_name = "URL")]
    url: String,
    /// Factor by which the clock runs faster, for tests with a local server
    #[arg(long, env = "CINEMATCH_CLOCK_SPEED", default_value_t = 1, hide = true, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    clock_speed: u32,
    /// Days by which the clock is ahead, for tests with a local server
    #[arg(long, env = "CINEMATCH_CLOCK_AHEAD", default_value_t = 0, hide = true, value_name = "DAYS",
          value_parser = clap::value_parser!(i64).range(0..=36_500))]
    clock_ahead: i64,
}

/// JSON output of `cinematch fetch tmdb`.
#[derive(Serialize)]
struct Report<'a> {
    asked: usize,
    found: usize,
    /// Number of movies found under another ID than the one in `links.csv`.
    moved: usize,
    missing: usize,
    failed: usize,
    failures: Vec<Failure<'a>>,
    /// Number of movies that were not requested because the run ended early.
    left: usize,
    /// Number of requested movies that were already stored.
    already: usize,
    changed: Option<usize>,
    expired: Option<usize>,
    dropped: Option<u64>,
    bytes: u64,
    seconds: f64,
    ended: Option<String>,
    region: &'a str,
    #[serde(rename = "films")]
    movies: u64,
    #[serde(rename = "films_with_services")]
    movies_with_services: u64,
    metadata: String,
    providers: String,
}

#[derive(Serialize)]
struct Failure<'a> {
    tmdb_id: TmdbId,
    reason: &'a str,
}

impl<'a> Report<'a> {
    /// Creates a report on the requests made in a run. The caller adds the table counts.
    fn new(plan: &Plan, summary: &'a Summary, files: &TmdbPaths) -> Self {
        let failures = summary.failures.iter();
        Self {
            asked: plan.movies.len() - summary.n_remaining,
            found: summary.found,
            moved: summary.moved,
            missing: summary.missing,
            failed: summary.failed,
            failures: failures.map(|(id, reason)| Failure { tmdb_id: *id, reason }).collect(),
            left: summary.n_remaining,
            already: plan.already,
            changed: plan.update.as_ref().and_then(|update| update.changed),
            expired: plan.update.as_ref().map(|update| update.expired),
            dropped: None,
            bytes: summary.bytes,
            seconds: summary.seconds,
            ended: summary.ended.as_ref().map(ToString::to_string),
            region: "",
            movies: 0,
            movies_with_services: 0,
            metadata: display_path(&files.metadata),
            providers: display_path(&files.providers),
        }
    }
}

/// Movies in `links.csv`.
#[derive(Default)]
struct Requested {
    /// IDs to fetch, most rated first.
    movie_ids: Vec<TmdbId>,
    /// IMDb IDs of all movies, by which TMDB can find those whose ID it has dropped.
    imdb_ids: HashMap<TmdbId, String>,
}

/// Movies that a run will request.
#[derive(Default)]
struct Plan {
    movies: Vec<TmdbId>,
    already: usize,
    update: Option<fetch::Update>,
}

impl FetchTmdb {
    /// Returns true if a token is set and there are stored replies to update.
    pub fn can_update(&self, global: &Global) -> bool {
        let has_token = std::env::var(TOKEN).is_ok_and(|token| !token.trim().is_empty());
        has_token && self.files.resolve(global).store.exists()
    }

    /// Fetches the movies and writes the tables.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let token = token(global)?;
        let requested = if self.update || self.providers {
            Requested::default()
        } else {
            self.requested(global, output)?
        };
        block_on(Some(2), self.fetch(&token, requested, global, output))
    }

    async fn fetch(
        &self,
        token: &Token,
        requested: Requested,
        global: &Global,
        output: &Output,
    ) -> Result<()> {
        let clock = Clock::system(self.clock_speed).advanced_by(self.clock_ahead * 24 * 60 * 60);
        let files = self.files.resolve(global);
        let store = Store::open(&files.store).await?;
        let region = self.files.region(&store, output).await?;
        let seed = u64::from(std::process::id()) ^ clock.unix().cast_unsigned();
        let settings = ApiSettings { base: self.url.clone(), rate: self.rate, seed };
        let api = Arc::new(Api::new(token, &settings, clock)?);
        // Movies in an existing table are imported before the table is replaced.
        import_existing(&store, &files, output).await?;
        fetch::record_start(&store, clock).await?;

        let Requested { movie_ids, imdb_ids } = requested;
        let fetcher = Fetcher { api, store: &store, clock, imdb_ids };
        let plan = self.plan(&fetcher, movie_ids).await?;
        let resource = if self.providers { Resource::Providers } else { Resource::Movie };
        let progress =
            FetchProgress::new(output, plan.movies.len() as u64, "requesting movies from TMDB");
        let summary = fetcher
            .run(resource, plan.movies.clone(), interrupt_signal(), |state| {
                progress.update(state.done as u64, state.failed as u64, state.remaining_pause);
            })
            .await?;
        drop(progress);
        let dropped = if self.update && summary.ended.is_none() {
            Some(store.delete_older(clock.unix() - fetch::MAX_CACHE_AGE).await?)
        } else {
            None
        };
        let tables = write_tables(&store, &region, &files, output).await?;
        store.close().await;

        output.json(&Report {
            dropped,
            region: &region,
            movies: tables.movies,
            movies_with_services: tables.with_services,
            ..Report::new(&plan, &summary, &files)
        })?;
        print_summary(&plan, &summary, dropped, output);
        self.print_tables(&tables, &region, &files.metadata, output);
        match summary.ended {
            Some(StopReason::Interrupted) => std::process::exit(130),
            Some(ended) => Err(anyhow!("{ended}")),
            None if summary.failed > 0 => Err(anyhow!(
                "{} failed; run the command again to request only these",
                movies(summary.failed)
            )),
            None => Ok(()),
        }
    }

    /// Returns the movies in links.csv to fetch, most rated first.
    fn requested(&self, global: &Global, output: &Output) -> Result<Requested> {
        let raw = self.raw.resolve(global);
        let path = raw.join("links.csv");
        let bytes = read_file(
            &path,
            "run `cinematch fetch movielens` first, or pass its folder with --raw",
        )?;
        let links = movielens::links(&display_path(&path), &bytes)?;
        output.warn_problems(&links.problems);
        let imdb_ids = links
            .records
            .iter()
            .filter_map(|link| Some((link.tmdb_id?, link.imdb_id.as_deref()?.to_owned())));
        let imdb_ids = imdb_ids.collect();
        let mut movies: Vec<(MovieId, TmdbId)> =
            links.records.iter().filter_map(|link| Some((link.movie_id, link.tmdb_id?))).collect();
        if ratings_path(&raw).exists() {
            let mode = ReadMode { refresh: false, read_only: true };
            let loaded = load_ratings(mode, &self.raw, &self.packed, global, output)?;
            let interactions = &loaded.interactions;
            let count = |movie: &(MovieId, TmdbId)| {
                let row = interactions.movies().index_of(movie.0);
                row.map_or(0, |row| interactions.movie_ratings(row).len())
            };
            // The sort is stable: movies with equal counts stay in file order.
            movies.sort_by_cached_key(|movie| std::cmp::Reverse(count(movie)));
        }
        let mut seen = HashSet::new();
        let mut movie_ids: Vec<TmdbId> =
            movies.into_iter().map(|(_, id)| id).filter(|id| seen.insert(*id)).collect();
        if movie_ids.is_empty() {
            bail!("{} contains no TMDB IDs; there is nothing to fetch", display_path(&path));
        }
        if !self.all && movie_ids.len() > self.max_ids {
            output.note(format_args!(
                "{DIM}fetching {} of {} movies; --all fetches every movie{DIM:#}",
                thousands(self.max_ids as u64),
                thousands(movie_ids.len() as u64)
            ));
            movie_ids.truncate(self.max_ids);
        }
        Ok(Requested { movie_ids, imdb_ids })
    }

    async fn plan(&self, fetcher: &Fetcher<'_>, movie_ids: Vec<TmdbId>) -> Result<Plan> {
        let (store, clock) = (fetcher.store, fetcher.clock);
        if (self.update || self.providers) && store.movie_statuses().await?.is_empty() {
            bail!("no stored replies to refresh; run `cinematch fetch tmdb` first");
        }
        if self.update {
            let update = fetch::mark_outdated(&fetcher.api, store, clock).await?;
            let known = store.movie_statuses().await?;
            let mut movies: Vec<TmdbId> = known.keys().copied().collect();
            movies.sort_unstable();
            let movies = fetch::pending(&movies, &known, self.refresh_missing);
            return Ok(Plan { already: known.len() - movies.len(), movies, update: Some(update) });
        }
        let known = store.movie_statuses().await?;
        if self.providers {
            let old = clock.unix() - MAX_PROVIDERS_AGE;
            let mut movies: Vec<TmdbId> = known
                .iter()
                .filter(|(_, known)| !known.missing && known.providers_at <= old)
                .map(|(id, _)| *id)
                .collect();
            movies.sort_unstable();
            return Ok(Plan { already: known.len() - movies.len(), movies, update: None });
        }
        let movies = fetch::pending(&movie_ids, &known, self.refresh_missing);
        Ok(Plan { already: movie_ids.len() - movies.len(), movies, update: None })
    }

    fn print_tables(&self, tables: &Tables, region: &str, metadata: &Path, output: &Output) {
        for (id, reason) in tables.unreadable.iter().take(5) {
            output.warn(format_args!("movie {id} is missing from the table: {reason}"));
        }
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: {}, {} of them streaming in {region} {DIM}(data by JustWatch \
             and TMDB){DIM:#}",
            display_path(metadata),
            counted(tables.movies, "movie"),
            thousands(tables.with_services)
        ));
        if tables.movies > 0 && tables.with_services == 0 && !self.files.region_is_named() {
            output.warn(format_args!(
                "no movie streams in {region}; if that is not your country, pass yours with --region"
            ));
        }
        if tables.movies > 0 {
            output.note(format_args!("{DIM}next: cinematch preprocess{DIM:#}"));
        }
    }
}

fn print_summary(plan: &Plan, summary: &Summary, dropped: Option<u64>, output: &Output) {
    if let Some(update) = &plan.update {
        match update.changed {
            Some(changed) => output.note(format_args!("{} changed at TMDB", movies(changed))),
            None => output.note(
                "TMDB lists changes of the last 14 days only, and the last run is older; all movies are \
                 fetched again",
            ),
        }
        if update.expired > 0 {
            output.note(format_args!("{} older than six months", movies(update.expired)));
        }
        if update.expired > 0 && summary.ended.is_some() {
            output.warn(
                "movies older than six months are still stored, which TMDB's terms do not allow; run \
                 --update again to refresh or delete them",
            );
        }
    }
    if plan.already > 0 {
        output.note(format_args!("{} stored already", movies(plan.already)));
    }
    for (id, reason) in &summary.failures {
        output.warn(format_args!("movie {id}: {reason}"));
    }
    let unlisted = summary.failed - summary.failures.len();
    if unlisted > 0 {
        output.warn(format_args!("and {} more failed", movies(unlisted)));
    }
    if let Some(dropped) = dropped.filter(|dropped| *dropped > 0) {
        output.warn(format_args!(
            "{} older than six months could not be refreshed and were deleted",
            movies(dropped as usize)
        ));
    }
    let n_requested = summary.found + summary.missing + summary.failed;
    if n_requested > 0 {
        output.note(format_args!(
            "{} fetched, {} not found at TMDB, {} failed, in {} ({:.0} per second)",
            movies(summary.found),
            thousands(summary.missing as u64),
            thousands(summary.failed as u64),
            duration(summary.seconds),
            n_requested as f64 / summary.seconds.max(0.001)
        ));
    }
    if summary.moved > 0 {
        output.note(format_args!(
            "{} found by IMDb ID, because TMDB no longer has the ID in links.csv",
            movies(summary.moved)
        ));
    }
    if summary.n_remaining > 0 {
        output.note(format_args!("{} not requested yet", movies(summary.n_remaining)));
    }
}

fn movies(n: usize) -> String {
    counted(n as u64, "movie")
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{seconds:.1} s"),
        _ => format!("{}:{:02} min", seconds as u64 / 60, seconds as u64 % 60),
    }
}

/// Returns the token from the environment. The error explains how to get a token and where to set it.
fn token(global: &Global) -> Result<Token> {
    let env_file: PathBuf = global.root.join(".env");
    let text = std::env::var(TOKEN).unwrap_or_default();
    if text.trim().is_empty() {
        bail!(
            "{TOKEN} is not set: get the `API Read Access Token` (free) from \
             https://www.themoviedb.org/settings/api and add the line {TOKEN}=… to {}, or set it in the \
             environment",
            display_path(&env_file)
        );
    }
    Ok(Token::parse(&text)?)
}

/// Completes on Ctrl-C or SIGTERM.
async fn interrupt_signal() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => {
            if result.context("cannot listen for Ctrl-C").is_err() {
                std::future::pending::<()>().await;
            }
        }
        () = terminated => {}
    }
}
