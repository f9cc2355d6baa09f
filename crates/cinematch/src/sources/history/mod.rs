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

use super::movielens::Stars;
use super::{Problem, SourceError};
use crate::ids::{MovieId, TmdbId};

/// The largest file taken, and the most that an archive may unpack to: a hundred times the exports of
/// the most eager viewers.
pub const LARGEST: usize = 64 << 20;

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
    /// Letterboxd's watched.csv and watchlist.csv look alike.
    #[error(
        "{file} may be films watched or films to watch: name it watched.csv, watchlist.csv or, for films \
         liked, films.csv, as Letterboxd does, or import the whole ZIP file"
    )]
    Unnamed {
        /// The file.
        file: String,
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
    /// A ZIP file that is none.
    #[error("{file} cannot be read as a ZIP archive: {reason}. Export it again")]
    Archive {
        /// The file.
        file: String,
        /// Why.
        reason: String,
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

/// Reads an export. `file` is its name, with or without folders. O(bytes).
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    if bytes.len() > LARGEST {
        return Err(HistoryError::TooLarge { file: file.to_owned(), unpacked: false });
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return archive::read(file, bytes);
    }
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if matches!(start.first(), Some(b'[' | b'{')) {
        return trakt::read(file, bytes);
    }
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(header);
    let names: Vec<&str> =
        header.split(',').map(|name| name.trim().trim_matches('"').trim()).collect();
    let has = |name: &str| names.contains(&name);
    if has("Letterboxd URI") {
        letterboxd::read(file, bytes, letterboxd::Table::of(file, &names)?)
    } else if has("Const") {
        imdb::read(file, bytes, has("Position"))
    } else if has("movie_id") && has("rating") {
        movielens_org::read(file, bytes)
    } else {
        Err(HistoryError::Unknown { file: file.to_owned() })
    }
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
mod tests;
