//! Decoder for Movary's CSV exports of the history, ratings and the watchlist.

use super::entry::{EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::rows::{self, RowFeedback, TitleColumns};
use super::values::stars_of_ten;
use crate::sources::table::Column;

/// Importer for Movary exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "movary", name: "Movary" },
    is_in_archive: None,
    decoder: Decoder::Csv {
        recognizes: |file| {
            let own = ["userRating", "watchedAt", "addedAt"];
            file.has("tmdbId") && file.has("title") && own.iter().any(|name| file.has(name))
        },
        decode,
    },
    #[cfg(test)]
    sample: (
        "export-ratings.csv",
        "title,year,tmdbId,imdbId,userRating\n\"Heat\",1995,949,tt0113277,9\n",
    ),
};

const COLUMNS: [Column; 7] = [
    Column::required("title").multiline(),
    Column::optional("year"),
    Column::optional("imdbId"),
    Column::required("tmdbId"),
    Column::optional("userRating"),
    Column::optional("comment").multiline(),
    Column::optional("location").multiline(),
];

/// Decodes a table. Each of the three has a column of its own. The export of ratings also lists movies without one.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let mut history = History::new(IMPORTER.service);
    let unrated = match (csv.has("addedAt"), csv.has("userRating")) {
        (true, _) => Some(EntryKind::Watchlist),
        (false, true) => None,
        (false, false) => Some(EntryKind::Watched),
    };
    let title = TitleColumns { title: 0, year: 1, imdb: Some(2), tmdb: Some(3) };
    rows::read(csv, &COLUMNS, &title, &mut history, |row, problems| {
        let stars = rows::rating(row, 4, (stars_of_ten, "1 to 10"), problems);
        let kind = stars.map(EntryKind::Rated).or(unrated)?;
        Some(RowFeedback { kind, other: None, is_viewing: false })
    })?;
    Ok(history)
}
