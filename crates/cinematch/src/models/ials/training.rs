//! Training by alternating least squares.

use rayon::prelude::*;

use super::conjugate::Descent;
use super::model::Ials;
use super::params::{CheckedIalsParams, IalsParams, Solver};
use super::solve::{Row, RowSolver};
use crate::features::CsrMatrix;
use crate::linalg::Lane;
use crate::models::factors::Factors;
use crate::models::implicit::Implicit;

/// State of a training run: the user and movie factors.
pub struct Training<'a> {
    params: IalsParams,
    implicit: &'a Implicit,
    user_ridges: Vec<f32>,
    movie_ridges: Vec<f32>,
    /// User factors.
    pub users: Factors,
    /// Movie factors.
    pub movies: Factors,
}

impl CheckedIalsParams {
    /// Starts a training run with random movie factors.
    pub fn start(self, implicit: &Implicit) -> Training<'_> {
        let params = self.0;
        let deviation = params.init_deviation / (params.factors as f32).sqrt();
        let movies = Factors::normal(implicit.n_movies(), params.factors, deviation, params.seed);
        let users = Factors::zeros(implicit.n_users(), params.factors);
        let user_ridges = params.ridges(implicit.user_movies());
        let movie_ridges = params.ridges(implicit.movie_users());
        Training { params, implicit, user_ridges, movie_ridges, users, movies }
    }

    /// Fits the model. Calls `progress` with the fraction of epochs completed, from 0 to 1.
    pub(crate) fn fit(self, implicit: &Implicit, progress: &mut dyn FnMut(f32)) -> Ials {
        let mut training = self.start(implicit);
        for epoch in 0..self.0.iterations {
            training.solve_users();
            training.solve_movies();
            progress((epoch + 1) as f32 / self.0.iterations as f32);
        }
        Ials::new(self.0, implicit.confidence(), training.movies, implicit.n_movies())
    }
}

impl Training<'_> {
    /// Solves for every user, with the movies held fixed.
    pub fn solve_users(&mut self) {
        let matrix = self.implicit.user_movies();
        half_step(self.params, (matrix, &self.user_ridges), &self.movies, &mut self.users);
    }

    /// Solves for every movie, with the users held fixed.
    pub fn solve_movies(&mut self) {
        let matrix = self.implicit.movie_users();
        half_step(self.params, (matrix, &self.movie_ridges), &self.users, &mut self.movies);
    }

    /// Returns the value of the objective. O(nnz·d + (U + I)·d²).
    #[cfg(test)]
    pub(crate) fn loss(&self) -> f64 {
        let regularized = |ridges: &[f32], factors: &Factors| -> f64 {
            let norm = |row: usize| f64::from(factors.dot(row, factors.row(row)));
            ridges.iter().enumerate().map(|(row, ridge)| f64::from(*ridge) * norm(row)).sum()
        };
        self.error()
            + regularized(&self.user_ridges, &self.users)
            + regularized(&self.movie_ridges, &self.movies)
    }

    /// Returns the value of the objective without its regularization terms. O(nnz·d + (U + I)·d²).
    pub fn error(&self) -> f64 {
        let Self { params, implicit, users, movies, .. } = self;
        let observed: f64 = (0..implicit.n_users())
            .into_par_iter()
            .map(|user| {
                let entries = implicit.user_movies().entries(user);
                entries
                    .map(|(movie, weight)| {
                        let error = f64::from(users.dot(user, movies.row(movie as usize))) - 1.0;
                        f64::from(weight) * error * error
                    })
                    .sum::<f64>()
            })
            .collect::<Vec<f64>>()
            .into_iter()
            .sum();
        let unobserved = users.gramian().trace_of_product(&movies.gramian());
        observed + f64::from(params.unobserved_weight) * unobserved
    }
}

/// Solves for every row of a matrix, given the factors of its columns.
pub(super) fn half_step(
    params: IalsParams,
    systems: (&CsrMatrix<f32>, &[f32]),
    columns: &Factors,
    rows: &mut Factors,
) {
    let background = params.background(columns);
    let width = columns.width();
    match params.solver {
        Solver::Cholesky => each_row(
            systems,
            rows,
            || RowSolver::new(width),
            |solver, row, solution| solver.solve(&background, columns, row, solution),
        ),
        Solver::ConjugateGradients { steps } => {
            let background = background.rows();
            each_row(
                systems,
                rows,
                || Descent::new(width, steps),
                |descent, row, solution| descent.descend(&background, columns, row, solution),
            );
        }
    }
}

/// Solves the rows in parallel, with one solver per thread. Long rows are solved first so that no thread is
/// left with one at the end.
fn each_row<S>(
    (matrix, ridges): (&CsrMatrix<f32>, &[f32]),
    rows: &mut Factors,
    solver: impl Fn() -> S + Sync + Send,
    solve: impl Fn(&mut S, Row<'_>, &mut [Lane]) + Sync + Send,
) {
    let mut rows_by_length: Vec<(usize, &mut [Lane])> = rows.rows_mut().enumerate().collect();
    rows_by_length.sort_by_key(|(row, _)| std::cmp::Reverse(matrix.row(*row).0.len()));
    rows_by_length.into_iter().par_bridge().for_each_init(solver, |solver, (row, solution)| {
        let (columns, weights) = matrix.row(row);
        solve(solver, Row { columns, weights, ridge: ridges[row] }, solution);
    });
}
