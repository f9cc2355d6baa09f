//! Alternating least squares.

use rayon::prelude::*;

use super::BiasedMfParams;
use super::solve::{RowSolver, Side};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};
use crate::linalg::Lane;
use crate::models::ials::Factors;

/// The norm, about, of a film's first factors: small beside what they become.
const INIT_DEVIATION: f32 = 0.1;

/// A model half-way: users and films.
pub struct Training<'a> {
    /// Of the model.
    pub params: BiasedMfParams,
    /// All ratings.
    pub interactions: &'a Interactions,
    /// For every user of the interactions whether to learn from them.
    is_learnt_from: Vec<bool>,
    /// μ: the mean of all ratings.
    pub mean: f32,
    /// Ratings of each film.
    pub counts: Vec<u32>,
    /// Users' rows, `[bᵤ, 1, pᵤ]`; of those who are not learnt from, zeros.
    pub users: Factors,
    /// Films' rows, `[1, bᵢ, qᵢ]`.
    pub movies: Factors,
}

impl<'a> Training<'a> {
    /// Counts, and draws the films' first factors. O(ratings).
    pub fn start(
        params: BiasedMfParams,
        interactions: &'a Interactions,
        users: &[UserIdx],
    ) -> Self {
        let mut is_learnt_from = vec![false; interactions.n_users()];
        let mut counts = vec![0; interactions.n_movies()];
        let (mut halves, mut n) = (0_u64, 0_u64);
        for user in users {
            is_learnt_from[user.row()] = true;
            for rated in interactions.of_user(*user) {
                counts[rated.movie.row()] += 1;
                halves += u64::from(rated.stars.halves());
                n += 1;
            }
        }
        let length = params.row_length();
        let deviation = INIT_DEVIATION / (params.factors as f32).sqrt();
        let mut movies = Factors::normal(interactions.n_movies(), length, deviation, params.seed);
        for row in movies.rows_mut() {
            row[0][Side::Movie.one()] = 1.0;
            row[0][Side::Movie.bias()] = 0.0;
        }
        Self {
            params,
            interactions,
            is_learnt_from,
            mean: (halves as f64 / 2.0 / n.max(1) as f64) as f32,
            counts,
            users: Factors::zeros(interactions.n_users(), length),
            movies,
        }
    }

    /// Solves every user, the films as they are.
    pub fn solve_users(&mut self) {
        let Self { params, interactions, is_learnt_from, mean, users, movies, .. } = self;
        let start = || RowSolver::new(*params, Side::User, movies);
        each_row(users, start, |solver, user, row| {
            if is_learnt_from[user] {
                let ratings = interactions.of_user(UserIdx(user as u32));
                let centred = |rated: Rated| (rated.movie.row(), rated.stars.value() - *mean);
                solver.prepare(ratings.map(centred));
                solver.solve(row);
            }
        });
    }

    /// Solves every film, the users as they are.
    pub fn solve_movies(&mut self) {
        let Self { params, interactions, is_learnt_from, mean, users, movies, .. } = self;
        let start = || (RowSolver::new(*params, Side::Movie, users), Vec::new());
        each_row(movies, start, |(solver, ratings), movie, row| {
            ratings.clear();
            let of_movie = interactions.of_movie(MovieIdx(movie as u32));
            let learnt = of_movie.filter(|(user, _)| is_learnt_from[user.row()]);
            ratings.extend(learnt.map(|(user, stars)| (user.row(), stars.value() - *mean)));
            solver.prepare(ratings.iter().copied());
            solver.solve(row);
        });
    }
}

/// Changes every row, in parallel.
fn each_row<S>(
    rows: &mut Factors,
    start: impl Fn() -> S + Sync + Send,
    change: impl Fn(&mut S, usize, &mut [Lane]) + Sync + Send,
) {
    let rows: Vec<(usize, &mut [Lane])> = rows.rows_mut().enumerate().collect();
    rows.into_par_iter()
        .with_max_len(64)
        .for_each_init(start, |state, (at, row)| change(state, at, row));
}
