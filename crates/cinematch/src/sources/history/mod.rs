//! What people bring along of their own: exports of Letterboxd, IMDb, Trakt and MovieLens.org.
//!
//! A file says by its content what it is; only where two of a service's files have the same header
//! does the file's name decide. Nothing is guessed: what is no film is skipped and said so, what
//! cannot be read is a problem with its place.

mod archive;
mod imdb;
mod letterboxd;
mod movielens_org;
mod trakt;

use serde::Serialize;

use super::{Problem, SourceError, table};
use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;

/// The most bytes of one import, archives unpacked: ten times the exports of the most eager viewers.
pub const LARGEST: usize = 32 << 20;
/// The most rows of one import, those about series among them.
pub const MOST_ROWS: usize = 200_000;

/// The longest header, and the most columns, that any service writes, and a lot more.
const LONGEST_HEADER: usize = 4096;
const MOST_COLUMNS: usize = 64;
/// The longest title kept, in characters: twice the longest there is.
const LONGEST_TITLE: usize = 500;
/// The longest name of a file that rows are reported with, in bytes.
const LONGEST_NAME: usize = 200;

/// Where an export is from.
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
    /// Its name, as it writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Letterboxd => "Letterboxd",
            Self::Imdb => "IMDb",
            Self::Trakt => "Trakt",
            Self::MovieLens => "MovieLens.org",
        }
    }
}

/// What somebody said of a film.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It got stars.
    Rated(Stars),
    /// It got a heart.
    Liked,
    /// They have seen it.
    Watched,
    /// They want to see it.
    Watchlist,
}

/// A row about a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What the service calls it.
    pub title: String,
    /// What it is called where it was made, if the service says so.
    pub original_title: Option<String>,
    /// The year of release.
    pub year: Option<u16>,
    /// IMDb's number, digits alone.
    pub imdb_id: Option<String>,
    /// TMDb's number.
    pub tmdb_id: Option<TmdbId>,
    /// MovieLens' number.
    pub movie_id: Option<MovieId>,
    /// What was said.
    pub said: Said,
    /// Whether that was of one viewing: what was said of the film itself counts before it.
    pub of_viewing: bool,
    /// The file.
    pub file: String,
    /// Its line, or the place in a JSON list, from 1.
    pub line: u64,
}

/// A row about something that is no film.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// Its line, or the place in a JSON list, from 1.
    pub line: u64,
    /// What it is called.
    pub title: String,
    /// What it is.
    pub reason: String,
}

/// An export.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Whose.
    pub service: Service,
    /// Rows about films, file by file.
    pub entries: Vec<Entry>,
    /// Rows about other things.
    pub skipped: Vec<Skipped>,
    /// Rows that cannot be read.
    pub problems: Vec<Problem>,
    /// Rows in all.
    pub rows: u64,
}

impl History {
    fn of(service: Service) -> Self {
        let (entries, skipped, problems) = (Vec::new(), Vec::new(), Vec::new());
        Self { service, entries, skipped, problems, rows: 0 }
    }
}

/// A file that is no export.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Nothing known.
    #[error(
        "{file} is no export that CineMatch knows: expected a ZIP or CSV file of Letterboxd, a CSV file of \
         IMDb (ratings or watchlist) or of MovieLens.org, or a ZIP or JSON file of Trakt"
    )]
    Unknown {
        /// The file.
        file: String,
    },
    /// Nothing at all.
    #[error("{file} is empty")]
    Blank {
        /// The file.
        file: String,
    },
    /// Letterboxd's watched.csv and watchlist.csv look alike.
    #[error(
        "{file} may be films watched or films to watch: name it watched.csv, watchlist.csv or, for films \
         liked, films.csv, as Letterboxd does, or import the whole ZIP file"
    )]
    Unnamed {
        /// The file.
        file: String,
    },
    /// No UTF-8.
    #[error("{file} is no UTF-8 text but {found}: save it as UTF-8, or export it again")]
    Encoding {
        /// The file.
        file: String,
        /// What it seems to be.
        found: &'static str,
    },
    /// More than anybody can have.
    #[error("{file} is larger than {} MiB{}: that is nobody's history", LARGEST >> 20,
        if *.unpacked { " when unpacked" } else { "" })]
    TooLarge {
        /// The file.
        file: String,
        /// Whether it is so only unpacked.
        unpacked: bool,
    },
    /// More rows than anybody can have.
    #[error("{file} has more than {} rows: that is nobody's history", MOST_ROWS)]
    TooManyRows {
        /// The file.
        file: String,
    },
    /// A ZIP file that is none.
    #[error("{file} cannot be read as a ZIP archive: {reason}. Export it again")]
    Archive {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// A ZIP file with a password.
    #[error("{file} is encrypted: unpack it, and import what is in it")]
    Encrypted {
        /// The file.
        file: String,
    },
    /// A ZIP file with nothing of use.
    #[error("{file} has none of the files that Letterboxd or Trakt export")]
    Empty {
        /// The file.
        file: String,
    },
    /// JSON that is none.
    #[error("{file} cannot be read as JSON: {reason}")]
    Json {
        /// The file.
        file: String,
        /// Why, and where.
        reason: String,
    },
    /// A table that is none.
    #[error(transparent)]
    Table(#[from] SourceError),
}

/// What may still be read of one import.
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

/// Reads an export. `file` is its name, with or without folders. O(bytes) in time; in memory no more than
/// [`LARGEST`] and [`MOST_ROWS`] make, whatever the file is.
///
/// # Errors
/// When the file is no export, is too large, or is made to do harm.
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    read_within(&mut Budget::whole(), file, bytes)
}

/// Reads the exports of one import, whose names and bytes these are; the limits are for all of them
/// together.
///
/// # Errors
/// As [`read`], for the first file that fails.
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

/// Reads a file that is no archive, whose bytes were taken of the budget.
fn read_text(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let unknown = || HistoryError::Unknown { file: file.to_owned() };
    let start = table::without_mark(bytes).trim_ascii_start();
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
    // A row has a line of its own.
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

/// What a text is, if not UTF-8 as far as its first characters say.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(4)];
    let has_mark = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    // The services write ASCII first.
    (has_mark || start.contains(&0)).then_some("UTF-16")
}

/// Lines that are not empty, whichever way they end: there are no more rows.
fn n_lines(bytes: &[u8]) -> usize {
    let mut from = 0;
    let mut lines = 0;
    for end in memchr::memchr2_iter(b'\n', b'\r', bytes).chain([bytes.len()]) {
        lines += usize::from(end > from);
        from = end + 1;
    }
    lines
}

/// The name of a file, or its end.
fn reported(file: &str) -> &str {
    &file[file.ceil_char_boundary(file.len().saturating_sub(LONGEST_NAME))..]
}

/// A title, or its start.
fn title(text: &str) -> String {
    text.chars().take(LONGEST_TITLE).collect()
}

/// The last part of a path.
fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// A year of four digits.
fn year(text: &str) -> Option<u16> {
    text.parse().ok().filter(|year| (1870..=2100).contains(year))
}

/// Digits of `tt0113277`.
fn imdb_number(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix("tt").unwrap_or(text.trim());
    let good =
        !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|b| b.is_ascii_digit());
    good.then(|| digits.to_owned())
}

/// Stars of 1 to 10 points.
fn of_ten(points: &str) -> Option<Stars> {
    let points: f32 = points.parse().ok()?;
    (points.fract() == 0.0).then(|| Stars::from_value(points / 2.0)).flatten()
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
