//! Training by alternating least squares.

use rayon::prelude::*;

use super::calibration::{calibrate, is_for_calibration};
use super::interval::Quantiles;
use super::model::BiasedMf;
use super::params::{BiasedMfParams, CheckedBiasedMfParams};
use super::solve::{RowSolver, Side};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};
use crate::linalg::Lane;
use crate::models::factors::Factors;

impl CheckedBiasedMfParams {
    /// Fits the model to the ratings of `users`, except those reserved for calibrating intervals. Calls
    /// `progress` with the fraction of epochs completed, from 0 to 1. The result does not depend on the
    /// number of threads.
    pub(crate) fn fit(
        self,
        interactions: &Interactions,
        users: &[UserIdx],
        progress: &mut dyn FnMut(f32),
    ) -> BiasedMf {
        let params = self.0;
        let (calibration_users, training_users): (Vec<UserIdx>, Vec<UserIdx>) =
            users.iter().partition(|user| is_for_calibration(&params, **user));
        let mut training = Training::start(params, interactions, &training_users);
        for epoch in 0..params.iterations {
            training.solve_users();
            training.solve_movies();
            progress((epoch + 1) as f32 / params.iterations as f32);
        }
        let Training { mean, counts, movies, .. } = training;
        let quantiles = Quantiles::unknown();
        let mut model = BiasedMf { params, mean, counts, movies, quantiles };
        model.quantiles = calibrate(&model, interactions, &calibration_users);
        model
    }
}

/// Approximate norm of a movie's initial factors, small compared to that of its fitted factors.
const INIT_DEVIATION: f32 = 0.1;

/// State of a training run: the user and movie rows.
pub(super) struct Training<'a> {
    /// Model parameters.
    pub(super) params: BiasedMfParams,
    /// Ratings by all users.
    pub(super) interactions: &'a Interactions,
    /// True for each user in `interactions` who is in the training data.
    is_in_training: Vec<bool>,
    /// μ: mean of all ratings.
    pub(super) mean: f32,
    /// Number of training ratings for each movie.
    pub(super) counts: Vec<u32>,
    /// User rows `[bᵤ, 1, pᵤ]`. Zero for users who are not in the training data.
    pub(super) users: Factors,
    /// Movie rows `[1, bᵢ, qᵢ]`.
    pub(super) movies: Factors,
}

impl<'a> Training<'a> {
    /// Starts a training run: counts the ratings and draws the movies' initial factors. O(ratings).
    pub(super) fn start(
        params: BiasedMfParams,
        interactions: &'a Interactions,
        users: &[UserIdx],
    ) -> Self {
        let mut is_in_training = vec![false; interactions.n_users()];
        let mut counts = vec![0; interactions.n_movies()];
        let (mut halves, mut n) = (0_u64, 0_u64);
        for user in users {
            is_in_training[user.row()] = true;
            for rated in interactions.user_ratings(*user) {
                counts[rated.movie.row()] += 1;
                halves += u64::from(rated.stars.halves());
                n += 1;
            }
        }
        let length = params.row_length();
        let deviation = INIT_DEVIATION / (params.factors as f32).sqrt();
        let mut movies = Factors::normal(interactions.n_movies(), length, deviation, params.seed);
        for row in movies.rows_mut() {
            row[0][Side::Movie.constant()] = 1.0;
            row[0][Side::Movie.bias()] = 0.0;
        }
        Self {
            params,
            interactions,
            is_in_training,
            mean: (halves as f64 / 2.0 / n.max(1) as f64) as f32,
            counts,
            users: Factors::zeros(interactions.n_users(), length),
            movies,
        }
    }

    /// Solves for every user, with the movies held fixed.
    pub(super) fn solve_users(&mut self) {
        let Self { params, interactions, is_in_training, mean, users, movies, .. } = self;
        let start = || RowSolver::new(*params, Side::User, movies);
        each_row(users, start, |solver, user, row| {
            if is_in_training[user] {
                let ratings = interactions.user_ratings(UserIdx(user as u32));
                let centered = |rated: Rated| (rated.movie.row(), rated.stars.value() - *mean);
                solver.prepare(ratings.map(centered));
                solver.solve(row);
            }
        });
    }

    /// Solves for every movie, with the users held fixed.
    pub(super) fn solve_movies(&mut self) {
        let Self { params, interactions, is_in_training, mean, users, movies, .. } = self;
        let start = || (RowSolver::new(*params, Side::Movie, users), Vec::new());
        each_row(movies, start, |(solver, ratings), movie, row| {
            ratings.clear();
            let movie_ratings = interactions.movie_ratings(MovieIdx(movie as u32));
            let training_ratings = movie_ratings.filter(|(user, _)| is_in_training[user.row()]);
            ratings
                .extend(training_ratings.map(|(user, stars)| (user.row(), stars.value() - *mean)));
            solver.prepare(ratings.iter().copied());
            solver.solve(row);
        });
    }
}

/// Calls `change` on every row in parallel, with state from `start` that is reused between rows.
fn each_row<S>(
    rows: &mut Factors,
    start: impl Fn() -> S + Sync + Send,
    change: impl Fn(&mut S, usize, &mut [Lane]) + Sync + Send,
) {
    let rows: Vec<(usize, &mut [Lane])> = rows.rows_mut().enumerate().collect();
    rows.into_par_iter()
        .with_max_len(64)
        .for_each_init(start, |state, (index, row)| change(state, index, row));
}
