//! Decoder for Letterboxd's `ratings.csv`, `diary.csv`, `watched.csv`, `watchlist.csv`, `likes/films.csv` and
//! `lists/*.csv`. These files identify movies by title and year only, without IDs.

use super::entry::{CustomList, Entry, EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::letterboxd_import;
use super::values::{base_name, has_extension, stars_of_five, title, year};
use crate::sources::table::Column;
use crate::sources::{Outcome, ProblemKind, excerpt};

/// Importer for Letterboxd exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "letterboxd", name: "Letterboxd" },
    is_in_archive: Some(is_in_archive),
    decoder: Decoder::Csv {
        recognizes: |file| {
            file.list_name.is_some()
                || (file.has("Letterboxd URI") && file.has("Name"))
                || letterboxd_import::recognizes(file)
        },
        decode,
    },
    #[cfg(test)]
    sample: (
        "ratings.csv",
        "Date,Name,Year,Letterboxd URI,Rating\n\
         2024-01-02,Heat,1995,https://boxd.it/2aRy,4.5\n",
    ),
};

/// The kinds of table in a Letterboxd export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    /// Rated movies.
    Rated,
    /// Dated diary entries, some of them with ratings.
    Diary,
    /// Watched movies.
    Watched,
    /// Movies the user wants to watch.
    Watchlist,
    /// Liked movies.
    Liked,
}

impl Table {
    /// Identifies the table by its header, or by its file name if several tables share that header.
    fn of(file: &CsvFile<'_>) -> Result<Self, HistoryError> {
        if file.has("Rating") {
            return Ok(if file.has("Watched Date") { Self::Diary } else { Self::Rated });
        }
        let base = base_name(file.name).to_ascii_lowercase();
        // Matches `watchlist-USER-2024-01-02.csv` and `watched (1).csv`.
        let is_named = |name: &str| {
            let suffix = base.strip_prefix(name).and_then(|rest| rest.strip_suffix(".csv"));
            suffix.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        let tables =
            [("watched", Self::Watched), ("watchlist", Self::Watchlist), ("films", Self::Liked)];
        let found = tables.into_iter().find(|(name, _)| is_named(name));
        found.map(|(_, table)| table).ok_or_else(|| HistoryError::UnknownTable {
            file: file.name.to_owned(),
            advice: "name it watched.csv, watchlist.csv or, for liked films, films.csv, as in \
                     Letterboxd's export, or import the whole ZIP file",
        })
    }
}

/// Returns true if `path` is a table to read from an archive. Excludes deleted and orphaned data.
fn is_in_archive(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut folders = lower.split('/').rev().skip(1);
    if folders.clone().any(|folder| matches!(folder, "deleted" | "orphaned")) {
        return false;
    }
    match base_name(&lower) {
        "ratings.csv" | "diary.csv" | "watched.csv" | "watchlist.csv" => true,
        "films.csv" if folders.clone().next() == Some("likes") => true,
        name => folders.next() == Some("lists") && has_extension(name, "csv"),
    }
}

const COLUMNS: [Column; 4] = [
    Column::required("Name").multiline(),
    Column::required("Year"),
    Column::required("Letterboxd URI"),
    Column::optional("Rating"),
];

const LIST_COLUMNS: [Column; 2] = [Column::required("Name").multiline(), Column::required("Year")];

/// Decodes a user-defined list.
fn decode_list(csv: &CsvFile<'_>, name: &str) -> Result<History, HistoryError> {
    let mut history = History::new(IMPORTER.service);
    let mut entries = Vec::new();
    history.rows = csv.read(&LIST_COLUMNS, &mut history.problems, |row, problems| {
        let name = title(row.get(0));
        if name.is_empty() {
            let (kind, outcome) = (ProblemKind::MissingValue, Outcome::RowDropped);
            problems.push(row.problem(0, kind, outcome, "the movie has no name"));
            return;
        }
        let year = year(row.get(1));
        entries.push(Entry::new(name, year, EntryKind::Watchlist, csv.name, row.line));
    })?;
    let file = csv.name.to_owned();
    let name = if name.is_empty() { base_name(csv.name) } else { name }.to_owned();
    history.lists.push(CustomList { file, name, entries, others: Vec::new() });
    Ok(history)
}

fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let is_in_lists = csv.name.rsplit(['/', '\\']).nth(1) == Some("lists");
    if csv.list_name.is_some() || is_in_lists {
        return decode_list(csv, csv.list_name.unwrap_or_default());
    }
    if !csv.has("Letterboxd URI") {
        return letterboxd_import::decode(csv, IMPORTER.service);
    }
    let table = Table::of(csv)?;
    let file = csv.name;
    let mut history = History::new(IMPORTER.service);
    let entries = &mut history.entries;
    history.rows = csv.read(&COLUMNS, &mut history.problems, |row, problems| {
        let name = title(row.get(0));
        if name.is_empty() {
            let (kind, outcome) = (ProblemKind::MissingValue, Outcome::RowDropped);
            problems.push(row.problem(0, kind, outcome, "the movie has no name"));
            return;
        }
        let rating = row.get(3);
        let kind = match table {
            Table::Watched => EntryKind::Watched,
            Table::Watchlist => EntryKind::Watchlist,
            Table::Liked => EntryKind::Liked,
            // Diary entries may have no rating.
            Table::Rated | Table::Diary if rating.is_empty() => EntryKind::Watched,
            Table::Rated | Table::Diary => stars_of_five(rating).map_or_else(
                || {
                    let reason =
                        format!("expected 0.5 to 5 stars in halves, got `{}`", excerpt(rating));
                    let (problem, outcome) = (ProblemKind::InvalidValue, Outcome::ValueEmptied);
                    problems.push(row.problem(3, problem, outcome, reason));
                    EntryKind::Watched
                },
                EntryKind::Rated,
            ),
        };
        entries.push(Entry {
            is_diary_rating: table == Table::Diary,
            ..Entry::new(name, year(row.get(1)), kind, file, row.line)
        });
    })?;
    Ok(history)
}
