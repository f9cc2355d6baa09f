//! Decoder for TMDB's CSV exports of ratings, watchlists, favorites and lists.

use super::entry::{CustomList, EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::rows::{self, RowFeedback, TitleColumns, other_type};
use super::values::{base_name, stars_of_points};
use crate::sources::table::Column;

/// Importer for TMDB exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "tmdb", name: "TMDB" },
    is_in_archive: None,
    decoder: Decoder::Csv {
        recognizes: |file| file.has("TMDb ID") && file.has("Name") && file.has("Type"),
        decode,
    },
    #[cfg(test)]
    sample: (
        "tmdb-ratings.csv",
        "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated\n\
         949,tt0113277,movie,Heat,1995-12-15T00:00:00Z,,,7.9,8.5,2024-01-02T00:00:00Z\n",
    ),
};

const COLUMNS: [Column; 6] = [
    Column::required("Name").multiline(),
    Column::optional("Release Date"),
    Column::optional("IMDb ID"),
    Column::required("TMDb ID"),
    Column::required("Type"),
    Column::optional("Your Rating"),
];

/// Decodes a table. Ratings have a column `Your Rating`; the other lists are told apart by the file name.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let name = base_name(csv.name).to_ascii_lowercase();
    let unrated = match name.as_str() {
        name if name.contains("watchlist") => Some(EntryKind::Watchlist),
        name if name.contains("favo") => Some(EntryKind::Liked),
        _ if csv.has("Your Rating") => Some(EntryKind::Watched),
        _ => None,
    };
    let mut history = History::new(IMPORTER.service);
    let title = TitleColumns { title: 0, year: 1, imdb: Some(2), tmdb: Some(3) };
    rows::read(csv, &COLUMNS, &title, &mut history, |row, problems| {
        let stars = rows::rating(row, 5, (stars_of_points, "0.5 to 10"), problems);
        let kind = stars.map(EntryKind::Rated).or(unrated).unwrap_or(EntryKind::Watchlist);
        Some(RowFeedback { kind, other: other_type(row.get(4)), is_viewing: false })
    })?;
    if unrated.is_none() {
        let (entries, others) = (history.entries, history.others);
        (history.entries, history.others) = (Vec::new(), Vec::new());
        let name = base_name(csv.name).to_owned();
        history.lists.push(CustomList { file: csv.name.to_owned(), name, entries, others });
    }
    Ok(history)
}
