//! Extends the model with movies added after training, using their ratings and similar movies.

use super::model::BiasedMf;
use super::solve::{RowSolver, Side};
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::cold_start::{NewMovies, PRIOR_RATINGS};
use crate::models::factors::Factors;

impl BiasedMf {
    /// Returns the number of training ratings for `movie`.
    pub(super) fn n_ratings(&self, movie: MovieIdx) -> u32 {
        self.counts[movie.row()]
    }

    /// Returns the model with the new movies appended. Also solves for each user who rated a new movie:
    /// O(ratings·d² + users·d³) over those users.
    pub(super) fn extended(&self, new_movies: &NewMovies<'_>) -> Self {
        let n_learned = new_movies.n_learned;
        let length = self.params.row_length();
        let mut movies = Factors::zeros(n_learned + new_movies.len(), length);
        let mut counts = self.counts[..n_learned].to_vec();
        let mapped = new_movies.mapped(|movie| self.n_ratings(movie) > 0);
        for (row, target) in movies.rows_mut().enumerate() {
            let Some(new_movie) = row.checked_sub(n_learned) else {
                target.copy_from_slice(self.movies.row(row));
                continue;
            };
            let folded = self.fold_in_ratings(new_movies, new_movie);
            let n_ratings = folded.as_ref().map_or(0, |(n_ratings, _)| *n_ratings);
            let share = n_ratings as f32 / (n_ratings as f32 + PRIOR_RATINGS);
            let target = target.as_flattened_mut();
            let parts = mapped[new_movie].iter();
            let parts =
                parts.map(|(movie, weight)| ((1.0 - share) * weight, self.movies.values(*movie)));
            let folded = folded.iter().map(|(_, folded)| (share, folded.values(0)));
            for (weight, values) in parts.chain(folded) {
                for (target, value) in target.iter_mut().zip(values) {
                    *target += weight * value;
                }
            }
            target[Side::Movie.constant()] = 1.0;
            counts.push(n_ratings);
        }
        Self { counts, movies, ..self.clone() }
    }

    /// Computes the factors of a new movie as training would, with user factors computed from the trained
    /// movies. Returns the movie's rating count and its row, or `None` if it has no ratings.
    fn fold_in_ratings(
        &self,
        new_movies: &NewMovies<'_>,
        new_movie: usize,
    ) -> Option<(u32, Factors)> {
        let (interactions, _) = new_movies.ratings?;
        let ratings = new_movies.training_ratings(new_movie);
        if ratings.is_empty() {
            return None;
        }
        let mut users = Factors::zeros(ratings.len(), self.params.row_length());
        for ((user, _), row) in ratings.iter().zip(users.rows_mut()) {
            let is_learned = |rated: &Rated| rated.movie.row() < new_movies.n_learned;
            let history: Vec<Rated> = interactions.user_ratings(*user).filter(is_learned).collect();
            self.system(&history).solve(row);
        }
        let mut movie = Factors::zeros(1, self.params.row_length());
        let mut solver = RowSolver::new(self.params, Side::Movie, &users);
        solver.prepare(
            ratings.iter().enumerate().map(|(row, (_, stars))| (row, stars.value() - self.mean)),
        );
        movie.rows_mut().for_each(|row| solver.solve(row));
        Some((ratings.len() as u32, movie))
    }
}
