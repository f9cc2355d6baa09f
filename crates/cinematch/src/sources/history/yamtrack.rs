//! Decoder for Yamtrack's CSV export.

use super::entry::{EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::rows::{self, RowFeedback, TitleColumns, other_type};
use super::values::stars_of_points;
use crate::sources::table::Column;

/// Importer for Yamtrack exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "yamtrack", name: "Yamtrack" },
    is_in_archive: None,
    decoder: Decoder::Csv {
        recognizes: |file| file.has("media_id") && file.has("media_type") && file.has("source"),
        decode,
    },
    #[cfg(test)]
    sample: (
        "yamtrack.csv",
        "media_id,source,media_type,title,image,season_number,episode_number,score,progress,status,start_date,\
         end_date,notes,progressed_at\n\
         949,tmdb,movie,Heat,https://image,,,8.5,1,Completed,,2024-01-02,,\n",
    ),
};

const COLUMNS: [Column; 8] = [
    Column::required("title").multiline(),
    Column::optional("year"),
    Column::required("media_id"),
    Column::required("source"),
    Column::required("media_type"),
    Column::optional("score"),
    Column::optional("status"),
    Column::optional("notes").multiline(),
];

/// Decodes all rows. A score of 0 means that there is none. IDs are those of TMDB unless the source is another.
fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let mut history = History::new(IMPORTER.service);
    let title = TitleColumns { title: 0, year: 1, imdb: None, tmdb: Some(2) };
    rows::read(csv, &COLUMNS, &title, &mut history, |row, problems| {
        let is_rated = !matches!(row.get(5), "0" | "0.0");
        let score = (stars_of_points as fn(&str) -> _, "0.5 to 10");
        let stars = if is_rated { rows::rating(row, 5, score, problems) } else { None };
        let is_planned = row.get(6).eq_ignore_ascii_case("planning");
        let unrated = if is_planned { EntryKind::Watchlist } else { EntryKind::Watched };
        let other = other_type(row.get(4)).or_else(|| {
            (!row.get(3).eq_ignore_ascii_case("tmdb")).then_some("from a source other than TMDB")
        });
        Some(RowFeedback {
            kind: stars.map_or(unrated, EntryKind::Rated),
            other,
            is_viewing: false,
        })
    })?;
    Ok(history)
}
