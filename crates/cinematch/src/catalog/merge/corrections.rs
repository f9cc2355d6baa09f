//! Corrections that a merge makes to MovieLens entries.

use serde::Serialize;

use super::linked::Relinked;
use crate::ids::MovieId;

/// Corrections to MovieLens entries, in the order of `movies.csv`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Corrections {
    /// Kept movies whose year only the lenient title parser could find.
    pub years_read_leniently: Vec<CorrectedYear>,
    /// Kept movies with no year in MovieLens, and the year of their release on TMDB.
    pub years_from_tmdb: Vec<CorrectedYear>,
    /// Kept movies with a working title, and TMDB's title.
    pub titles_from_tmdb: Vec<CorrectedTitle>,
    /// Entries merged into another entry for the same film.
    pub duplicate_entries: Vec<MergedEntry>,
    /// TMDB IDs that were replaced by that of the movie with the entry's IMDb ID.
    pub relinked: Vec<Relinked>,
}

/// A movie's year, if it is not the one that MovieLens documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CorrectedYear {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Title in `movies.csv`.
    pub title: String,
    /// Release year.
    pub year: u16,
}

/// A working title that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CorrectedTitle {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Title in `movies.csv`.
    pub title: String,
    /// Title on TMDB.
    pub tmdb_title: String,
}

/// An entry that was merged into another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MergedEntry {
    /// MovieLens ID of the entry.
    pub movie_id: MovieId,
    /// Title in `movies.csv`.
    pub title: String,
    /// MovieLens ID of the movie that stands for both.
    pub merged_into: MovieId,
}

impl Corrections {
    pub(super) fn append(&mut self, other: Self) {
        self.years_read_leniently.extend(other.years_read_leniently);
        self.years_from_tmdb.extend(other.years_from_tmdb);
        self.titles_from_tmdb.extend(other.titles_from_tmdb);
        self.duplicate_entries.extend(other.duplicate_entries);
        self.relinked.extend(other.relinked);
    }
}
