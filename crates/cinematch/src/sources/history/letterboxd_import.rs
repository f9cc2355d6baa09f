//! Decoder for files in the format that Letterboxd documents for imports. Other programs write it to export to
//! Letterboxd.

use super::entry::{EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::CsvFile;
use super::rows::{self, RowFeedback, TitleColumns};
use super::values::{base_name, stars_of_five, stars_of_ten};
use crate::sources::table::Column;

const COLUMNS: [Column; 10] = [
    Column::optional("Title").multiline(),
    Column::optional("Year"),
    Column::optional("imdbID"),
    Column::optional("tmdbID"),
    Column::optional("Rating"),
    Column::optional("Rating10"),
    Column::optional("WatchedDate"),
    Column::optional("Directors").multiline(),
    Column::optional("Tags").multiline(),
    Column::optional("Review").multiline(),
];

/// Returns true if the columns are those of the format. Exports of Simkl and Movary share some of them.
pub(super) fn recognizes(file: &CsvFile<'_>) -> bool {
    let is_other = ["SIMKL_ID", "LastEpWatched", "userRating", "watchedAt", "addedAt", "Const"];
    let own = ["tmdbID", "imdbID", "Rating10", "WatchedDate", "LetterboxdURI"];
    let has_title = file.has("Title") || file.has("tmdbID") || file.has("imdbID");
    has_title
        && own.iter().any(|name| file.has(name))
        && !is_other.iter().any(|name| file.has(name))
}

/// Decodes all rows as ratings and viewings, or as a watchlist if the file is named so.
pub(super) fn decode(csv: &CsvFile<'_>, service: Service) -> Result<History, HistoryError> {
    let mut history = History::new(service);
    let is_watchlist = base_name(csv.name).to_ascii_lowercase().contains("watchlist");
    let unrated = if is_watchlist { EntryKind::Watchlist } else { EntryKind::Watched };
    let title = TitleColumns { title: 0, year: 1, imdb: Some(2), tmdb: Some(3) };
    rows::read(csv, &COLUMNS, &title, &mut history, |row, problems| {
        let of_ten = rows::rating(row, 5, (stars_of_ten, "1 to 10"), problems);
        let stars = of_ten.or_else(|| {
            rows::rating(row, 4, (stars_of_five, "0.5 to 5 stars in halves"), problems)
        });
        let kind = stars.map_or(unrated, EntryKind::Rated);
        Some(RowFeedback { kind, other: None, is_viewing: !row.get(6).is_empty() })
    })?;
    Ok(history)
}
