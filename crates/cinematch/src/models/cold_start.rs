//! Cold start: parameters for movies added after a model was fitted, until the model is fitted again.
//!
//! A new movie's parameters are the weighted average of those of the trained movies with the most similar
//! content: a nearest-neighbor map from the [ranking features](crate::features::ranking) to the model's
//! parameters (Gantner, Drumond, Freudenthaler, Rendle and Schmidt-Thieme, "Learning Attribute-to-Feature
//! Mappings for Cold-Start Recommendations", 2010). If the movie has since been rated, factor models also use
//! its ratings, giving the mapped parameters the weight of `PRIOR_RATINGS` ratings. Popularity is always
//! counted, never mapped. The parameters of trained movies stay bit-for-bit unchanged.

use rayon::prelude::*;

use crate::catalog::Interactions;
use crate::features::CsrMatrix;
use crate::features::ranking::RankingFeatures;
use crate::ids::{MovieIdx, UserIdx};
use crate::linalg::Lane;
use crate::models::factors::Factors;
use crate::rating::Stars;

/// Maximum number of candidate neighbors per new movie, keeping the most similar.
const MAX_NEIGHBORS: usize = 100;

/// The parameters mapped from similar movies have the weight of this many ratings. See `docs/new-movies.md`
/// for measurements.
pub(super) const PRIOR_RATINGS: f32 = 10.0;

/// Parameters for the mapping from neighbors to a new movie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureMap {
    /// Number of neighbors to use: the most similar movies among those the model was trained on.
    pub neighbors: usize,
    /// Exponent applied to a neighbor's similarity to compute its weight.
    pub exponent: f32,
    /// Similarity of an imaginary extra neighbor whose parameters are 0. Larger values shrink the parameters
    /// of movies without similar neighbors.
    pub shrinkage: f32,
    /// Exponent that restores the averaged vector's norm: 0 = none, 1 = full. The neighbors' vectors differ
    /// in direction, so their average has a smaller norm.
    pub norm_exponent: f32,
}

impl Default for FeatureMap {
    /// Returns values from a wide plateau in the measurements; see `docs/new-movies.md`.
    fn default() -> Self {
        Self { neighbors: 10, exponent: 2.0, shrinkage: 0.2, norm_exponent: 1.0 }
    }
}

/// Movies added after training. Their rows follow those of the trained movies.
#[derive(Clone, Copy, Debug)]
pub struct NewMovies<'a> {
    /// Number of movies the model was trained on.
    pub n_learned: usize,
    /// Similar trained movies and their similarities for each new movie, most similar first.
    pub neighbors: &'a [Vec<(MovieIdx, f32)>],
    /// Ranking features of trained and new movies.
    pub features: &'a RankingFeatures,
    /// Ratings of trained and new movies, and the users to learn from.
    pub ratings: Option<(&'a Interactions, &'a [UserIdx])>,
    /// Parameters for the mapping from neighbors to new movies.
    pub map: FeatureMap,
}

/// For each row from `n_learned` on, returns the most similar trained movies for which `is_known` returns
/// true, most similar first, with ties in ascending row order. O(entries in the rows' columns).
pub fn nearest_movies(
    rows: &CsrMatrix<f32>,
    n_learned: usize,
    is_known: impl Fn(MovieIdx) -> bool,
) -> Vec<Vec<(MovieIdx, f32)>> {
    let candidates: Vec<usize> =
        (0..n_learned).filter(|row| is_known(MovieIdx(*row as u32))).collect();
    let by_column = rows.transposed(candidates.iter().copied(), |_| true);
    let nearest = |similarity: &mut Vec<f32>, row: usize| {
        similarity.clear();
        similarity.resize(candidates.len(), 0.0);
        for (column, value) in rows.entries(row) {
            let (positions, values) = by_column.row(column as usize);
            for (position, other) in positions.iter().zip(values) {
                similarity[*position as usize] += value * other;
            }
        }
        let mut similar: Vec<(MovieIdx, f32)> = similarity
            .iter()
            .enumerate()
            .filter(|(_, similarity)| **similarity > 0.0)
            .map(|(position, similarity)| (MovieIdx(candidates[position] as u32), *similarity))
            .collect();
        let order =
            |a: &(MovieIdx, f32), b: &(MovieIdx, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if MAX_NEIGHBORS < similar.len() {
            similar.select_nth_unstable_by(MAX_NEIGHBORS, order);
            similar.truncate(MAX_NEIGHBORS);
        }
        similar.sort_unstable_by(order);
        similar
    };
    (n_learned..rows.n_rows()).into_par_iter().map_init(Vec::new, nearest).collect()
}

impl FeatureMap {
    /// Returns the factor that restores the norm of an averaged vector. `length` is its norm, and
    /// `mean_length` is the mean norm of the vectors that were averaged.
    pub(super) fn norm_factor(&self, length: f32, mean_length: f32) -> f32 {
        if length > 0.0 { (mean_length / length).powf(self.norm_exponent) } else { 0.0 }
    }
}

impl NewMovies<'_> {
    /// Returns the number of new movies.
    pub(crate) fn len(&self) -> usize {
        self.neighbors.len()
    }

    /// Returns true if there are no new movies.
    pub(crate) fn is_empty(&self) -> bool {
        self.neighbors.is_empty()
    }

    /// Returns each new movie's neighbors for which `is_known` returns true, with their weights. The weights
    /// for a movie add up to less than 1.
    pub(super) fn mapped(&self, is_known: impl Fn(MovieIdx) -> bool) -> Vec<Vec<(usize, f32)>> {
        let FeatureMap { neighbors, exponent, shrinkage, .. } = self.map;
        let weigh = |similar: &Vec<(MovieIdx, f32)>| {
            let nearest = similar.iter().filter(|(movie, _)| is_known(*movie)).take(neighbors);
            let mut weights: Vec<(usize, f32)> = nearest
                .map(|(movie, similarity)| (movie.row(), similarity.powf(exponent)))
                .collect();
            let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
            let total = sum + shrinkage.powf(exponent);
            for (_, weight) in &mut weights {
                *weight /= total;
            }
            weights
        };
        self.neighbors.iter().map(weigh).collect()
    }

    /// Returns the factors of trained and new movies. The factors of a new movie are the average of those of its
    /// neighbors, with the weight of `PRIOR_RATINGS` likes, and of its own `folded` factors, with the total weight of
    /// its likes. Neighbors whose factors are 0 are skipped.
    pub(super) fn extended(
        &self,
        learned: &Factors,
        folded: Option<&(Factors, Vec<f32>)>,
    ) -> Factors {
        let mut movies = Factors::zeros(self.n_learned + self.len(), learned.n_factors());
        let mapped = self.mapped(|movie| !learned.is_zero(movie.row()));
        for (row, target) in movies.rows_mut().enumerate() {
            let Some(new_movie) = row.checked_sub(self.n_learned) else {
                target.copy_from_slice(learned.row(row));
                continue;
            };
            let n_liked = folded.map_or(0.0, |(_, counts)| counts[new_movie]);
            let share = n_liked / (n_liked + PRIOR_RATINGS);
            let mut mean_length = 0.0;
            for (movie, weight) in &mapped[new_movie] {
                let row = learned.row(*movie);
                mean_length += weight * learned.dot(*movie, row).sqrt();
                add(*weight, row, target);
            }
            let length =
                target.as_flattened().iter().map(|value| value * value).sum::<f32>().sqrt();
            let scale = (1.0 - share) * self.map.norm_factor(length, mean_length);
            target.as_flattened_mut().iter_mut().for_each(|value| *value *= scale);
            if let Some((folded, _)) = folded.filter(|_| share > 0.0) {
                add(share, folded.row(new_movie), target);
            }
        }
        movies
    }

    /// Returns the training users' ratings of a new movie, in ascending user order.
    pub(super) fn training_ratings(&self, new_movie: usize) -> Vec<(UserIdx, Stars)> {
        let Some((interactions, users)) = self.ratings else { return Vec::new() };
        let movie = MovieIdx((self.n_learned + new_movie) as u32);
        let all = interactions.movie_ratings(movie);
        all.filter(|(user, _)| users.binary_search(user).is_ok()).collect()
    }

    /// Returns the number of new movies that have ratings.
    pub(crate) fn n_rated(&self) -> usize {
        (0..self.len()).filter(|new_movie| !self.training_ratings(*new_movie).is_empty()).count()
    }
}

fn add(factor: f32, values: &[Lane], sum: &mut [Lane]) {
    for (sum, values) in sum.iter_mut().zip(values) {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += factor * value;
        }
    }
}

#[cfg(test)]
mod tests;
