//! Decoder of IMDb's CSV exports of ratings and watchlists, with or without the newer column
//! `Original Title`.

use super::{
    Entry, History, HistoryError, Said, Service, Skipped, imdb_number, of_ten, title, year,
};
use crate::sources::table::{self, Column};
use crate::sources::{Outcome, ProblemKind, excerpt};

const COLUMNS: [Column; 6] = [
    Column::required("Const"),
    Column::required("Title").multiline(),
    Column::optional("Title Type"),
    Column::optional("Year"),
    Column::optional("Your Rating"),
    Column::optional("Original Title").multiline(),
];

/// Words in `Title Type` that mark a title other than a movie, in old and new exports: `tvSeries`,
/// `TV Series`, `TV Mini Series`, `TV Episode`, `Video Game`, `Podcast Series`, `Music Video`.
const NO_MOVIE: [&str; 5] = ["series", "episode", "game", "podcast", "music"];

/// Reads a file of ratings, or a watchlist if `is_watchlist`. Titles other than movies are skipped.
pub fn read(file: &str, bytes: &[u8], is_watchlist: bool) -> Result<History, HistoryError> {
    let mut history = History::of(Service::Imdb);
    let (entries, skipped) = (&mut history.entries, &mut history.skipped);
    history.rows = table::read(file, bytes, &COLUMNS, &mut history.problems, |row, problems| {
        let (name, original) = (title(row.get(1)), title(row.get(5)));
        let kind = row.get(2);
        let lower = kind.to_ascii_lowercase();
        if NO_MOVIE.iter().any(|word| lower.contains(word)) {
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
        let stars = of_ten(points);
        if stars.is_none() && (!is_watchlist || !points.is_empty()) {
            let reason = format!("expected 1 to 10, got `{}`", excerpt(points));
            problems.push(row.problem(4, ProblemKind::InvalidValue, Outcome::ValueEmptied, reason));
        }
        // A rated movie on a watchlist counts as rated, hence as watched.
        let unrated = if is_watchlist { Said::Watchlist } else { Said::Watched };
        let is_other = !original.is_empty() && original != name;
        entries.push(Entry {
            title: name,
            original_title: is_other.then_some(original),
            year: year(row.get(3)),
            imdb_id: Some(imdb_id),
            tmdb_id: None,
            movie_id: None,
            said: stars.map_or(unrated, Said::Rated),
            of_viewing: false,
            file: file.to_owned(),
            line: row.line,
        });
    })?;
    Ok(history)
}
