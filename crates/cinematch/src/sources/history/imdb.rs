//! Decoder for IMDb's CSV exports of ratings and watchlists, with or without the newer `Original Title`
//! column.

use super::entry::{Entry, EntryKind, History, Service, Skipped};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::values::{imdb_number, stars_of_ten, title, year};
use crate::sources::table::{self, Column};
use crate::sources::{Outcome, ProblemKind, excerpt};

/// Importer for IMDb exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "imdb", name: "IMDb" },
    is_in_archive: None,
    decoder: Decoder::Csv { recognizes: |file| file.has("Const"), decode },
    #[cfg(test)]
    sample: (
        "ratings.csv",
        "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,Year\n\
         tt0113277,9,2020-01-01,Heat,Heat,https://www.imdb.com/title/tt0113277,Movie,1995\n",
    ),
};

const COLUMNS: [Column; 6] = [
    Column::required("Const"),
    Column::required("Title").multiline(),
    Column::optional("Title Type"),
    Column::optional("Year"),
    Column::optional("Your Rating"),
    Column::optional("Original Title").multiline(),
];

/// Words in `Title Type` that mean the title is not a movie. They cover old and new exports: `tvSeries`,
/// `TV Series`, `TV Mini Series`, `TV Episode`, `Video Game`, `Podcast Series`, `Music Video`.
const NON_MOVIE_TYPES: [&str; 5] = ["series", "episode", "game", "podcast", "music"];

/// Decodes a watchlist if the file has a `Position` column, and ratings otherwise. Skips titles that
/// aren't movies.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let CsvFile { name: file, bytes, .. } = *csv;
    let is_watchlist = csv.has("Position");
    let mut history = History::new(IMPORTER.service);
    let (entries, skipped) = (&mut history.entries, &mut history.skipped);
    history.rows = table::read(file, bytes, &COLUMNS, &mut history.problems, |row, problems| {
        let (name, original) = (title(row.get(1)), title(row.get(5)));
        let kind = row.get(2);
        let lower = kind.to_ascii_lowercase();
        if NON_MOVIE_TYPES.iter().any(|word| lower.contains(word)) {
            let (file, line) = (file.to_owned(), row.line);
            skipped.push(Skipped { file, line, title: name, reason: excerpt(kind) });
            return;
        }
        let Some(imdb_id) = imdb_number(row.get(0)) else {
            let reason =
                format!("expected a number such as tt0113277, got `{}`", excerpt(row.get(0)));
            problems.push(row.problem(0, ProblemKind::InvalidValue, Outcome::RowDropped, reason));
            return;
        };
        let points = row.get(4);
        let stars = stars_of_ten(points);
        if stars.is_none() && (!is_watchlist || !points.is_empty()) {
            let reason = format!("expected 1 to 10, got `{}`", excerpt(points));
            problems.push(row.problem(4, ProblemKind::InvalidValue, Outcome::ValueEmptied, reason));
        }
        // A rated movie on a watchlist counts as rated, and therefore as watched.
        let unrated = if is_watchlist { EntryKind::Watchlist } else { EntryKind::Watched };
        let is_other = !original.is_empty() && original != name;
        entries.push(Entry {
            title: name,
            original_title: is_other.then_some(original),
            year: year(row.get(3)),
            imdb_id: Some(imdb_id),
            tmdb_id: None,
            movie_id: None,
            kind: stars.map_or(unrated, EntryKind::Rated),
            is_diary_rating: false,
            file: file.to_owned(),
            line: row.line,
        });
    })?;
    Ok(history)
}
