//! Decoder for Simkl's CSV backup, and for files in the format of its CSV import.

use super::entry::{EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::rows::{self, RowFeedback, TitleColumns, other_type};
use super::values::stars_of_points;
use crate::sources::table::Column;

/// Importer for Simkl exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "simkl", name: "Simkl" },
    is_in_archive: None,
    decoder: Decoder::Csv {
        recognizes: |file| file.has("SIMKL_ID") || (file.has("LastEpWatched") && file.has("Title")),
        decode,
    },
    #[cfg(test)]
    sample: (
        "simkl-backup.csv",
        "SIMKL_ID,Title,Type,Year,Watchlist,LastEpWatched,WatchedDate,Rating,Memo,TVDB,TMDB,IMDB\n\
         53992,Heat,movie,1995,completed,,2024-01-02,9,,,949,tt0113277\n",
    ),
};

const COLUMNS: [Column; 9] = [
    Column::required("Title").multiline(),
    Column::required("Year"),
    Column::optional("IMDB"),
    Column::optional("TMDB"),
    Column::required("Type"),
    Column::optional("Watchlist"),
    Column::optional("Rating"),
    Column::optional("Memo").multiline(),
    Column::optional("IMDB_ID"),
];

/// Decodes all rows. The column `Watchlist` has the status of a title, such as `completed` or `plan to watch`.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let mut history = History::new(IMPORTER.service);
    let imdb = if csv.has("IMDB_ID") { 8 } else { 2 };
    let title = TitleColumns { title: 0, year: 1, imdb: Some(imdb), tmdb: Some(3) };
    rows::read(csv, &COLUMNS, &title, &mut history, |row, problems| {
        let stars = rows::rating(row, 6, (stars_of_points, "1 to 10"), problems);
        let is_planned = row.get(5).to_ascii_lowercase().contains("plan");
        let unrated = if is_planned { EntryKind::Watchlist } else { EntryKind::Watched };
        let kind = stars.map_or(unrated, EntryKind::Rated);
        Some(RowFeedback { kind, other: other_type(row.get(4)), is_viewing: false })
    })?;
    Ok(history)
}
