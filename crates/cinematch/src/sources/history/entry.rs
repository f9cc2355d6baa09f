//! Decoded rows of an export.

use serde::{Serialize, Serializer};

use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;
use crate::sources::Problem;

/// A service that wrote an export. Serialized as its id. [`services`](super::services) returns the services
/// of all registered importers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
}

impl Service {
    /// Returns the id in reports, such as `letterboxd`.
    pub fn id(self) -> &'static str {
        self.id
    }

    /// Returns the name of the service in its own spelling.
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

/// Feedback in a row of an export.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Rated with stars.
    Rated(Stars),
    /// Liked or marked as a favorite.
    Liked,
    /// Watched.
    Watched,
    /// Added to the watchlist.
    Watchlist,
}

/// A row about a movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Title in the export.
    pub title: String,
    /// Original title, if the export contains it and it differs from the title.
    pub original_title: Option<String>,
    /// Release year; `None` if missing or invalid.
    pub year: Option<u16>,
    /// Digits of the IMDb id, if the export contains it.
    pub imdb_id: Option<String>,
    /// TMDb id, if the export contains it.
    pub tmdb_id: Option<TmdbId>,
    /// MovieLens id, if the export contains it.
    pub movie_id: Option<MovieId>,
    /// The user's feedback about the movie.
    pub kind: EntryKind,
    /// True if the feedback is about a single viewing. A rating of the movie itself takes precedence over
    /// a rating of a viewing.
    pub is_diary_rating: bool,
    /// Name of the export file.
    pub file: String,
    /// Line in the file or position in a JSON list, from 1.
    pub line: u64,
}

/// A row about something other than a movie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Name of the export file.
    pub file: String,
    /// Line in the file or position in a JSON list, from 1.
    pub line: u64,
    /// Title in the export.
    pub title: String,
    /// Type of the item, such as `tvSeries`.
    pub reason: String,
}

/// A decoded export.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Service that wrote the export.
    pub service: Service,
    /// Rows about movies, file by file.
    pub entries: Vec<Entry>,
    /// Rows about items that are not movies.
    pub skipped: Vec<Skipped>,
    /// Unreadable rows and values.
    pub problems: Vec<Problem>,
    /// Total number of rows, including skipped and unreadable ones.
    pub rows: u64,
}

impl History {
    /// Creates a history without rows.
    pub(super) fn new(service: Service) -> Self {
        let (entries, skipped, problems) = (Vec::new(), Vec::new(), Vec::new());
        Self { service, entries, skipped, problems, rows: 0 }
    }

    /// Appends the rows of another file of the same archive.
    pub(super) fn append(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.skipped.extend(other.skipped);
        self.problems.extend(other.problems);
        self.rows += other.rows;
    }
}
