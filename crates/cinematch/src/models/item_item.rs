//! Linear item-item models: the fitted form of EASE, EDLAE and item-knn.
//!
//! W is a sparse movies × movies matrix. The score of movie j is Σ weight(i) · `W[i][j]` over the movies i in
//! the history. Scoring costs O(entries in the history's rows); memory is 8 bytes per entry.
//!
//! The archive is W in CSR form. `W[i][j]` is the weight that movie i in the history has in the score of
//! movie j.

use std::io;

use rayon::prelude::*;

use super::archive::{Archive, ArchiveContext, ReadArchive};
use super::cold_start::NewMovies;
use super::contributions::Contributions;
use super::implicit::Confidence;
use super::interface::FittedModel;
use super::model::Model;
use crate::catalog::Rated;
use crate::features::CsrMatrix;
use crate::ids::MovieIdx;

/// A fitted item-item model: a sparse matrix of movie-to-movie weights.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemItem {
    confidence: Confidence,
    /// W: weights of movies in the history (rows) in the scores of movies (columns).
    weights: CsrMatrix<f32>,
    /// True if W was also fitted to content features.
    uses_features: bool,
}

impl ItemItem {
    /// Wraps W: weights of movies in the history (rows) in the scores of movies (columns).
    pub(crate) fn from_weights(confidence: Confidence, weights: CsrMatrix<f32>) -> Self {
        Self { confidence, weights, uses_features: false }
    }

    /// Sets whether W was also fitted to content features.
    #[must_use]
    pub(super) fn with_features(self, uses_features: bool) -> Self {
        Self { uses_features, ..self }
    }

    /// Builds the model from columns of W. Each of `targets` is a movie and its column, whose entries are in
    /// ascending row order. All other columns are empty. O(entries).
    pub(super) fn from_columns(
        confidence: Confidence,
        n_movies: usize,
        mut targets: Vec<(MovieIdx, Vec<(u32, f32)>)>,
    ) -> Self {
        targets.par_sort_unstable_by_key(|(movie, _)| *movie);
        let mut by_target = CsrMatrix::new(n_movies);
        let mut targets = targets.into_iter().peekable();
        for row in 0..n_movies {
            let sources = targets.next_if(|(movie, _)| movie.row() == row);
            by_target.push_row(sources.map(|(_, sources)| sources).unwrap_or_default());
        }
        let weights = by_target.transposed(0..n_movies, |_| true);
        Self::from_weights(confidence, weights)
    }

    /// Restores the model from its archive.
    pub(super) fn restore(context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Self> {
        let weights = archive.sparse()?;
        if weights.n_columns() != weights.n_rows() {
            let (rows, columns) = (weights.n_rows(), weights.n_columns());
            let message = format!("expected a square matrix of movies, found {rows} × {columns}");
            return Err(io::Error::other(message));
        }
        Ok(Self::from_weights(context.confidence, weights))
    }

    /// Returns the model with the new movies appended. A new movie's row and column are averages of those of
    /// the most similar trained movies, truncated to the `max_entries` largest entries. The weight between
    /// two new movies is 0. O(entries).
    pub(super) fn extended(&self, new_movies: &NewMovies<'_>, max_entries: usize) -> Self {
        let n_learned = new_movies.n_learned;
        let n_movies = n_learned + new_movies.len();
        let is_learned = |column: u32| (column as usize) < n_learned;
        let by_target = self.weights.transposed(0..n_learned, is_learned);
        let mapped = new_movies.mapped(|movie| {
            let sources = by_target.row(movie.row()).0;
            !sources.is_empty() || !self.weights.row(movie.row()).0.is_empty()
        });
        let average = |matrix: &CsrMatrix<f32>, sums: &mut Vec<f32>, movies: &[(usize, f32)]| {
            sums.clear();
            sums.resize(n_learned, 0.0);
            let mut mean_length = 0.0;
            for (movie, weight) in movies {
                let mut square = 0.0;
                for (other, value) in matrix.entries(*movie).filter(|(other, _)| is_learned(*other))
                {
                    sums[other as usize] += weight * value;
                    square += value * value;
                }
                mean_length += weight * square.sqrt();
            }
            let length = sums.iter().map(|value| value * value).sum::<f32>().sqrt();
            let scale = new_movies.map.norm_factor(length, mean_length);
            let entries = (0_u32..).zip(&*sums).filter(|(_, value)| **value != 0.0);
            largest(entries.map(|(other, value)| (other, value * scale)).collect(), max_entries)
        };
        let (new_columns, new_rows): (Vec<_>, Vec<_>) = mapped
            .par_iter()
            .map_init(Vec::new, |sums, movies| {
                (average(&by_target, sums, movies), average(&self.weights, sums, movies))
            })
            .unzip();
        drop(by_target);
        let mut new_movie_columns = CsrMatrix::new(n_learned);
        for sources in new_columns {
            new_movie_columns.push_row(sources);
        }
        let new_movie_columns = new_movie_columns.transposed(0..new_movies.len(), |_| true);
        let mut weights = CsrMatrix::new(n_movies);
        for row in 0..n_learned {
            let learned_entries =
                self.weights.entries(row).filter(|(column, _)| is_learned(*column));
            let new = new_movie_columns.entries(row);
            let new = new.map(|(column, value)| (column + n_learned as u32, value));
            weights.push_row(learned_entries.chain(new));
        }
        for targets in new_rows {
            weights.push_row(targets);
        }
        Self { weights, ..*self }
    }

    /// Returns W: weights of movies in the history (rows) in the scores of movies (columns).
    pub fn weights(&self) -> &CsrMatrix<f32> {
        &self.weights
    }
}

impl Model for ItemItem {
    fn n_movies(&self) -> usize {
        self.weights.n_rows()
    }

    /// Computes the scores in O(entries in the history's rows).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "expected one score per movie");
        scores.fill(0.0);
        for (_, movie, weight) in self.confidence.weigh(history) {
            let (columns, values) = self.weights.row(movie.row());
            for (column, value) in columns.iter().zip(values) {
                scores[*column as usize] += weight * value;
            }
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (index, source, weight) in self.confidence.weigh(history) {
            let (columns, values) = self.weights.row(source.row());
            for (movie, contributions) in movies.iter().zip(&mut contributions) {
                if let Ok(position) = columns.binary_search(&movie.0) {
                    contributions.parts[index] = weight * values[position];
                }
            }
        }
        contributions
    }

    fn uses_features(&self) -> bool {
        self.uses_features
    }
}

impl FittedModel for ItemItem {
    fn has_learned(&self, movie: MovieIdx) -> bool {
        !self.weights.row(movie.row()).0.is_empty()
    }

    fn archive(&self) -> Option<Archive<'_>> {
        Some(Archive::Sparse(&self.weights))
    }
}

/// Returns the `max_entries` entries of largest magnitude, in ascending column order. Ties are broken by
/// column.
pub(super) fn largest(mut entries: Vec<(u32, f32)>, max_entries: usize) -> Vec<(u32, f32)> {
    if max_entries < entries.len() {
        entries.select_nth_unstable_by(max_entries, |a, b| {
            b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0))
        });
        entries.truncate(max_entries);
    }
    entries.sort_unstable_by_key(|(column, _)| *column);
    // Truncating doesn't release memory, and the excess adds up over all movies.
    entries.shrink_to_fit();
    entries
}
