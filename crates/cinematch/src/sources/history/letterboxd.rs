//! Decoder of Letterboxd's tables `ratings.csv`, `diary.csv`, `watched.csv`, `watchlist.csv` and
//! `likes/films.csv`. They contain no ids.

use super::{Entry, History, HistoryError, Said, Service, base_name, title, year};
use crate::rating::Stars;
use crate::sources::table::{self, Column};
use crate::sources::{Outcome, ProblemKind, excerpt};

/// A table of a Letterboxd export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Rated movies.
    Rated,
    /// Dated viewings, each with or without a rating.
    Diary,
    /// Watched movies.
    Watched,
    /// Movies to watch.
    Watchlist,
    /// Liked movies.
    Liked,
}

impl Table {
    /// Identifies a table by its header, or by its file name where several tables have the same
    /// header.
    pub fn of(file: &str, header: &[&str]) -> Result<Self, HistoryError> {
        if header.contains(&"Rating") {
            let is_diary = header.contains(&"Watched Date");
            return Ok(if is_diary { Self::Diary } else { Self::Rated });
        }
        let base = base_name(file).to_ascii_lowercase();
        // Matches `watchlist-USER-2024-01-02.csv` and `watched (1).csv`.
        let named = |name: &str| {
            let behind = base.strip_prefix(name).and_then(|rest| rest.strip_suffix(".csv"));
            behind.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        let tables =
            [("watched", Self::Watched), ("watchlist", Self::Watchlist), ("films", Self::Liked)];
        let found = tables.into_iter().find(|(name, _)| named(name));
        found.map(|(_, table)| table).ok_or_else(|| HistoryError::Unnamed { file: file.to_owned() })
    }
}

const COLUMNS: [Column; 4] = [
    Column::required("Name").multiline(),
    Column::required("Year"),
    Column::required("Letterboxd URI"),
    Column::optional("Rating"),
];

/// Reads a table.
pub fn read(file: &str, bytes: &[u8], of: Table) -> Result<History, HistoryError> {
    let mut history = History::of(Service::Letterboxd);
    let entries = &mut history.entries;
    history.rows = table::read(file, bytes, &COLUMNS, &mut history.problems, |row, problems| {
        let name = title(row.get(0));
        if name.is_empty() {
            let (kind, outcome) = (ProblemKind::MissingValue, Outcome::RowDropped);
            problems.push(row.problem(0, kind, outcome, "the film has no name"));
            return;
        }
        let rating = row.get(3);
        let said = match of {
            Table::Watched => Said::Watched,
            Table::Watchlist => Said::Watchlist,
            Table::Liked => Said::Liked,
            // Diary entries may lack a rating.
            Table::Rated | Table::Diary if rating.is_empty() => Said::Watched,
            Table::Rated | Table::Diary => {
                rating.parse().ok().and_then(Stars::from_value).map_or_else(
                    || {
                        let reason =
                            format!("expected 0.5 to 5 stars in halves, got `{}`", excerpt(rating));
                        let (kind, outcome) = (ProblemKind::InvalidValue, Outcome::ValueEmptied);
                        problems.push(row.problem(3, kind, outcome, reason));
                        Said::Watched
                    },
                    Said::Rated,
                )
            }
        };
        entries.push(Entry {
            title: name,
            original_title: None,
            year: year(row.get(1)),
            imdb_id: None,
            tmdb_id: None,
            movie_id: None,
            said,
            of_viewing: of == Table::Diary,
            file: file.to_owned(),
            line: row.line,
        });
    })?;
    Ok(history)
}
