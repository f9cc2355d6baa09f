//! iALS: factors of users and films from implicit feedback, by alternating least squares.
//!
//! Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008, with the
//! objective of Rendle, Krichene, Zhang and Koren, "Revisiting the Performance of iALS on Item
//! Recommendation Benchmarks", 2021:
//!
//! ```text
//! Σ observed c·(⟨w,h⟩ − 1)²  +  α₀ Σ all ⟨w,h⟩²  +  λ Σ (n + α₀·N)^ν ‖·‖²
//! ```
//!
//! where a user w has n = Σ c observed of N films, and a film h likewise of users. Each half-step
//! solves one d × d system a row, exactly or nearly ([`Solver`]). A history is folded in by the exact
//! solution, so that serving knows nobody by number.
//!
//! Exactly, an epoch costs 2·nnz·d·(d + 16) + (U + I)·d³/3 FLOPs; by s steps of conjugate gradients
//! (s + 1)·(8·nnz·d + 2·(U + I)·d²). Memory is 4·d·(U + I) bytes, and with conjugate gradients 4·d
//! bytes for each entry of the longest row in every thread. The first factors come from the seed; the
//! same seed gives the same bytes at any number of threads.

mod blocks;
mod conjugate;
mod extend;
mod factors;
mod solve;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Confidence, Contributions, Implicit, Model};
use crate::catalog::Rated;
use crate::features::CsrMatrix;
use crate::ids::MovieIdx;
use crate::linalg::{Lane, TileMatrix};

use blocks::{Blocks, USERS};
use conjugate::Descent;
use solve::{Row, RowSolver};

pub use factors::Factors;
pub(super) use factors::Panels;

/// How the system of a row is solved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// Exactly, by Cholesky's method.
    #[default]
    Cholesky,
    /// By conjugate gradients from the row's factors as they are (Takács, Pilászy and Tikk,
    /// "Applications of the Conjugate Gradient Method for Implicit Feedback Collaborative
    /// Filtering", 2011).
    ConjugateGradients {
        /// Steps a half-step; 3 are usual.
        steps: usize,
    },
}

/// Parameters of iALS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IalsParams {
    /// d: numbers a user and a film.
    pub factors: usize,
    /// λ.
    pub regularization: f32,
    /// ν: how much more the often seen are regularised.
    pub frequency_exponent: f32,
    /// α₀: how much it counts that a film was not seen.
    pub unobserved_weight: f32,
    /// Epochs.
    pub iterations: usize,
    /// How training solves; histories are always folded in exactly.
    pub solver: Solver,
    /// σ*: films start as normal numbers of deviation σ*/√d.
    pub init_deviation: f32,
    /// Of the first factors.
    pub seed: u64,
}

impl Default for IalsParams {
    fn default() -> Self {
        Self {
            factors: 64,
            regularization: 0.003,
            frequency_exponent: 1.0,
            unobserved_weight: 0.1,
            iterations: 16,
            solver: Solver::Cholesky,
            init_deviation: 0.1,
            seed: 42,
        }
    }
}

/// Parameters that make no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} is {value}; expected {expected}")]
pub struct IalsError {
    name: &'static str,
    value: f64,
    expected: &'static str,
}

/// Parameters within their ranges.
#[derive(Clone, Copy, Debug)]
pub struct CheckedIalsParams(IalsParams);

impl IalsParams {
    /// Checks the ranges.
    pub fn check(self) -> Result<CheckedIalsParams, IalsError> {
        const POSITIVE: &str = "a number above 0";
        let range = |name, value: f32, good: bool, expected| {
            if good { Ok(()) } else { Err(IalsError { name, value: value.into(), expected }) }
        };
        let Self { factors, regularization, unobserved_weight, .. } = self;
        let positive = |value: f32| value > 0.0 && value.is_finite();
        range("factors", factors as f32, (1..=4096).contains(&factors), "1 to 4096")?;
        range("regularization", regularization, positive(regularization), POSITIVE)?;
        range("unobserved_weight", unobserved_weight, positive(unobserved_weight), POSITIVE)?;
        let exponent = self.frequency_exponent;
        range("frequency_exponent", exponent, (0.0..=2.0).contains(&exponent), "0 to 2")?;
        let deviation = self.init_deviation;
        range("init_deviation", deviation, positive(deviation), POSITIVE)?;
        if let Solver::ConjugateGradients { steps } = self.solver {
            range("solver's steps", steps as f32, (1..=1000).contains(&steps), "1 to 1000")?;
        }
        Ok(CheckedIalsParams(self))
    }
}

/// A model half-way: users and films.
pub struct Training<'a> {
    params: IalsParams,
    implicit: &'a Implicit,
    user_ridges: Vec<f32>,
    movie_ridges: Vec<f32>,
    /// Users' factors.
    pub users: Factors,
    /// Films' factors.
    pub movies: Factors,
}

impl CheckedIalsParams {
    /// Draws the first factors.
    pub fn start(self, implicit: &Implicit) -> Training<'_> {
        let params = self.0;
        let deviation = params.init_deviation / (params.factors as f32).sqrt();
        let movies = Factors::normal(implicit.n_movies(), params.factors, deviation, params.seed);
        let users = Factors::zeros(implicit.n_users(), params.factors);
        let user_ridges = params.ridges(implicit.user_movies());
        let movie_ridges = params.ridges(implicit.movie_users());
        Training { params, implicit, user_ridges, movie_ridges, users, movies }
    }

    /// Fits the model. `progress` is told the share of the epochs that is done.
    pub fn fit(self, implicit: &Implicit, progress: &mut dyn FnMut(f32)) -> Ials {
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
    /// Solves every user, the films as they are.
    pub fn solve_users(&mut self) {
        let matrix = self.implicit.user_movies();
        half_step(self.params, (matrix, &self.user_ridges), &self.movies, &mut self.users);
    }

    /// Solves every film, the users as they are.
    pub fn solve_movies(&mut self) {
        let matrix = self.implicit.movie_users();
        half_step(self.params, (matrix, &self.movie_ridges), &self.users, &mut self.movies);
    }

    /// The objective. O(nnz·d + (U + I)·d²).
    pub fn loss(&self) -> f64 {
        let regularized = |ridges: &[f32], factors: &Factors| -> f64 {
            let norm = |row: usize| f64::from(factors.dot(row, factors.row(row)));
            ridges.iter().enumerate().map(|(row, ridge)| f64::from(*ridge) * norm(row)).sum()
        };
        self.error()
            + regularized(&self.user_ridges, &self.users)
            + regularized(&self.movie_ridges, &self.movies)
    }

    /// The objective without its regularization. O(nnz·d + (U + I)·d²).
    pub fn error(&self) -> f64 {
        let Self { params, implicit, users, movies, .. } = self;
        let observed: f64 = (0..implicit.n_users())
            .into_par_iter()
            .map(|user| {
                let of_user = implicit.user_movies().entries(user);
                of_user
                    .map(|(movie, weight)| {
                        let error = f64::from(users.dot(user, movies.row(movie as usize))) - 1.0;
                        f64::from(weight) * error * error
                    })
                    .sum::<f64>()
            })
            .collect::<Vec<f64>>()
            .into_iter()
            .sum();
        let all = users.gramian().trace_of_product(&movies.gramian());
        observed + f64::from(params.unobserved_weight) * all
    }
}

impl IalsParams {
    /// λ (n + α₀·N)^ν of each row.
    fn ridges(&self, matrix: &CsrMatrix<f32>) -> Vec<f32> {
        let observed = |row| matrix.row(row).1.iter().sum();
        let rows = 0..matrix.n_rows();
        rows.map(|row| self.ridge_of(observed(row), matrix.n_columns())).collect()
    }

    fn ridge_of(&self, observed: f32, n_columns: usize) -> f32 {
        let count = observed + self.unobserved_weight * n_columns as f32;
        self.regularization * count.powf(self.frequency_exponent)
    }

    /// α₀ `HᵀH`.
    fn background(&self, factors: &Factors) -> TileMatrix {
        let mut background = factors.gramian();
        background.scale(self.unobserved_weight);
        background
    }
}

/// Solves every row of `matrix` for the factors of its columns.
fn half_step(
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

/// Lets a solver for each thread have the rows, the longest first, so that no thread is left alone with
/// one at the end.
fn each_row<S>(
    (matrix, ridges): (&CsrMatrix<f32>, &[f32]),
    rows: &mut Factors,
    solver: impl Fn() -> S + Sync + Send,
    solve: impl Fn(&mut S, Row<'_>, &mut [Lane]) + Sync + Send,
) {
    let mut turns: Vec<(usize, &mut [Lane])> = rows.rows_mut().enumerate().collect();
    turns.sort_by_key(|(row, _)| std::cmp::Reverse(matrix.row(*row).0.len()));
    turns.into_iter().par_bridge().for_each_init(solver, |solver, (row, solution)| {
        let (columns, weights) = matrix.row(row);
        solve(solver, Row { columns, weights, ridge: ridges[row] }, solution);
    });
}

/// The fitted model: films' factors, and what folding a history in takes.
#[derive(Clone, Debug)]
pub struct Ials {
    params: IalsParams,
    confidence: Confidence,
    movies: Factors,
    /// Films that were learned, the first rows: what a viewer did not see among others says nothing.
    n_learned: usize,
    /// The same, laid out for scoring.
    blocks: Blocks,
    background: TileMatrix,
}

impl Ials {
    fn new(params: IalsParams, confidence: Confidence, movies: Factors, n_learned: usize) -> Self {
        let background = params.background(&movies.first(n_learned));
        let blocks = Blocks::new(&movies);
        Self { params, confidence, movies, n_learned, blocks, background }
    }

    /// From films' factors, row after row, of which the first `n_learned` are of films that were learned;
    /// `None` if they are not d times as many as films.
    pub fn from_factors(
        params: CheckedIalsParams,
        confidence: Confidence,
        (n_movies, n_learned): (usize, usize),
        values: &[f32],
    ) -> Option<Self> {
        let movies = Factors::from_values(n_movies, params.0.factors, values)?;
        (n_learned <= n_movies).then(|| Self::new(params.0, confidence, movies, n_learned))
    }

    /// Films' factors.
    pub fn movies(&self) -> &Factors {
        &self.movies
    }

    /// The factors of viewers with these histories, a row each. O(n·d² + d³) a viewer.
    pub fn fold_in(&self, histories: &[&[Rated]]) -> Factors {
        let mut solutions = Factors::zeros(histories.len(), self.params.factors);
        let mut solver = RowSolver::new(solutions.width());
        for (history, solution) in histories.iter().zip(solutions.rows_mut()) {
            let (columns, weights) = self.weigh(history);
            let row = self.row(&columns, &weights);
            solver.solve(&self.background, &self.movies, row, solution);
        }
        solutions
    }

    fn row<'a>(&self, columns: &'a [u32], weights: &'a [f32]) -> Row<'a> {
        let ridge = self.params.ridge_of(weights.iter().sum(), self.n_learned);
        Row { columns, weights, ridge }
    }

    fn weigh(&self, history: &[Rated]) -> (Vec<u32>, Vec<f32>) {
        self.confidence.weigh(history).map(|(_, movie, weight)| (movie.0, weight)).unzip()
    }
}

impl Model for Ials {
    fn n_movies(&self) -> usize {
        self.movies.n_rows()
    }

    /// O(n·d² + d³ + I·d).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "a score for every film");
        self.blocks.score(self.fold_in(&[history]).values(0), scores);
    }

    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        for (histories, scores) in histories.chunks(USERS).zip(scores.chunks_mut(USERS)) {
            self.blocks.score_many(&self.fold_in(histories), scores);
        }
    }

    /// Of film i with weight c to film j: c·hᵢᵀ A⁻¹ hⱼ, where A is the viewer's system. O(n·d² + d³)
    /// once and O(d² + n·d) a film.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let (columns, weights) = self.weigh(history);
        let row = self.row(&columns, &weights);
        let mut directions = Factors::zeros(movies.len(), self.params.factors);
        for (movie, row) in movies.iter().zip(directions.rows_mut()) {
            row.copy_from_slice(self.movies.row(movie.row()));
        }
        let mut solver = RowSolver::new(self.movies.width());
        solver.apply_inverse(&self.background, &self.movies, row, directions.rows_mut());
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (place, source, weight) in self.confidence.weigh(history) {
            for (film, contributions) in contributions.iter_mut().enumerate() {
                contributions.parts[place] =
                    weight * self.movies.dot(source.row(), directions.row(film));
            }
        }
        contributions
    }
}
