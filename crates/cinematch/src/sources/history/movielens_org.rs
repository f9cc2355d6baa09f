//! Decoder for `movielens-ratings.csv` from MovieLens.org, which contains MovieLens IDs.

use super::entry::{Entry, EntryKind, History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer};
use super::values::{imdb_number, stars_of_five, title};
use crate::ids::{MovieId, TmdbId};
use crate::sources::table::Column;
use crate::sources::title::parse_title;
use crate::sources::values::whole_number;
use crate::sources::{Outcome, ProblemKind, excerpt};

/// Importer for MovieLens.org exports.
pub(crate) static IMPORTER: Importer = Importer {
    service: Service { id: "movielens", name: "MovieLens.org" },
    is_in_archive: None,
    decoder: Decoder::Csv { recognizes: |file| file.has("movie_id") && file.has("rating"), decode },
    #[cfg(test)]
    sample: (
        "movielens-ratings.csv",
        "movie_id,imdb_id,tmdb_id,rating,average_rating,title\n\
         6,0113277,949,4.5,3.8,Heat (1995)\n",
    ),
};

const COLUMNS: [Column; 5] = [
    Column::required("movie_id"),
    Column::optional("imdb_id"),
    Column::optional("tmdb_id"),
    Column::required("rating"),
    Column::optional("title").multiline(),
];

fn decode(csv: &CsvFile<'_>) -> Result<History, HistoryError> {
    let file = csv.name;
    let mut history = History::new(IMPORTER.service);
    let entries = &mut history.entries;
    history.rows = csv.read(&COLUMNS, &mut history.problems, |row, problems| {
        let movie_id = row.require::<MovieId>(0, "a MovieLens ID", problems);
        let Some(movie_id) = movie_id else { return };
        let stars = row.get(3);
        let Some(stars) = stars_of_five(stars) else {
            let reason = format!("expected 0.5 to 5 stars in halves, got `{}`", excerpt(stars));
            problems.push(row.problem(3, ProblemKind::InvalidValue, Outcome::RowDropped, reason));
            return;
        };
        let title = parse_title(&title(row.get(4)));
        let kind = EntryKind::Rated(stars);
        entries.push(Entry {
            imdb_id: imdb_number(row.get(1)),
            tmdb_id: whole_number(row.get(2)).map(TmdbId),
            movie_id: Some(movie_id),
            ..Entry::new(title.title, title.year, kind, file, row.line)
        });
    })?;
    Ok(history)
}
