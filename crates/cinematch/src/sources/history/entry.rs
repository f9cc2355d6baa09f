//! Rows decoded from an export.

use serde::{Serialize, Serializer};

use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;
use crate::sources::{Problem, excerpt};

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

impl Entry {
    /// Creates an entry without IDs.
    pub(super) fn new(
        title: String,
        year: Option<u16>,
        kind: EntryKind,
        file: &str,
        line: u64,
    ) -> Self {
        Self {
            title,
            original_title: None,
            year,
            imdb_id: None,
            tmdb_id: None,
            movie_id: None,
            kind,
            is_diary_rating: false,
            file: file.to_owned(),
            line,
        }
    }

    /// Returns true if the entry has an ID of any kind.
    pub(super) fn has_id(&self) -> bool {
        self.imdb_id.is_some() || self.tmdb_id.is_some() || self.movie_id.is_some()
    }
}

/// A row about a series, an episode or another item that isn't a movie, with an ID. Catalogs have some of these
/// items, such as mini-series, so that the row counts if an ID matches.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherTitle {
    /// The row as an entry.
    pub entry: Entry,
    /// Type of the item, such as `tvSeries`.
    pub kind: String,
    /// Number of entries before the row.
    pub position: usize,
}

/// A user-defined list. Its meaning is unknown: it may contain favorites, plans or the worst movies of all time.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomList {
    /// Name of the file that contains the list.
    pub file: String,
    /// Name of the list; the name of the file if the export doesn't contain it.
    pub name: String,
    /// Movies of the list, except those that the user has rated in it.
    pub entries: Vec<Entry>,
    /// Series and other items of the list.
    pub others: Vec<OtherTitle>,
}

/// The feedback that the movies of user-defined lists stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListMeaning {
    /// Unknown: the lists are reported, and not imported.
    #[default]
    Unknown,
    /// The user likes the movies.
    Liked,
    /// The user wants to watch the movies.
    Watchlist,
    /// The lists have no meaning for recommendations, and are not imported.
    Ignore,
}

impl ListMeaning {
    /// Parses `liked`, `watchlist` or `ignore`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "liked" => Some(Self::Liked),
            "watchlist" => Some(Self::Watchlist),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }

    /// Returns the feedback on a movie of a list; `None` if lists aren't imported.
    fn kind(self) -> Option<EntryKind> {
        match self {
            Self::Unknown | Self::Ignore => None,
            Self::Liked => Some(EntryKind::Liked),
            Self::Watchlist => Some(EntryKind::Watchlist),
        }
    }
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
    /// Rows about series, episodes and other items that aren't movies and have no ID.
    pub skipped: Vec<Skipped>,
    /// Rows about items that aren't movies, with IDs.
    pub others: Vec<OtherTitle>,
    /// User-defined lists.
    pub lists: Vec<CustomList>,
    /// Rows and values that could not be read.
    pub problems: Vec<Problem>,
    /// Total number of rows, including skipped and unreadable ones.
    pub rows: u64,
}

impl History {
    /// Creates a history with no rows.
    pub(super) fn new(service: Service) -> Self {
        let (entries, skipped, problems) = (Vec::new(), Vec::new(), Vec::new());
        let (others, lists) = (Vec::new(), Vec::new());
        Self { service, entries, skipped, others, lists, problems, rows: 0 }
    }

    /// Adds a row about an item of the type `kind` that isn't a movie.
    pub(super) fn add_other(&mut self, entry: Entry, kind: &str) {
        let kind = excerpt(kind);
        if entry.has_id() {
            self.others.push(OtherTitle { entry, kind, position: self.entries.len() });
        } else {
            self.skipped.push(Skipped::new(entry, kind));
        }
    }

    /// Appends the rows of `other`, another file in the same archive.
    pub(super) fn append(&mut self, mut other: Self) {
        for title in &mut other.others {
            title.position += self.entries.len();
        }
        self.entries.extend(other.entries);
        self.skipped.extend(other.skipped);
        self.others.extend(other.others);
        self.lists.extend(other.lists);
        self.problems.extend(other.problems);
        self.rows += other.rows;
    }

    /// Converts lists to entries of the kind that `meaning` stands for. Lists without a meaning are unchanged.
    pub fn resolve_lists(&mut self, meaning: ListMeaning) {
        let Some(kind) = meaning.kind() else { return };
        for list in std::mem::take(&mut self.lists) {
            let n_before = self.entries.len();
            self.entries.extend(list.entries.into_iter().map(|entry| Entry { kind, ..entry }));
            self.others.extend(list.others.into_iter().map(|other| OtherTitle {
                entry: Entry { kind, ..other.entry },
                position: n_before + other.position,
                ..other
            }));
        }
    }

    /// Converts the rows about other items to entries if `is_known` returns true, and skips the others. Rows keep
    /// their order. O(rows).
    pub fn resolve_others(&mut self, is_known: impl Fn(&Entry) -> bool) {
        if self.others.is_empty() {
            return;
        }
        let mut others = std::mem::take(&mut self.others);
        others.sort_by_key(|other| other.position);
        let mut others = others.into_iter().peekable();
        let entries = std::mem::take(&mut self.entries);
        let n_entries = entries.len();
        let mut entries = entries.into_iter();
        for position in 0..=n_entries {
            while let Some(other) = others.next_if(|other| other.position <= position) {
                if is_known(&other.entry) {
                    self.entries.push(other.entry);
                } else {
                    self.skipped.push(Skipped::new(other.entry, other.kind));
                }
            }
            self.entries.extend(entries.next());
        }
    }
}

impl Skipped {
    fn new(entry: Entry, reason: String) -> Self {
        Self { file: entry.file, line: entry.line, title: entry.title, reason }
    }
}
