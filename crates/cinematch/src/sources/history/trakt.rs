//! Trakt: JSON lists of films watched, rated and to be watched.

use serde::Deserialize;
use serde_json::Value;

use super::{Entry, History, HistoryError, Said, Service, Skipped, base_name, imdb_number};
use crate::ids::TmdbId;
use crate::sources::movielens::Stars;
use crate::sources::{Outcome, Problem, ProblemKind, excerpt};

/// An element of any of the lists. What is missing, null or of another kind is none.
#[derive(Deserialize)]
struct Item {
    rating: Option<Value>,
    listed_at: Option<Value>,
    collected_at: Option<Value>,
    movie: Option<Movie>,
    show: Option<Named>,
    episode: Option<Named>,
}

#[derive(Deserialize)]
struct Movie {
    title: Option<String>,
    year: Option<u16>,
    #[serde(default)]
    ids: Ids,
}

#[derive(Default, Deserialize)]
struct Ids {
    imdb: Option<String>,
    tmdb: Option<u32>,
}

#[derive(Deserialize)]
struct Named {
    title: Option<String>,
}

/// Whether a file of an archive is one of these lists: the new names and the old folders, in
/// numbered parts or not. Lists of one's own and collections say nothing of what was seen.
pub fn is_list(name: &str) -> bool {
    let base = base_name(name).to_ascii_lowercase().replace('_', "-");
    let Some(stem) = base.strip_suffix(".json") else { return false };
    let stem = stem.trim_end_matches(|character: char| character.is_ascii_digit());
    let stem = stem.trim_end_matches('-');
    matches!(
        stem,
        "watched-movies"
            | "watched-history"
            | "history"
            | "ratings-movies"
            | "lists-watchlist"
            | "watchlist"
    )
}

/// Reads one list.
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let json = |error: serde_json::Error| HistoryError::Json {
        file: file.to_owned(),
        reason: error.to_string(),
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let items: Vec<Value> = serde_json::from_slice(bytes).map_err(json)?;
    let is_watchlist = base_name(file).to_ascii_lowercase().contains("watchlist");
    let mut history = History::of(Service::Trakt);
    history.rows = items.len() as u64;
    for (place, item) in items.into_iter().enumerate() {
        let line = place as u64 + 1;
        let item: Item = match serde_json::from_value(item) {
            Ok(item) => item,
            Err(error) => {
                history.problems.push(problem(file, line, None, error.to_string()));
                continue;
            }
        };
        let Some(movie) = item.movie else {
            let other = [("episode", item.episode), ("show", item.show)];
            let found = other.into_iter().find_map(|(kind, named)| Some((kind, named?)));
            let (reason, named) =
                found.map_or(("no film", None), |(kind, named)| (kind, named.title));
            let (file, title) = (file.to_owned(), named.unwrap_or_default());
            history.skipped.push(Skipped { file, line, title, reason: reason.to_owned() });
            continue;
        };
        let said = if let Some(points) = &item.rating {
            points.as_f64().and_then(stars).map_or_else(
                || {
                    let reason =
                        format!("expected 1 to 10, got `{}`", excerpt(&points.to_string()));
                    history.problems.push(problem(file, line, Some("rating"), reason));
                    Said::Watched
                },
                Said::Rated,
            )
        } else if item.listed_at.is_some() || is_watchlist {
            Said::Watchlist
        } else if item.collected_at.is_some() {
            // To own a film is not to have seen it.
            continue;
        } else {
            Said::Watched
        };
        history.entries.push(Entry {
            title: movie.title.unwrap_or_default(),
            year: movie.year,
            imdb_id: movie.ids.imdb.as_deref().and_then(imdb_number),
            tmdb_id: movie.ids.tmdb.filter(|id| *id > 0).map(TmdbId),
            movie_id: None,
            said,
            file: file.to_owned(),
            line,
        });
    }
    Ok(history)
}

fn stars(points: f64) -> Option<Stars> {
    (points.fract() == 0.0).then(|| Stars::from_value(points as f32 / 2.0)).flatten()
}

fn problem(file: &str, line: u64, field: Option<&str>, reason: String) -> Problem {
    let outcome = if field.is_some() { Outcome::ValueEmptied } else { Outcome::RowDropped };
    Problem {
        file: file.to_owned(),
        line,
        field: field.map(str::to_owned),
        kind: ProblemKind::InvalidValue,
        outcome,
        reason,
    }
}
