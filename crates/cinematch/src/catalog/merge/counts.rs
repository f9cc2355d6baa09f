//! Counts collected during a merge.

use serde::{Deserialize, Serialize};

/// Number of movies removed by each filter. A movie is counted only under the first filter it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Movies with no year, if a minimum year is set.
    pub without_year: u64,
    /// Movies older than the minimum year.
    pub before_min_year: u64,
    /// Movies with no genre.
    pub without_genres: u64,
    /// Movies with no TMDB metadata, if it is required.
    pub without_tmdb: u64,
    /// Movies with fewer votes than the minimum.
    pub too_few_votes: u64,
}

/// Counts collected during a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Movies read from `movies.csv`.
    pub movies_read: u64,
    /// Movies kept in the result.
    pub movies_kept: u64,
    /// Movies removed by each filter.
    pub removed: Removed,
    /// Kept movies with a TMDB ID.
    pub with_tmdb_id: u64,
    /// Kept movies with TMDB metadata.
    pub with_metadata: u64,
    /// Kept movies whose title doesn't end with the year in the strict format, `(YYYY)`.
    pub year_read_leniently: u64,
    /// Duplicate movie IDs in `movies.csv` and `links.csv`.
    pub duplicate_movie_ids: u64,
    /// Duplicate TMDB IDs in `tmdb_metadata.csv`.
    pub duplicate_tmdb_ids: u64,
    /// Entries merged into another entry for the same film.
    pub duplicate_entries: u64,
    /// Entries whose TMDB ID has no metadata and was replaced by that of the movie with their IMDb ID.
    pub relinked: u64,
    /// Kept movies that have no year in MovieLens and whose year is that of their release on TMDB.
    pub years_from_tmdb: u64,
    /// Kept movies whose working title was replaced by TMDB's title.
    pub titles_from_tmdb: u64,
    /// TMDB rows that no movie links to.
    #[serde(rename = "tmdb_rows_without_film")]
    pub tmdb_rows_without_movie: u64,
}

impl Counts {
    /// Adds the counts for a chunk of movies.
    pub(super) fn add(&mut self, movies: &Self) {
        self.movies_kept += movies.movies_kept;
        self.with_tmdb_id += movies.with_tmdb_id;
        self.with_metadata += movies.with_metadata;
        let (total, removed) = (&mut self.removed, movies.removed);
        total.without_year += removed.without_year;
        total.before_min_year += removed.before_min_year;
        total.without_genres += removed.without_genres;
        total.without_tmdb += removed.without_tmdb;
        total.too_few_votes += removed.too_few_votes;
    }
}

/// Number of rows, records and problems in an input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// Name of the file.
    pub file: String,
    /// Data rows, including invalid ones.
    pub rows: u64,
    /// Valid records.
    pub records: u64,
    /// Number of problems found in the file.
    pub problems: u64,
}
