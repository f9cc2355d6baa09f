//! TMDB rows, found by TMDB or IMDb ID.

use rustc_hash::FxHashMap;

use crate::catalog::matching::imdb_number;
use crate::ids::TmdbId;
use crate::sources::movielens::LinkRow;
use crate::sources::tmdb::TmdbRow;

/// TMDB rows, indexed by ID.
#[derive(Default)]
pub(super) struct Metadata<'a> {
    rows: Vec<TmdbRow<'a>>,
    row_of: FxHashMap<TmdbId, u32>,
    tmdb_of_imdb: FxHashMap<u64, TmdbId>,
}

impl<'a> Metadata<'a> {
    pub(super) fn new(rows: Vec<TmdbRow<'a>>) -> Self {
        let row_of = rows.iter().map(|row| row.tmdb_id).zip(0..).collect();
        let imdb_ids = rows.iter().filter_map(|row| {
            let digits = row.imdb_id.trim_start_matches("tt");
            Some((imdb_number(digits)?, row.tmdb_id))
        });
        let tmdb_of_imdb = imdb_ids.collect();
        Self { rows, row_of, tmdb_of_imdb }
    }

    pub(super) fn get(&self, id: TmdbId) -> Option<&TmdbRow<'a>> {
        self.row_of.get(&id).map(|row| &self.rows[*row as usize])
    }

    /// Returns the TMDB ID of the movie with the IMDb ID `digits`.
    pub(super) fn find_imdb(&self, digits: &str) -> Option<TmdbId> {
        self.tmdb_of_imdb.get(&imdb_number(digits)?).copied()
    }

    /// Returns the number of rows that no entry links to.
    pub(super) fn n_without_movie(&self, links: &[Option<LinkRow<'_>>]) -> u64 {
        let mut has_movie = vec![false; self.rows.len()];
        for id in links.iter().flatten().filter_map(|link| link.tmdb_id) {
            if let Some(row) = self.row_of.get(&id) {
                has_movie[*row as usize] = true;
            }
        }
        has_movie.iter().filter(|has_movie| !**has_movie).count() as u64
    }
}
