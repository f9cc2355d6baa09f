//! Decoder of Trakt's JSON lists of watched, rated, watchlisted and favorite movies.

use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Budget, Entry, History, HistoryError, Said, Service, Skipped, base_name, imdb_number};
use super::{title, year};
use crate::ids::TmdbId;
use crate::rating::Stars;
use crate::sources::{Outcome, Problem, ProblemKind, excerpt};

/// An element of a list. Missing and null values are `None`. Unused values are skipped without
/// allocation, whatever their depth and length.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    rating: Option<&'a RawValue>,
    listed_at: Option<IgnoredAny>,
    collected_at: Option<IgnoredAny>,
    #[serde(borrow)]
    movie: Option<Movie<'a>>,
    show: Option<Named>,
    episode: Option<Named>,
}

#[derive(Deserialize)]
struct Movie<'a> {
    title: Option<String>,
    #[serde(borrow)]
    year: Option<&'a RawValue>,
    #[serde(borrow, default)]
    ids: Ids<'a>,
}

#[derive(Default, Deserialize)]
struct Ids<'a> {
    imdb: Option<String>,
    #[serde(borrow)]
    tmdb: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named {
    title: Option<String>,
}

/// A list of a Trakt export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Watched movies, with one element per movie or per play.
    Watched,
    /// Rated movies.
    Rated,
    /// Movies to watch.
    Watchlist,
    /// Favorite movies.
    Favourites,
}

impl List {
    /// Identifies a list by its file name. Supports current names (`watched-movies.json`,
    /// `lists-watchlist.json`) and those in the folders of older exports (`lists/watchlist.json`,
    /// `ratings/movies.json`), with or without a part number. Returns `None` for other files, such
    /// as user-defined lists and collections.
    pub fn of(name: &str) -> Option<Self> {
        let path = name.to_ascii_lowercase().replace('_', "-");
        let mut parts = path.strip_suffix(".json")?.rsplit(['/', '\\']);
        let stem = parts.next()?.trim_end_matches(|last: char| last.is_ascii_digit());
        let stem = stem.trim_end_matches('-');
        let folder = parts.next().unwrap_or_default();
        let whole = if stem == "movies" { folder } else { stem };
        match whole {
            "watched-movies" | "watched-history" | "history" | "watched" => Some(Self::Watched),
            "ratings-movies" | "ratings" => Some(Self::Rated),
            "lists-watchlist" | "watchlist" | "watchlist-movies" => Some(Self::Watchlist),
            "lists-favorites" | "favorites" | "favorites-movies" => Some(Self::Favourites),
            _ => None,
        }
    }
}

/// Visitor that returns the first `most` elements of a list, unparsed, and true if there are more.
struct Elements {
    most: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = (Vec<&'de RawValue>, bool);

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == self.most {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok((elements, true));
            }
            elements.push(element);
        }
        Ok((elements, false))
    }
}

/// Reads a list. `bytes` must not start with a byte order mark.
pub fn read(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(HistoryError::Encoding { file: file.to_owned(), found: "something else" });
    };
    let json = |error: serde_json::Error| HistoryError::Json {
        file: file.to_owned(),
        reason: error.to_string(),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let (elements, more) = reader.deserialize_seq(Elements { most: budget.rows }).map_err(json)?;
    reader.end().map_err(json)?;
    budget.take_rows(file, elements.len() + usize::from(more))?;
    let base = base_name(file).to_ascii_lowercase();
    let list = List::of(file).or_else(|| base.contains("watchlist").then_some(List::Watchlist));
    let mut history = History::of(Service::Trakt);
    history.rows = elements.len() as u64;
    for (element, line) in elements.into_iter().zip(1..) {
        let item = match item(element) {
            Ok(item) => item,
            Err(reason) => {
                history.problems.push(problem(file, line, None, reason));
                continue;
            }
        };
        let Some(movie) = item.movie else {
            let other = [("episode", item.episode), ("show", item.show)];
            let found = other.into_iter().find_map(|(kind, named)| Some((kind, named?)));
            let (reason, named) =
                found.map_or(("no film", None), |(kind, named)| (kind, named.title));
            let named = title(&named.unwrap_or_default());
            let (file, reason) = (file.to_owned(), reason.to_owned());
            history.skipped.push(Skipped { file, line, title: named, reason });
            continue;
        };
        let said = if let Some(points) = item.rating {
            points.get().parse().ok().and_then(stars).map_or_else(
                || {
                    let reason = format!("expected 1 to 10, got `{}`", excerpt(points.get()));
                    history.problems.push(problem(file, line, Some("rating"), reason));
                    Said::Watched
                },
                Said::Rated,
            )
        } else if list == Some(List::Favourites) {
            Said::Liked
        } else if item.listed_at.is_some() || list == Some(List::Watchlist) {
            Said::Watchlist
        } else if item.collected_at.is_some() {
            // Owning a movie does not imply having watched it.
            let (file, title) = (file.to_owned(), title(&movie.title.unwrap_or_default()));
            history.skipped.push(Skipped { file, line, title, reason: "collection".to_owned() });
            continue;
        } else {
            Said::Watched
        };
        let tmdb_id = movie.ids.tmdb.and_then(|id| id.get().parse().ok());
        history.entries.push(Entry {
            title: title(&movie.title.unwrap_or_default()),
            original_title: None,
            year: movie.year.and_then(|number| year(number.get())),
            imdb_id: movie.ids.imdb.as_deref().and_then(imdb_number),
            tmdb_id: tmdb_id.filter(|id| *id > 0).map(TmdbId),
            movie_id: None,
            said,
            of_viewing: false,
            file: file.to_owned(),
            line,
        });
    }
    Ok(history)
}

fn item(element: &RawValue) -> Result<Item<'_>, String> {
    // serde would deserialize a list into the struct by position.
    if !element.get().starts_with('{') {
        return Err(format!("expected an object, got `{}`", excerpt(element.get())));
    }
    serde_json::from_str(element.get()).map_err(|error| excerpt(&error.to_string()))
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
