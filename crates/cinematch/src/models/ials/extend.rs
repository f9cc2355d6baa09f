//! Films that came after training: folded in where they were liked, otherwise mapped from films like
//! them.

use rayon::prelude::*;

use super::super::cold_start::{Newcomers, PRIOR_RATINGS};
use super::solve::{Row, RowSolver};
use super::{Factors, Ials, IalsParams, Solver, half_step};
use crate::features::CsrMatrix;
use crate::linalg::Lane;

/// Users who liked a film, as rows, and how much each.
type Likes = (Vec<u32>, Vec<f32>);

impl Ials {
    /// The model with newcomers behind the films that it has learned. Where one of them was liked, all
    /// users are folded in once, as an epoch's half does: O(nnz·d² + U·d³).
    pub(in crate::models) fn extended(&self, newcomers: &Newcomers<'_>) -> Self {
        let n_factors = self.params.factors;
        let mut movies = Factors::zeros(newcomers.n_learned + newcomers.len(), n_factors);
        let mapped = newcomers
            .mapped(|movie| self.movies.values(movie.row()).iter().any(|value| *value != 0.0));
        let folded = self.folded(newcomers);
        for (row, target) in movies.rows_mut().enumerate() {
            let Some(newcomer) = row.checked_sub(newcomers.n_learned) else {
                target.copy_from_slice(self.movies.row(row));
                continue;
            };
            // n likes against the prior's: one speaks for what it knows of the other.
            let n_liked = folded.as_ref().map_or(0.0, |(_, counts)| counts[newcomer]);
            let share = n_liked / (n_liked + PRIOR_RATINGS);
            let mut mean_length = 0.0;
            for (film, weight) in &mapped[newcomer] {
                let row = self.movies.row(*film);
                mean_length += weight * self.movies.dot(*film, row).sqrt();
                add(*weight, row, target);
            }
            let length =
                target.as_flattened().iter().map(|value| value * value).sum::<f32>().sqrt();
            let scale = (1.0 - share) * newcomers.map.restoring(length, mean_length);
            target.as_flattened_mut().iter_mut().for_each(|value| *value *= scale);
            if let Some((folded, _)) = folded.as_ref().filter(|_| share > 0.0) {
                add(share, folded.row(newcomer), target);
            }
        }
        Self::new(self.params, self.confidence, movies, newcomers.n_learned)
    }

    /// What training would make of the newcomers, users and learned films as they are, and how much
    /// each was liked; `None` where none was.
    fn folded(&self, newcomers: &Newcomers<'_>) -> Option<(Factors, Vec<f32>)> {
        let (interactions, users) = newcomers.ratings?;
        let likes: Vec<Likes> = (0..newcomers.len())
            .map(|newcomer| {
                let rated = newcomers.rated_by(newcomer).into_iter();
                let weighed = rated.map(|(user, stars)| {
                    let row = users.binary_search(&user).unwrap_or_default();
                    (row as u32, self.confidence.of(stars))
                });
                weighed.filter(|(_, weight)| *weight > 0.0).unzip()
            })
            .collect();
        let counts: Vec<f32> = likes.iter().map(|(_, weights)| weights.iter().sum()).collect();
        if counts.iter().all(|count| *count == 0.0) {
            return None;
        }
        let mut user_movies = CsrMatrix::new(newcomers.n_learned);
        for user in users {
            user_movies.push_row(interactions.of_user(*user).filter_map(|rated| {
                let weight = self.confidence.of(rated.stars);
                let counts = weight > 0.0 && rated.movie.row() < newcomers.n_learned;
                counts.then_some((rated.movie.0, weight))
            }));
        }
        // Nothing to start from, so that a few steps of descent would not arrive.
        let params = IalsParams { solver: Solver::Cholesky, ..self.params };
        let ridges = params.ridges(&user_movies);
        let mut factors = Factors::zeros(users.len(), params.factors);
        let learned = self.movies.first(newcomers.n_learned);
        half_step(params, (&user_movies, &ridges), &learned, &mut factors);

        let background = params.background(&factors);
        let mut folded = Factors::zeros(newcomers.len(), params.factors);
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

fn add(factor: f32, values: &[Lane], sum: &mut [Lane]) {
    for (sum, values) in sum.iter_mut().zip(values) {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += factor * value;
        }
    }
}
