//! User-based nearest neighbors (Herlocker, Konstan, Borchers and Riedl, "An Algorithmic Framework for
//! Performing Collaborative Filtering", 1999), adapted to implicit feedback.
//!
//! - **Score** of movie j: the sum of the neighbors' weights for j, each multiplied by the neighbor's
//!   similarity ⟨x, xᵤ⟩ / (‖xᵤ‖ + shrinkage) to the history x.
//! - **Time**: O(ratings) to fit; O(ratings of the history's movies + users + ratings of the neighbors)
//!   to score. **Memory**: 16 bytes per rating, because the model stores the ratings.
//! - **Seed**: none.
//!
//! The archive is the users × movies weight matrix in CSR form.

use std::io;

use serde::{Deserialize, Serialize};

use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::archive::{Archive, ArchiveContext, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::contributions::Contributions;
use crate::models::implicit::Implicit;
use crate::models::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData, check_count,
    check_not_negative,
};
use crate::models::model::Model;

/// Parameters of the `user-knn` model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserKnnParams {
    /// Maximum number of neighbors to use, keeping the most similar.
    pub neighbors: usize,
    /// Constant added to the norm of a user's weights. Larger values discount users with few movies.
    pub shrinkage: f32,
}

impl Default for UserKnnParams {
    fn default() -> Self {
        Self { neighbors: 50, shrinkage: 0.3 }
    }
}

/// A fitted user-knn model: the weighted ratings of the training users.
#[derive(Clone, Debug)]
pub struct UserKnn {
    params: UserKnnParams,
    implicit: Implicit,
    /// ‖xᵤ‖ + shrinkage for each user.
    norms: Vec<f32>,
}

impl UserKnnParams {
    /// Fits the model: copies the weighted ratings and computes the norm of each user. O(ratings).
    pub(crate) fn fit_implicit(self, implicit: &Implicit) -> UserKnn {
        let norm = |user: usize| {
            let weights = implicit.user_movies().row(user).1;
            weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt() + self.shrinkage
        };
        let norms = (0..implicit.n_users()).map(norm).collect();
        UserKnn { params: self, implicit: implicit.clone(), norms }
    }
}

impl UserKnn {
    /// Returns the users most similar to `history` with their similarities, most similar first, with ties in
    /// ascending row order.
    fn neighbors(&self, history: &[Rated]) -> Vec<(usize, f32)> {
        let mut dots = vec![0.0_f32; self.implicit.n_users()];
        for (_, movie, weight) in self.implicit.confidence().weigh(history) {
            for (user, other) in self.implicit.movie_users().entries(movie.row()) {
                dots[user as usize] += weight * other;
            }
        }
        let similar = dots.iter().zip(&self.norms).map(|(dot, norm)| dot / norm);
        let mut users: Vec<(usize, f32)> =
            similar.enumerate().filter(|(_, similarity)| *similarity > 0.0).collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if self.params.neighbors < users.len() {
            users.select_nth_unstable_by(self.params.neighbors, order);
            users.truncate(self.params.neighbors);
        }
        users.sort_unstable_by(order);
        users
    }
}

impl Model for UserKnn {
    fn n_movies(&self) -> usize {
        self.implicit.n_movies()
    }

    /// Computes the scores in O(ratings of the history's movies + users + ratings of the neighbors).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "expected one score per movie");
        scores.fill(0.0);
        for (user, similarity) in self.neighbors(history) {
            for (movie, weight) in self.implicit.user_movies().entries(user) {
                scores[movie as usize] += similarity * weight;
            }
        }
    }

    /// Splits each neighbor's share of a score among the movies in the history, because the neighbor's
    /// similarity is a sum over those movies.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (user, _) in self.neighbors(history) {
            let (columns, weights) = self.implicit.user_movies().row(user);
            let weight_of = |movie: MovieIdx| {
                columns.binary_search(&movie.0).ok().map(|position| weights[position])
            };
            for (movie, contributions) in movies.iter().zip(&mut contributions) {
                let Some(movie_weight) = weight_of(*movie) else { continue };
                for (index, source, weight) in self.implicit.confidence().weigh(history) {
                    let shared = weight_of(source).unwrap_or(0.0);
                    contributions.parts[index] += weight * shared / self.norms[user] * movie_weight;
                }
            }
        }
        contributions
    }
}

impl FittedModel for UserKnn {
    /// Returns false: new movies have no parameters, because the training users can't have rated them.
    fn has_learned(&self, _: MovieIdx) -> bool {
        false
    }

    fn archive(&self) -> Option<Archive<'_>> {
        Some(Archive::Sparse(self.implicit.user_movies()))
    }
}

impl ModelParams for UserKnnParams {
    type Fitted = UserKnn;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|params, confidence, draw| {
        params.neighbors = draw.log_uniform(10.0, 1_000.0) as usize;
        params.shrinkage = draw.log_uniform(0.1, 300.0);
        confidence.draw(draw);
    });
    const HYBRID_WEIGHTS: (f64, f64) = (0.05, 8.0);

    fn recommended() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), ParameterError> {
        check_count("neighbors", self.neighbors)?;
        check_not_negative("shrinkage", self.shrinkage)
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(&self, data: &TrainingData<'_>, _: &mut dyn FnMut(f32)) -> Result<UserKnn, FitCause> {
        self.validate()?;
        Ok(self.fit_implicit(data.implicit()))
    }

    /// Adds empty columns, because no training user has rated a new movie.
    fn extended(&self, model: &UserKnn, new_movies: &NewMovies<'_>) -> UserKnn {
        let n_movies = new_movies.n_learned + new_movies.len();
        let rows = model.implicit.user_movies().clone().with_columns(n_movies);
        self.fit_implicit(&Implicit::from_weights(rows, model.implicit.confidence()))
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<UserKnn> {
        let rows = archive.sparse()?;
        Ok(self.fit_implicit(&Implicit::from_weights(rows, context.confidence)))
    }
}
