//! Decoder for IMDb's CSV exports of ratings, check-ins, watchlists and lists, of every generation and language.

use super::entry::{CustomList, Entry, EntryKind, History, OtherTitle, Service};
use super::error::HistoryError;
use super::imdb_layout::{TitleType, columns, title_type};
use super::importer::{CsvFile, Decoder, Importer};
use super::values::{base_name, imdb_number, stars_of_ten, title, year};
use crate::sources::table::Column;
use crate::sources::{Outcome, ProblemKind, excerpt};

/// Importer for IMDb exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "imdb", name: "IMDb" },
    is_in_archive: None,
    decoder: Decoder::Csv { recognizes: |file| columns(file).is_some(), decode },
    #[cfg(test)]
    sample: (
        "ratings.csv",
        "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,Year\n\
         tt0113277,9,2020-01-01,Heat,Heat,https://www.imdb.com/title/tt0113277,Movie,1995\n",
    ),
};

const COLUMNS: [Column; 9] = [
    Column::required("Const"),
    Column::optional("Title").multiline(),
    Column::optional("Title Type"),
    Column::optional("Year"),
    Column::optional("Your Rating"),
    Column::optional("Original Title").multiline(),
    Column::optional("Description").multiline(),
    Column::optional("Genres").multiline(),
    Column::optional("Directors").multiline(),
];

/// The kinds of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    /// Rated titles.
    Ratings,
    /// Titles that the user has seen.
    Seen,
    /// Titles that the user wants to watch.
    Watchlist,
    /// A user-defined list.
    List,
}

impl Table {
    /// Identifies the table. All lists have a column `Position`, and only their file names differ. Ratings until 2017
    /// have it too.
    fn of(file: &CsvFile<'_>) -> Self {
        let name = base_name(file.name).to_ascii_lowercase();
        if !file.has("Position") {
            return if file.has("Your Rating") { Self::Ratings } else { Self::Seen };
        }
        if name.contains("watchlist") {
            Self::Watchlist
        } else if name.starts_with("ratings") {
            Self::Ratings
        } else if name.starts_with("checkins") || name.starts_with("check-ins") {
            Self::Seen
        } else {
            Self::List
        }
    }

    /// Returns the feedback on a title that has no rating.
    fn unrated(self) -> EntryKind {
        match self {
            Self::Ratings | Self::Seen => EntryKind::Watched,
            Self::Watchlist | Self::List => EntryKind::Watchlist,
        }
    }
}

/// Decodes a table. Titles that aren't movies, and those of unknown types, match by ID only. A rated title on a list
/// counts as rated, and therefore as watched.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let names = columns(csv).unwrap_or_default();
    let csv = CsvFile { columns: names, ..*csv };
    let table = Table::of(&csv);
    let file = csv.name;
    let mut history = History::new(IMPORTER.service);
    let name = base_name(file);
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let (entries, others) = (Vec::new(), Vec::new());
    let mut list = CustomList { file: file.to_owned(), name, entries, others };
    let mut problems = std::mem::take(&mut history.problems);
    history.rows = csv.read_ragged(&COLUMNS, &mut problems, |row, problems| {
        let (name, original) = (title(row.get(1)), title(row.get(5)));
        let kind = row.get(2);
        let Some(imdb_id) = imdb_number(row.get(0)) else {
            if title_type(kind) == TitleType::Other && !row.is_ragged {
                let entry = Entry::new(name, None, table.unrated(), file, row.line);
                return history.add_other(entry, kind);
            }
            let reason =
                format!("expected a number such as tt0113277, got `{}`", excerpt(row.get(0)));
            problems.push(row.problem(0, ProblemKind::InvalidValue, Outcome::RowDropped, reason));
            return;
        };
        let points = row.get(4);
        let stars = stars_of_ten(points);
        if stars.is_none() && (table == Table::Ratings || !points.is_empty()) {
            let reason = format!("expected 1 to 10, got `{}`", excerpt(points));
            problems.push(row.problem(4, ProblemKind::InvalidValue, Outcome::ValueEmptied, reason));
        }
        let is_other = !original.is_empty() && original != name;
        let feedback = stars.map_or(table.unrated(), EntryKind::Rated);
        let entry = Entry {
            original_title: is_other.then_some(original),
            imdb_id: Some(imdb_id),
            ..Entry::new(name, year(row.get(3)), feedback, file, row.line)
        };
        let is_listed = table == Table::List && stars.is_none();
        match (title_type(kind), is_listed) {
            (TitleType::Movie, false) => history.entries.push(entry),
            (TitleType::Movie, true) => list.entries.push(entry),
            (_, false) => history.add_other(entry, kind),
            (_, true) => {
                let position = list.entries.len();
                list.others.push(OtherTitle { entry, kind: excerpt(kind), position });
            }
        }
    })?;
    history.problems = problems;
    if !list.entries.is_empty() || !list.others.is_empty() {
        history.lists.push(list);
    }
    Ok(history)
}
