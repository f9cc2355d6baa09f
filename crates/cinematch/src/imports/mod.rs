//! Imports the files that users export from other services.
//!
//! [`read`] decodes the files, matches their rows to catalog movies, and returns the user's [`Taste`] and
//! a [`MatchReport`] with the result for each row. It stores nothing and is deterministic: the same files
//! always give the same taste, so repeating an import has no effect.

mod candidates;
mod conflicts;
mod report;
mod taste;

pub use candidates::{CandidateMovie, Detail};
pub use report::{AmbiguousTitle, ListReport, MatchReport, Matched, RowReport};
pub use taste::{Taste, TasteItem};

use crate::catalog::Movie;
use crate::catalog::matching::{Match, MatchIndex};
use crate::sources::history::{self, History, HistoryError, ListMeaning};

/// Result of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The user's feedback on catalog movies.
    pub taste: Taste,
    /// The match result for each row.
    pub report: MatchReport,
}

/// Reads the exported `files`, given as names and contents, and matches their rows to `movies`. `index`
/// must have been built from `movies`. If several files rate a movie, the rating in the last file is
/// used, but a rating of the movie itself takes precedence over a rating of a single viewing. `lists` is the meaning
/// of user-defined lists. Takes
/// O(bytes) time. Memory is bounded by [`history::MAX_BYTES`] and [`history::MAX_ROWS`].
///
/// # Errors
/// Returns an error if a file is not a supported export, exceeds a limit or is an unsafe archive.
pub fn read<N: AsRef<str>, B: AsRef<[u8]>>(
    index: &MatchIndex,
    movies: &[Movie],
    files: &[(N, B)],
    lists: ListMeaning,
) -> Result<Imported, HistoryError> {
    Ok(match_movies(index, movies, history::read_all(files)?, lists))
}

/// Matches decoded exports to catalog movies. [`read`] calls this function with the result of
/// [`history::read_all`]. Rows about different works never match one movie: the row that matches less well is
/// ambiguous. Rows about series and other items count if an ID matches a movie of the catalog, and are skipped
/// otherwise. Takes O(r log r) time for r rows.
pub fn match_movies(
    index: &MatchIndex,
    movies: &[Movie],
    mut histories: Vec<History>,
    lists: ListMeaning,
) -> Imported {
    for history in &mut histories {
        history.resolve_lists(lists);
        history.resolve_others(|entry| matches!(index.find(entry), Match::ById(_)));
    }
    let find = |history: &History| -> Vec<Match> {
        history.entries.iter().map(|entry| index.find(entry)).collect()
    };
    let mut found: Vec<Vec<Match>> = histories.iter().map(find).collect();
    conflicts::resolve(&histories, &mut found, movies);
    let rows = histories.iter().zip(&found);
    let rows = rows.flat_map(|(history, found)| history.entries.iter().zip(found));
    let taste = Taste::from_entries(rows.filter_map(|(entry, found)| {
        let movie = found.movie()?;
        Some((movies[movie.row()].movie_id, entry))
    }));
    let report = MatchReport::new(histories, found, movies, lists);
    Imported { taste, report }
}

#[cfg(test)]
mod tests;
