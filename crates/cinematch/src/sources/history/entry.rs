//! Rows decoded from an export.

use serde::{Serialize, Serializer};

use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;
use crate::sources::Problem;

/// The service that an export comes from, serialized as its ID. [`services`](super::services) lists all
/// supported services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
}

impl Service {
    /// Returns the ID used in reports, such as `letterboxd`.
    pub fn id(self) -> &'static str {
        self.id
    }

    /// Returns the display name, spelled as the service spells it.
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

/// The feedback that a row records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A star rating.
    Rated(Stars),
    /// A like or a favorite.
    Liked,
    /// A viewing without a rating.
    Watched,
    /// A watchlist entry.
    Watchlist,
}

/// A row about a movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Title as written in the export.
    pub title: String,
    /// Original title, if the export has one and it differs from `title`.
    pub original_title: Option<String>,
    /// Release year; `None` if missing or invalid.
    pub year: Option<u16>,
    /// IMDb ID without the `tt` prefix, if the export has one.
    pub imdb_id: Option<String>,
    /// TMDB ID, if the export has one.
    pub tmdb_id: Option<TmdbId>,
    /// MovieLens ID, if the export has one.
    pub movie_id: Option<MovieId>,
    /// The user's feedback on the movie.
    pub kind: EntryKind,
    /// True if the feedback belongs to a single viewing in a diary. A rating of the movie itself takes
    /// precedence over a diary rating.
    pub is_diary_rating: bool,
    /// Name of the file that contains the row.
    pub file: String,
    /// Line number, or position in a JSON list, counting from 1.
    pub line: u64,
}

/// A row that was skipped because it isn't about a movie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Name of the file that contains the row.
    pub file: String,
    /// Line number, or position in a JSON list, counting from 1.
    pub line: u64,
    /// Title as written in the export.
    pub title: String,
    /// Type of the skipped item, such as `tvSeries`.
    pub reason: String,
}

/// The decoded contents of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Service that the export comes from.
    pub service: Service,
    /// Rows about movies, in file order.
    pub entries: Vec<Entry>,
    /// Rows about series, episodes and other items that aren't movies.
    pub skipped: Vec<Skipped>,
    /// Rows and values that could not be read.
    pub problems: Vec<Problem>,
    /// Total number of rows, including skipped and unreadable ones.
    pub rows: u64,
}

impl History {
    /// Creates a history with no rows.
    pub(super) fn new(service: Service) -> Self {
        let (entries, skipped, problems) = (Vec::new(), Vec::new(), Vec::new());
        Self { service, entries, skipped, problems, rows: 0 }
    }

    /// Appends the rows of `other`, another file in the same archive.
    pub(super) fn append(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.skipped.extend(other.skipped);
        self.problems.extend(other.problems);
        self.rows += other.rows;
    }
}
