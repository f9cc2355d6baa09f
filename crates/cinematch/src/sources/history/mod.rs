//! Decoders of users' exports from Letterboxd, IMDb, Trakt and MovieLens.org.
//!
//! The format is detected from the content. The file name is used only to distinguish files of a
//! service that have the same header. Rows about series, episodes and the like are returned as
//! [`Skipped`], and unreadable rows as [`Problem`]s with file and line.

mod archive;
mod imdb;
mod letterboxd;
mod movielens_org;
mod trakt;

use serde::Serialize;

use super::{Problem, SourceError, table};
use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;

/// Maximum size of an import in bytes, with archives unpacked: ten times the size of the largest
/// real exports.
pub const LARGEST: usize = 32 << 20;
/// Maximum number of rows of an import, including skipped ones.
pub const MOST_ROWS: usize = 200_000;

/// Maximum length of a CSV header in bytes, far above that of any service.
const LONGEST_HEADER: usize = 4096;
/// Maximum number of columns, far above that of any service.
const MOST_COLUMNS: usize = 64;
/// Length to which titles are truncated, in characters: twice the longest known title.
const LONGEST_TITLE: usize = 500;
/// Length to which file names are truncated in entries and messages, in bytes.
const LONGEST_NAME: usize = 200;

/// Service that wrote an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// letterboxd.com.
    Letterboxd,
    /// imdb.com.
    Imdb,
    /// trakt.tv.
    Trakt,
    /// movielens.org.
    MovieLens,
}

impl Service {
    /// Returns the name of the service in its own spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Letterboxd => "Letterboxd",
            Self::Imdb => "IMDb",
            Self::Trakt => "Trakt",
            Self::MovieLens => "MovieLens.org",
        }
    }
}

/// Feedback about a movie in an export.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Rated with stars.
    Rated(Stars),
    /// Liked or marked as a favorite.
    Liked,
    /// Watched.
    Watched,
    /// On the watchlist.
    Watchlist,
}

/// A row about a movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Title in the export.
    pub title: String,
    /// Original title, if the export contains it and it differs from the title.
    pub original_title: Option<String>,
    /// Year of release.
    pub year: Option<u16>,
    /// IMDb id, digits only.
    pub imdb_id: Option<String>,
    /// TMDb id.
    pub tmdb_id: Option<TmdbId>,
    /// MovieLens id.
    pub movie_id: Option<MovieId>,
    /// The feedback.
    pub said: Said,
    /// True if the feedback is about a single viewing. A rating of the movie itself takes precedence
    /// over it.
    pub of_viewing: bool,
    /// Name of the file.
    pub file: String,
    /// Line in the file or position in a JSON list, from 1.
    pub line: u64,
}

/// A row about something other than a movie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Name of the file.
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
    /// Rows about anything else.
    pub skipped: Vec<Skipped>,
    /// Unreadable rows and values.
    pub problems: Vec<Problem>,
    /// Total number of rows.
    pub rows: u64,
}

impl History {
    fn of(service: Service) -> Self {
        let (entries, skipped, problems) = (Vec::new(), Vec::new(), Vec::new());
        Self { service, entries, skipped, problems, rows: 0 }
    }
}

/// A file that is not a supported export.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The format is unknown.
    #[error(
        "{file} is no export that CineMatch knows: expected a ZIP or CSV file of Letterboxd, a CSV file of \
         IMDb (ratings or watchlist) or of MovieLens.org, or a ZIP or JSON file of Trakt"
    )]
    Unknown {
        /// The file.
        file: String,
    },
    /// The file is empty.
    #[error("{file} is empty")]
    Blank {
        /// The file.
        file: String,
    },
    /// The file name does not identify the table. Letterboxd's watched.csv, watchlist.csv and
    /// films.csv have the same header.
    #[error(
        "{file} may be films watched or films to watch: name it watched.csv, watchlist.csv or, for films \
         liked, films.csv, as Letterboxd does, or import the whole ZIP file"
    )]
    Unnamed {
        /// The file.
        file: String,
    },
    /// The file is not UTF-8.
    #[error("{file} is no UTF-8 text but {found}: save it as UTF-8, or export it again")]
    Encoding {
        /// The file.
        file: String,
        /// The detected encoding.
        found: &'static str,
    },
    /// The import exceeds [`LARGEST`].
    #[error("{file} is larger than {} MiB{}: that is nobody's history", LARGEST >> 20,
        if *.unpacked { " when unpacked" } else { "" })]
    TooLarge {
        /// The file.
        file: String,
        /// True if only the unpacked size exceeds the limit.
        unpacked: bool,
    },
    /// The import exceeds [`MOST_ROWS`].
    #[error("{file} has more than {} rows: that is nobody's history", MOST_ROWS)]
    TooManyRows {
        /// The file.
        file: String,
    },
    /// The ZIP archive is corrupt or unsafe.
    #[error("{file} cannot be read as a ZIP archive: {reason}. Export it again")]
    Archive {
        /// The file.
        file: String,
        /// Description of the error.
        reason: String,
    },
    /// The ZIP archive is encrypted.
    #[error("{file} is encrypted: unpack it, and import what is in it")]
    Encrypted {
        /// The file.
        file: String,
    },
    /// The ZIP archive contains none of the known lists.
    #[error("{file} has none of the files that Letterboxd or Trakt export")]
    Empty {
        /// The file.
        file: String,
    },
    /// The file is not valid JSON.
    #[error("{file} cannot be read as JSON: {reason}")]
    Json {
        /// The file.
        file: String,
        /// Description and position of the error.
        reason: String,
    },
    /// The file is not a valid CSV table.
    #[error(transparent)]
    Table(#[from] SourceError),
}

/// Remaining bytes and rows of an import.
#[derive(Debug)]
struct Budget {
    bytes: usize,
    rows: usize,
}

impl Budget {
    fn whole() -> Self {
        Self { bytes: LARGEST, rows: MOST_ROWS }
    }

    fn take_bytes(
        &mut self,
        bytes: usize,
        refusal: impl FnOnce() -> HistoryError,
    ) -> Result<(), HistoryError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(refusal)?;
        Ok(())
    }

    fn take_rows(&mut self, file: &str, rows: usize) -> Result<(), HistoryError> {
        let too_many = || HistoryError::TooManyRows { file: file.to_owned() };
        self.rows = self.rows.checked_sub(rows).ok_or_else(too_many)?;
        Ok(())
    }
}

/// Reads an export. `file` is its name, with or without folders. O(bytes) time; memory is bounded by
/// [`LARGEST`] and [`MOST_ROWS`].
///
/// # Errors
/// Returns an error if the file is not a supported export, exceeds a limit, or is an unsafe archive.
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    read_within(&mut Budget::whole(), file, bytes)
}

/// Reads the exports of an import, given by name and content. The limits apply to their sum.
///
/// # Errors
/// Returns the error of the first file that [`read`] would reject or that exceeds the common limits.
pub fn read_all<N: AsRef<str>, B: AsRef<[u8]>>(
    files: &[(N, B)],
) -> Result<Vec<History>, HistoryError> {
    let mut budget = Budget::whole();
    let read = |(file, bytes): &(N, B)| read_within(&mut budget, file.as_ref(), bytes.as_ref());
    files.iter().map(read).collect()
}

fn read_within(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let file = reported(file);
    let too_large = || HistoryError::TooLarge { file: file.to_owned(), unpacked: false };
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        if bytes.len() > LARGEST {
            return Err(too_large());
        }
        return archive::read(budget, file, bytes);
    }
    budget.take_bytes(bytes.len(), too_large)?;
    read_text(budget, file, bytes)
}

/// Reads a CSV or JSON file. The caller has already taken its bytes from the budget.
fn read_text(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let unknown = || HistoryError::Unknown { file: file.to_owned() };
    let start = table::strip_bom(bytes).trim_ascii_start();
    if start.is_empty() {
        return Err(HistoryError::Blank { file: file.to_owned() });
    }
    if let Some(found) = other_encoding(bytes) {
        return Err(HistoryError::Encoding { file: file.to_owned(), found });
    }
    if matches!(start[0], b'[' | b'{') {
        return trakt::read(budget, file, start);
    }
    let length = memchr::memchr(b'\n', start).unwrap_or(start.len());
    if length > LONGEST_HEADER {
        return Err(unknown());
    }
    let header = String::from_utf8_lossy(&start[..length]);
    let names: Vec<&str> =
        header.split(',').map(|name| name.trim().trim_matches('"').trim()).collect();
    if names.len() > MOST_COLUMNS {
        return Err(unknown());
    }
    let has = |name: &str| names.contains(&name);
    // Every row takes at least one line.
    budget.take_rows(file, n_lines(start).saturating_sub(1))?;
    if has("Letterboxd URI") {
        letterboxd::read(file, bytes, letterboxd::Table::of(file, &names)?)
    } else if has("Const") {
        imdb::read(file, bytes, has("Position"))
    } else if has("movie_id") && has("rating") {
        movielens_org::read(file, bytes)
    } else {
        Err(unknown())
    }
}

/// Detects UTF-16 by a byte order mark or a zero among the first four bytes.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(4)];
    let has_mark = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    // All exports start with ASCII, which contains zero bytes in UTF-16.
    (has_mark || start.contains(&0)).then_some("UTF-16")
}

/// Counts the nonempty lines, with any line ending: an upper bound of the number of rows.
fn n_lines(bytes: &[u8]) -> usize {
    let mut from = 0;
    let mut lines = 0;
    for end in memchr::memchr2_iter(b'\n', b'\r', bytes).chain([bytes.len()]) {
        lines += usize::from(end > from);
        from = end + 1;
    }
    lines
}

/// Truncates a file name to its last [`LONGEST_NAME`] bytes.
fn reported(file: &str) -> &str {
    &file[file.ceil_char_boundary(file.len().saturating_sub(LONGEST_NAME))..]
}

/// Truncates a title to its first [`LONGEST_TITLE`] characters.
fn title(text: &str) -> String {
    text.chars().take(LONGEST_TITLE).collect()
}

/// Returns the last component of a path.
fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// Parses a year from 1870 to 2100.
fn year(text: &str) -> Option<u16> {
    text.parse().ok().filter(|year| (1870..=2100).contains(year))
}

/// Returns the digits of an IMDb id such as `tt0113277`.
fn imdb_number(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix("tt").unwrap_or(text.trim());
    let good =
        !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|b| b.is_ascii_digit());
    good.then(|| digits.to_owned())
}

/// Converts a whole number of points from 1 to 10 to stars.
fn of_ten(points: &str) -> Option<Stars> {
    let points: f32 = points.parse().ok()?;
    (points.fract() == 0.0).then(|| Stars::from_value(points / 2.0)).flatten()
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
