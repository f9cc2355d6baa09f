//! Decoder of MovieLens.org's `movielens-ratings.csv`, which contains MovieLens ids.

use super::{Entry, History, HistoryError, Said, Service, imdb_number, title};
use crate::ids::{MovieId, TmdbId};
use crate::rating::Stars;
use crate::sources::table::{self, Column};
use crate::sources::title::parse_title;
use crate::sources::values::whole_number;
use crate::sources::{Outcome, ProblemKind, excerpt};

const COLUMNS: [Column; 5] = [
    Column::required("movie_id"),
    Column::optional("imdb_id"),
    Column::optional("tmdb_id"),
    Column::required("rating"),
    Column::optional("title").multiline(),
];

/// Reads `movielens-ratings.csv`.
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let mut history = History::of(Service::MovieLens);
    let entries = &mut history.entries;
    history.rows = table::read(file, bytes, &COLUMNS, &mut history.problems, |row, problems| {
        let movie_id = row.require::<MovieId>(0, "MovieLens' number of a film", problems);
        let Some(movie_id) = movie_id else { return };
        let stars = row.get(3);
        let Some(stars) = stars.parse().ok().and_then(Stars::from_value) else {
            let reason = format!("expected 0.5 to 5 stars in halves, got `{}`", excerpt(stars));
            problems.push(row.problem(3, ProblemKind::InvalidValue, Outcome::RowDropped, reason));
            return;
        };
        let title = parse_title(&title(row.get(4)));
        entries.push(Entry {
            title: title.title,
            original_title: None,
            year: title.year,
            imdb_id: imdb_number(row.get(1)),
            tmdb_id: whole_number(row.get(2)).map(TmdbId),
            movie_id: Some(movie_id),
            said: Said::Rated(stars),
            of_viewing: false,
            file: file.to_owned(),
            line: row.line,
        });
    })?;
    Ok(history)
}
