//! Decoder for the movies in TV Time's data export, `tracking-prod-records.csv`. It has no IDs and no ratings.

use super::entry::{EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::rows::{self, RowFeedback, TitleColumns, other_type};
use super::values::base_name;
use crate::sources::table::Column;

/// Importer for TV Time exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "tvtime", name: "TV Time" },
    is_in_archive: Some(|path| base_name(path).eq_ignore_ascii_case("tracking-prod-records.csv")),
    decoder: Decoder::Csv {
        recognizes: |file| file.has("movie_name") && file.has("entity_type"),
        decode,
    },
    #[cfg(test)]
    sample: (
        "tracking-prod-records.csv",
        "uuid,type,entity_type,movie_name,release_date,created_at\n\
         a1,watch,movie,Heat,1995-12-15 00:00:00,2024-01-02 10:00:00\n",
    ),
};

const COLUMNS: [Column; 4] = [
    Column::required("movie_name").multiline(),
    Column::optional("release_date"),
    Column::required("type"),
    Column::required("entity_type"),
];

/// Decodes all rows. A movie that a user follows is on the watchlist until it is watched.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let mut history = History::new(IMPORTER.service);
    let title = TitleColumns { title: 0, year: 1, imdb: None, tmdb: None };
    rows::read(csv, &COLUMNS, &title, &mut history, |row, _| {
        let kind = match row.get(2).to_ascii_lowercase().as_str() {
            "watch" | "watched" | "rewatch" => EntryKind::Watched,
            "towatch" | "follow" | "for_later" => EntryKind::Watchlist,
            _ => return None,
        };
        Some(RowFeedback { kind, other: other_type(row.get(3)), is_viewing: false })
    })?;
    Ok(history)
}
