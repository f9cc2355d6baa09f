//! Checks the input files and the merged table.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cinematch::bundle::InputChecksum;
use cinematch::catalog::{Movie, read_merged};
use cinematch::ids;
use cinematch_fetch::tmdb::store::{Store, StoreError};

use super::findings::Findings;
use super::paths::DoctorPaths;
use crate::options::Global;
use crate::output::thousands;
use crate::paths::display_path;
use crate::runtime::block_on;

/// Maximum age of stored TMDB data, according to TMDB's terms.
const TMDB_CACHE_LIMIT: Duration = Duration::from_hours(183 * 24);
/// The check warns if more than this share of movies have the same title and year as another movie.
const MAX_DUPLICATE_SHARE: f64 = 0.005;
/// The check warns if less than this share of movies have an overview. Movies without one are ranked by
/// genre and year only.
const MIN_OVERVIEW_SHARE: f64 = 0.5;

/// The merged table, read into memory.
pub struct Table {
    /// Movies in the table.
    pub movies: Vec<Movie>,
    /// Name, row count and checksum of the table, as recorded in manifests.
    pub sum: InputChecksum,
}

/// Checks the input files and the table. Returns the table if it is valid.
pub fn check(paths: &DoctorPaths, global: &Global, findings: &mut Findings) -> Option<Table> {
    let raw = paths.raw.resolve(global);
    let missing: Vec<&str> =
        ["movies.csv", "links.csv"].into_iter().filter(|name| !raw.join(name).exists()).collect();
    let has_ratings = raw.join("ratings.csv").exists() || raw.join("ratings.parquet").exists();
    let merged = paths.merged.resolve(global);
    if !missing.is_empty() {
        let found = format!("{} missing in {}", missing.join(" and "), display_path(&raw));
        let advice = "run `cinematch fetch movielens`, or pass its folder with --raw";
        findings.warn("data.movielens", found, advice);
    } else if has_ratings {
        findings.ok("data.movielens", display_path(&raw));
    } else {
        let found = format!("no ratings in {}", display_path(&raw));
        findings.warn(
            "data.movielens",
            found,
            "without ratings, movies are ranked by content alone",
        );
    }
    let tmdb = global.root.join("raw/tmdb");
    tmdb_age(&tmdb, findings);

    let Ok(bytes) = std::fs::read(&merged) else {
        let found = format!("{} not found", display_path(&merged));
        findings.fail("data.table", found, "run `cinematch preprocess`");
        return None;
    };
    let movies = match read_merged(&display_path(&merged), &bytes) {
        Ok(decoded) => decoded.records,
        Err(error) => {
            findings.fail("data.table", error.to_string(), "run `cinematch preprocess` again");
            return None;
        }
    };
    let age = modified(&merged);
    let newer: Vec<String> = [raw.join("movies.csv"), raw.join("links.csv")]
        .into_iter()
        .chain([tmdb.join("tmdb_metadata.csv")])
        .filter(|path| modified(path) > age)
        .map(|path| display_path(&path))
        .collect();
    let found = match newer.as_slice() {
        [] => format!("{} movies in {}", thousands(movies.len() as u64), display_path(&merged)),
        newer => format!("{} is older than {}", display_path(&merged), newer.join(", ")),
    };
    findings.warn_if(!newer.is_empty(), "data.table", found, "run `cinematch update`");
    facts(&movies, findings);
    duplicates(&movies, findings);
    let (name, rows) = ("movies_merged.csv".to_owned(), movies.len() as u64);
    let sum = InputChecksum { name, rows, sha256: ids::sha256_hex(&bytes) };
    Some(Table { movies, sum })
}

/// Returns the time when a file was last modified, or `None` if that is unknown.
pub fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// Checks how old the TMDB data is: each stored reply, or the metadata table if no replies are stored.
fn tmdb_age(tmdb: &Path, findings: &mut Findings) {
    const NAME: &str = "data.tmdb_age";
    const ADVICE: &str = "TMDB allows data to be kept for six months: run `cinematch fetch tmdb --update` \
                          to refresh or delete older data, then `cinematch update`";
    let store = tmdb.join("tmdb.db");
    let oldest = SystemTime::now().checked_sub(TMDB_CACHE_LIMIT);
    let Some(oldest) = oldest else { return };
    if store.exists() {
        let since_1970 = oldest.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let replies = block_on(Some(1), async {
            let store = match Store::open(&store).await {
                Err(StoreError::Busy { .. }) => return Ok(None),
                opened => opened?,
            };
            let replies = store.movie_statuses().await?;
            store.close().await;
            Ok(Some(replies))
        });
        match replies {
            Ok(None) => findings.ok(NAME, "a fetch from TMDB is running"),
            Ok(Some(replies)) => {
                let is_old = |at: i64| at < since_1970.as_secs() as i64;
                let answers = replies.values().filter(|movie| !movie.missing);
                let old = answers.filter(|movie| is_old(movie.fetched_at)).count();
                let found = format!(
                    "{} of {} replies from TMDB are older than six months",
                    thousands(old as u64),
                    thousands(replies.len() as u64)
                );
                findings.warn_if(old > 0, NAME, found, ADVICE);
            }
            Err(error) => {
                let advice = "move the file away and run `cinematch fetch tmdb`";
                findings.fail(NAME, format!("{error:#}"), advice);
            }
        }
        return;
    }
    let table = tmdb.join("tmdb_metadata.csv");
    match modified(&table) {
        Some(written) => {
            let found = format!("{} was written at {}", display_path(&table), format_time(written));
            findings.warn_if(written < oldest, NAME, found, ADVICE);
        }
        None => findings.ok(NAME, "no TMDB data"),
    }
}

/// Formats a time as RFC 3339.
pub fn format_time(time: SystemTime) -> String {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    cinematch_store::rfc3339(since_1970.as_millis() as i64)
}

/// Checks the share of movies with an overview.
fn facts(movies: &[Movie], findings: &mut Findings) {
    let described = movies.iter().filter(|movie| movie.overview.is_some()).count();
    let share = described as f64 / movies.len().max(1) as f64;
    let found = format!("{:.0} % of movies have an overview", share * 100.0);
    let advice = "run `cinematch fetch tmdb --all`, then `cinematch update`";
    findings.warn_if(share < MIN_OVERVIEW_SHARE, "data.facts", found, advice);
}

/// Checks for movies that share a title and year.
fn duplicates(movies: &[Movie], findings: &mut Findings) {
    let mut groups: HashMap<(String, Option<u16>), Vec<&Movie>> = HashMap::new();
    for movie in movies {
        groups.entry((movie.title.to_lowercase(), movie.year)).or_default().push(movie);
    }
    let mut repeated: Vec<Vec<&Movie>> =
        groups.into_values().filter(|group| group.len() > 1).collect();
    repeated.sort_by_key(|group| group[0].movie_id);
    let n_duplicates: usize = repeated.iter().map(|group| group.len() - 1).sum();
    let mut found = format!(
        "{} movies have the same title and year as another",
        thousands(n_duplicates as u64)
    );
    for (at, group) in repeated.iter().take(3).enumerate() {
        let ids: Vec<String> = group.iter().map(|movie| movie.movie_id.to_string()).collect();
        found += if at == 0 { ": " } else { "; " };
        found.extend([group[0].title.as_str(), " (", &ids.join(", "), ")"]);
    }
    let has_too_many = n_duplicates as f64 > movies.len() as f64 * MAX_DUPLICATE_SHARE;
    let advice = "check whether the folder mixes files from two releases; delete duplicate rows";
    findings.warn_if(has_too_many, "data.duplicates", found, advice);
}
