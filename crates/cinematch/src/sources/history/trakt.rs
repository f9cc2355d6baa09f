//! Decoder for Trakt's JSON lists of watched, rated, watchlisted and favorite movies.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::entry::{Entry, EntryKind, History, Service, Skipped};
use super::importer::{Decoder, Importer, JsonFile};
use super::values::{base_name, imdb_number, stars_of_ten, title, year};
use crate::ids::TmdbId;
use crate::sources::{Outcome, Problem, ProblemKind, excerpt};

/// Importer for Trakt exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "trakt", name: "Trakt" },
    is_in_archive: Some(|path| List::from_file_name(path).is_some()),
    // Trakt is the only supported service that exports JSON. Lists whose elements aren't movies are
    // accepted too.
    decoder: Decoder::Json { recognizes: |_| true, decode },
    #[cfg(test)]
    sample: (
        "ratings-movies.json",
        r#"[{"rated_at":"2020-01-01T00:00:00Z","rating":9,"type":"movie","movie":{"title":"Heat",
            "year":1995,"ids":{"trakt":649,"imdb":"tt0113277","tmdb":949}}}]"#,
    ),
};

/// A list element. Missing and null values become `None`. Unused values are skipped without allocating,
/// no matter how deep or long they are.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    rating: Option<&'a RawValue>,
    listed_at: Option<IgnoredAny>,
    collected_at: Option<IgnoredAny>,
    #[serde(borrow)]
    movie: Option<Movie<'a>>,
    #[serde(borrow)]
    show: Option<OtherMedia<'a>>,
    #[serde(borrow)]
    season: Option<OtherMedia<'a>>,
    #[serde(borrow)]
    episode: Option<OtherMedia<'a>>,
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

/// A series, a season or an episode. TMDB numbers them apart from movies, so that only their IMDb IDs are used.
#[derive(Deserialize)]
struct OtherMedia<'a> {
    title: Option<String>,
    #[serde(borrow, default)]
    ids: Ids<'a>,
}

/// The kinds of list in a Trakt export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    /// Watched movies. An element is a movie or a single play.
    Watched,
    /// Rated movies.
    Rated,
    /// Movies the user wants to watch.
    Watchlist,
    /// Favorite movies.
    Favorites,
}

impl List {
    /// Identifies the list by its file name. Supports current names (`watched-movies.json`,
    /// `lists-watchlist.json`) and the folder layout of older exports (`lists/watchlist.json`,
    /// `ratings/movies.json`), with or without a part number. Returns `None` for any other file, such as
    /// a user-defined list or a collection.
    fn from_file_name(name: &str) -> Option<Self> {
        let path = name.to_ascii_lowercase().replace('_', "-");
        let mut parts = path.strip_suffix(".json")?.rsplit(['/', '\\']);
        let stem = parts.next()?.trim_end_matches(|last: char| last.is_ascii_digit());
        let stem = stem.trim_end_matches('-');
        let folder = parts.next().unwrap_or_default();
        let list_name = if stem == "movies" { folder } else { stem };
        match list_name {
            "watched-movies" | "watched-history" | "history" | "watched" => Some(Self::Watched),
            "ratings-movies" | "ratings" => Some(Self::Rated),
            "lists-watchlist" | "watchlist" | "watchlist-movies" => Some(Self::Watchlist),
            "lists-favorites" | "favorites" | "favorites-movies" => Some(Self::Favorites),
            _ => None,
        }
    }
}

fn decode(json: &JsonFile<'_>) -> History {
    let file = json.name;
    let base = base_name(file).to_ascii_lowercase();
    let list = List::from_file_name(file)
        .or_else(|| base.contains("watchlist").then_some(List::Watchlist));
    let mut history = History::new(IMPORTER.service);
    history.rows = json.elements.len() as u64;
    for (element, line) in json.elements.iter().zip(1..) {
        let item = match item(element) {
            Ok(item) => item,
            Err(reason) => {
                history.problems.push(problem(file, line, None, reason));
                continue;
            }
        };
        let kind = feedback(&item, list, (file, line), &mut history.problems);
        let Some(movie) = item.movie else {
            let other = [("episode", item.episode), ("season", item.season), ("show", item.show)];
            let found = other.into_iter().find_map(|(kind, media)| Some((kind, media?)));
            let (what, named, imdb) = found.map_or(("no movie", None, None), |(what, media)| {
                (what, media.title, media.ids.imdb)
            });
            let entry = Entry {
                imdb_id: imdb.as_deref().and_then(imdb_number),
                ..Entry::new(title(&named.unwrap_or_default()), None, kind, file, line)
            };
            history.add_other(entry, what);
            continue;
        };
        let named = title(&movie.title.unwrap_or_default());
        if item.collected_at.is_some() && kind == EntryKind::Watched && item.rating.is_none() {
            // Users may own movies they haven't watched, so a collection entry isn't a viewing.
            let (file, reason) = (file.to_owned(), "collection".to_owned());
            history.skipped.push(Skipped { file, line, title: named, reason });
            continue;
        }
        let tmdb_id = movie.ids.tmdb.and_then(|id| id.get().parse().ok());
        let year = movie.year.and_then(|number| year(number.get()));
        history.entries.push(Entry {
            imdb_id: movie.ids.imdb.as_deref().and_then(imdb_number),
            tmdb_id: tmdb_id.filter(|id| *id > 0).map(TmdbId),
            ..Entry::new(named, year, kind, file, line)
        });
    }
    history
}

/// Returns the feedback in a list element. An invalid rating is reported.
fn feedback(
    item: &Item<'_>,
    list: Option<List>,
    (file, line): (&str, u64),
    problems: &mut Vec<Problem>,
) -> EntryKind {
    if let Some(points) = item.rating {
        return stars_of_ten(points.get()).map_or_else(
            || {
                let reason = format!("expected 1 to 10, got `{}`", excerpt(points.get()));
                problems.push(problem(file, line, Some("rating"), reason));
                EntryKind::Watched
            },
            EntryKind::Rated,
        );
    }
    if list == Some(List::Favorites) {
        EntryKind::Liked
    } else if item.listed_at.is_some() || list == Some(List::Watchlist) {
        EntryKind::Watchlist
    } else {
        EntryKind::Watched
    }
}

fn item(element: &RawValue) -> Result<Item<'_>, String> {
    // serde would also deserialize a JSON list into the struct, by position.
    if !element.get().starts_with('{') {
        return Err(format!("expected an object, got `{}`", excerpt(element.get())));
    }
    serde_json::from_str(element.get()).map_err(|_| {
        format!("expected a movie with a title, year and IDs, got `{}`", excerpt(element.get()))
    })
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
