//! Imports: what a person brings along from elsewhere → what they think of which film, and a report of
//! what became of every row.
//!
//! [`read`] decodes the files, finds their films and sums up what was said of each. Nothing is stored and
//! nothing guessed: the same files give the same taste, so that importing them again changes nothing.

mod report;
mod taste;

pub use report::{CandidateMovie, MatchReport, Matched, RowReport};
pub use taste::{Taste, TasteItem};

use crate::catalog::Movie;
use crate::catalog::matching::{Match, MatchIndex};
use crate::sources::history::{self, History, HistoryError};

/// An import, matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What the person said of films of the catalogue.
    pub taste: Taste,
    /// What became of every row.
    pub report: MatchReport,
}

/// Reads the exports of one import, given by name and bytes, and finds their films. `index` is that of
/// `movies`. Of several stars for one film the later file's count. O(bytes), and memory is bounded by
/// [`history::LARGEST`] and [`history::MOST_ROWS`].
///
/// # Errors
/// When a file is no export or is made to do harm; then nothing is imported.
pub fn read<N: AsRef<str>, B: AsRef<[u8]>>(
    index: &MatchIndex,
    movies: &[Movie],
    files: &[(N, B)],
) -> Result<Imported, HistoryError> {
    Ok(match_movies(index, movies, history::read_all(files)?))
}

/// The second half of [`read`], behind [`history::read_all`]: finds the films. O(rows).
pub fn match_movies(index: &MatchIndex, movies: &[Movie], histories: Vec<History>) -> Imported {
    let find = |history: &History| -> Vec<Match> {
        history.entries.iter().map(|entry| index.find(entry)).collect()
    };
    let found: Vec<Vec<Match>> = histories.iter().map(find).collect();
    let rows = histories.iter().zip(&found);
    let rows = rows.flat_map(|(history, found)| history.entries.iter().zip(found));
    let taste = Taste::of(rows.filter_map(|(entry, found)| {
        let movie = found.movie()?;
        Some((movies[movie.row()].movie_id, entry))
    }));
    let report = MatchReport::new(histories, found, movies);
    Imported { taste, report }
}

#[cfg(test)]
mod tests;
