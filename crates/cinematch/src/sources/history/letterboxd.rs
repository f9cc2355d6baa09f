//! Letterboxd: `ratings.csv`, `diary.csv`, `watched.csv`, `watchlist.csv`, `likes/films.csv`. No ids.

use super::{Entry, History, HistoryError, Said, Service, base_name, year};
use crate::sources::movielens::Stars;
use crate::sources::table::{self, Column};
use crate::sources::{Outcome, ProblemKind, excerpt};

/// Which of its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Films rated, with or without the day they were watched.
    Rated,
    /// Films seen.
    Watched,
    /// Films to see.
    Watchlist,
    /// Films liked.
    Liked,
}

impl Table {
    /// By the header, or where two have the same, by the file's name.
    pub fn of(file: &str, header: &[&str]) -> Result<Self, HistoryError> {
        if header.contains(&"Rating") {
            return Ok(Self::Rated);
        }
        match base_name(file).to_ascii_lowercase().as_str() {
            "watched.csv" => Ok(Self::Watched),
            "watchlist.csv" => Ok(Self::Watchlist),
            "films.csv" => Ok(Self::Liked),
            _ => Err(HistoryError::Unnamed { file: file.to_owned() }),
        }
    }
}

const COLUMNS: [Column; 4] = [
    Column::required("Name").multiline(),
    Column::required("Year"),
    Column::required("Letterboxd URI"),
    Column::optional("Rating"),
];

/// Reads one table.
pub fn read(file: &str, bytes: &[u8], of: Table) -> Result<History, HistoryError> {
    let mut history = History::of(Service::Letterboxd);
    let entries = &mut history.entries;
    history.rows = table::read(file, bytes, &COLUMNS, &mut history.problems, |row, problems| {
        let title = row.get(0).to_owned();
        if title.is_empty() {
            let (kind, outcome) = (ProblemKind::MissingValue, Outcome::RowDropped);
            problems.push(row.problem(0, kind, outcome, "the film has no name"));
            return;
        }
        let rating = row.get(3);
        let said = match of {
            Table::Watched => Said::Watched,
            Table::Watchlist => Said::Watchlist,
            Table::Liked => Said::Liked,
            // A diary has days without stars.
            Table::Rated if rating.is_empty() => Said::Watched,
            Table::Rated => rating.parse().ok().and_then(Stars::from_value).map_or_else(
                || {
                    let reason =
                        format!("expected 0.5 to 5 stars in halves, got `{}`", excerpt(rating));
                    let (kind, outcome) = (ProblemKind::InvalidValue, Outcome::ValueEmptied);
                    problems.push(row.problem(3, kind, outcome, reason));
                    Said::Watched
                },
                Said::Rated,
            ),
        };
        entries.push(Entry {
            title,
            year: year(row.get(1)),
            imdb_id: None,
            tmdb_id: None,
            movie_id: None,
            said,
            file: file.to_owned(),
            line: row.line,
        });
    })?;
    Ok(history)
}
