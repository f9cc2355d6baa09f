//! Extends the model with movies added after training, using their ratings and similar movies.

use rayon::prelude::*;

use super::model::Ials;
use super::params::{IalsParams, Solver};
use super::solve::{Row, RowSolver};
use super::training::half_step;
use crate::features::CsrMatrix;
use crate::linalg::Lane;
use crate::models::cold_start::NewMovies;
use crate::models::factors::Factors;

/// Rows of the users who liked a movie, with the weights of their likes.
type Likes = (Vec<u32>, Vec<f32>);

impl Ials {
    /// Returns the model with the new movies appended. If any new movie was liked, solves for all users once,
    /// as in a training half-step: O(nnz·d² + U·d³).
    pub(super) fn extended(&self, new_movies: &NewMovies<'_>) -> Self {
        let folded = self.fold_in_ratings(new_movies);
        let movies = new_movies.extended(&self.movies, folded.as_ref());
        Self::new(self.params, self.confidence, movies, new_movies.n_learned)
    }

    /// Computes the factors of the new movies as training would, with users and trained movies held fixed.
    /// Returns the factors and total weights of the new movies, or `None` if none of them was liked.
    fn fold_in_ratings(&self, new_movies: &NewMovies<'_>) -> Option<(Factors, Vec<f32>)> {
        let (interactions, users) = new_movies.ratings?;
        let likes: Vec<Likes> = (0..new_movies.len())
            .map(|new_movie| {
                let rated = new_movies.training_ratings(new_movie).into_iter();
                let weighed = rated.map(|(user, stars)| {
                    let row = users.binary_search(&user).unwrap_or_default();
                    (row as u32, self.confidence.weight(stars))
                });
                weighed.filter(|(_, weight)| *weight > 0.0).unzip()
            })
            .collect();
        let counts: Vec<f32> = likes.iter().map(|(_, weights)| weights.iter().sum()).collect();
        if counts.iter().all(|count| *count == 0.0) {
            return None;
        }
        let mut user_movies = CsrMatrix::new(new_movies.n_learned);
        for user in users {
            user_movies.push_row(interactions.user_ratings(*user).filter_map(|rated| {
                let weight = self.confidence.weight(rated.stars);
                let is_counted = weight > 0.0 && rated.movie.row() < new_movies.n_learned;
                is_counted.then_some((rated.movie.0, weight))
            }));
        }
        // Use the exact solver: a few conjugate gradient steps from zero would not converge.
        let params = IalsParams { solver: Solver::Cholesky, ..self.params };
        let ridges = params.ridges(&user_movies);
        let mut factors = Factors::zeros(users.len(), params.factors);
        let learned_movies = self.movies.first_rows(new_movies.n_learned);
        half_step(params, (&user_movies, &ridges), &learned_movies, &mut factors);

        let background = params.background(&factors);
        let mut folded = Factors::zeros(new_movies.len(), params.factors);
        let rows: Vec<(&mut [Lane], &Likes)> = folded.rows_mut().zip(&likes).collect();
        rows.into_par_iter().for_each_init(
            || RowSolver::new(factors.width()),
            |solver, (solution, (columns, weights))| {
                let ridge = params.ridge_of(weights.iter().sum(), users.len());
                let row = Row { columns, weights, ridge };
                solver.solve(&background, &factors, row, solution);
            },
        );
        Some((folded, counts))
    }
}
