//! Films that came after training: folded in where they were rated, otherwise mapped from films like
//! them.

use super::super::cold_start::{Newcomers, PRIOR_RATINGS};
use super::solve::{RowSolver, Side};
use super::{BiasedMf, Factors, Rated};
use crate::ids::MovieIdx;

impl BiasedMf {
    /// How many ratings of a film the model knows.
    pub(in crate::models) fn n_ratings_of(&self, movie: MovieIdx) -> u32 {
        self.counts[movie.row()]
    }

    /// The model with newcomers behind the films that it has learned. The viewers of those that were
    /// rated are folded in: O(their ratings·d² + viewers·d³).
    pub(in crate::models) fn extended(&self, newcomers: &Newcomers<'_>) -> Self {
        let n_learned = newcomers.n_learned;
        let length = self.params.row_length();
        let mut movies = Factors::zeros(n_learned + newcomers.len(), length);
        let mut counts = self.counts[..n_learned].to_vec();
        let mapped = newcomers.mapped(|movie| self.n_ratings_of(movie) > 0);
        for (row, target) in movies.rows_mut().enumerate() {
            let Some(newcomer) = row.checked_sub(n_learned) else {
                target.copy_from_slice(self.movies.row(row));
                continue;
            };
            let folded = self.folded(newcomers, newcomer);
            let n_ratings = folded.as_ref().map_or(0, |(n_ratings, _)| *n_ratings);
            let share = n_ratings as f32 / (n_ratings as f32 + PRIOR_RATINGS);
            let target = target.as_flattened_mut();
            let parts = mapped[newcomer].iter();
            let parts =
                parts.map(|(film, weight)| ((1.0 - share) * weight, self.movies.values(*film)));
            let folded = folded.iter().map(|(_, folded)| (share, folded.values(0)));
            for (weight, values) in parts.chain(folded) {
                for (target, value) in target.iter_mut().zip(values) {
                    *target += weight * value;
                }
            }
            target[Side::Movie.one()] = 1.0;
            counts.push(n_ratings);
        }
        Self { counts, movies, ..self.clone() }
    }

    /// What training would make of a newcomer, its viewers as the learned films have them, and how
    /// many they are; `None` where there is none.
    fn folded(&self, newcomers: &Newcomers<'_>, newcomer: usize) -> Option<(u32, Factors)> {
        let (interactions, _) = newcomers.ratings?;
        let ratings = newcomers.rated_by(newcomer);
        if ratings.is_empty() {
            return None;
        }
        let mut users = Factors::zeros(ratings.len(), self.params.row_length());
        for ((user, _), row) in ratings.iter().zip(users.rows_mut()) {
            let known = |rated: &Rated| rated.movie.row() < newcomers.n_learned;
            let history: Vec<Rated> = interactions.of_user(*user).filter(known).collect();
            self.system(&history).solve(row);
        }
        let mut movie = Factors::zeros(1, self.params.row_length());
        let mut solver = RowSolver::new(self.params, Side::Movie, &users);
        solver.prepare(
            ratings.iter().enumerate().map(|(at, (_, stars))| (at, stars.value() - self.mean)),
        );
        movie.rows_mut().for_each(|row| solver.solve(row));
        Some((ratings.len() as u32, movie))
    }
}
