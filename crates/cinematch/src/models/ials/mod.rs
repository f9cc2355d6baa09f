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
//! solves one d × d system a row, exactly. A history is folded in by the same solution, so that
//! serving knows nobody by number.
//!
//! An epoch costs 2·nnz·d·(d + 16) + (U + I)·d³/3 FLOPs; memory is 4·d·(U + I) bytes.

mod factors;
mod solve;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Confidence, Contributions, Implicit, Model};
use crate::catalog::Rated;
use crate::features::CsrMatrix;
use crate::ids::MovieIdx;
use crate::linalg::TileMatrix;

use solve::RowSolver;

pub use factors::Factors;
pub(super) use factors::Panels;

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
    /// σ*: films start as normal numbers of deviation σ*/√d.
    pub init_deviation: f32,
    /// Of the first factors.
    pub seed: u64,
}

impl Default for IalsParams {
    fn default() -> Self {
        Self {
            factors: 128,
            regularization: 0.003,
            frequency_exponent: 1.0,
            unobserved_weight: 0.1,
            iterations: 16,
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
        Ok(CheckedIalsParams(self))
    }
}

/// A model half-way: users and films.
pub struct Training<'a> {
    params: IalsParams,
    implicit: &'a Implicit,
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
        Training { params, implicit, users, movies }
    }

    /// Fits the model. `progress` is told the share of the epochs that is done.
    pub fn fit(self, implicit: &Implicit, progress: &mut dyn FnMut(f32)) -> Ials {
        let mut training = self.start(implicit);
        for epoch in 0..self.0.iterations {
            training.solve_users();
            training.solve_movies();
            progress((epoch + 1) as f32 / self.0.iterations as f32);
        }
        Ials::new(self.0, implicit.confidence(), training.movies)
    }
}

impl Training<'_> {
    /// Solves every user, the films as they are.
    pub fn solve_users(&mut self) {
        half_step(self.params, self.implicit.user_movies(), &self.movies, &mut self.users);
    }

    /// Solves every film, the users as they are.
    pub fn solve_movies(&mut self) {
        half_step(self.params, self.implicit.movie_users(), &self.users, &mut self.movies);
    }

    /// The objective. O(nnz·d + (U + I)·d²).
    pub fn loss(&self) -> f64 {
        let Self { params, implicit, users, movies } = self;
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
        let regularized = |matrix: &CsrMatrix<f32>, factors: &Factors| -> f64 {
            let norm = |row: usize| f64::from(factors.dot(row, factors.row(row)));
            let of_row = |row| f64::from(params.ridge(matrix, row)) * norm(row);
            (0..matrix.n_rows()).map(of_row).sum()
        };
        let all = users.gramian().trace_of_product(&movies.gramian());
        observed
            + f64::from(params.unobserved_weight) * all
            + regularized(implicit.user_movies(), users)
            + regularized(implicit.movie_users(), movies)
    }
}

impl IalsParams {
    /// λ (n + α₀·N)^ν of a row.
    fn ridge(&self, matrix: &CsrMatrix<f32>, row: usize) -> f32 {
        let observed: f32 = matrix.row(row).1.iter().sum();
        self.ridge_of(observed, matrix.n_columns())
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
fn half_step(params: IalsParams, matrix: &CsrMatrix<f32>, columns: &Factors, rows: &mut Factors) {
    let background = params.background(columns);
    let mut turns: Vec<(usize, &mut [crate::linalg::Lane])> = rows.rows_mut().enumerate().collect();
    // The longest first, so that no thread is left alone with one at the end.
    turns.sort_by_key(|(row, _)| std::cmp::Reverse(matrix.row(*row).0.len()));
    turns.into_par_iter().with_max_len(64).for_each_init(
        RowSolver::new,
        |solver, (row, solution)| {
            let ridge = params.ridge(matrix, row);
            let (indices, weights) = matrix.row(row);
            solver.solve(&background, ridge, columns, (indices, weights), solution);
        },
    );
}

/// The fitted model: films' factors, and what folding a history in takes.
#[derive(Clone, Debug)]
pub struct Ials {
    params: IalsParams,
    confidence: Confidence,
    movies: Factors,
    background: TileMatrix,
}

impl Ials {
    fn new(params: IalsParams, confidence: Confidence, movies: Factors) -> Self {
        let background = params.background(&movies);
        Self { params, confidence, movies, background }
    }

    /// Films' factors.
    pub fn movies(&self) -> &Factors {
        &self.movies
    }

    /// The factors of a viewer with this history. O(n·d² + d³).
    pub fn fold_in(&self, history: &[Rated]) -> Factors {
        let (indices, weights) = self.weigh(history);
        let mut solution = Factors::zeros(1, self.params.factors);
        let ridge = self.params.ridge_of(weights.iter().sum(), self.n_movies());
        let mut solver = RowSolver::new();
        let row = solution.rows_mut().next().expect("one row");
        solver.solve(&self.background, ridge, &self.movies, (&indices, &weights), row);
        solution
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
        let viewer = self.fold_in(history);
        for (movie, score) in scores.iter_mut().enumerate() {
            *score = self.movies.dot(movie, viewer.row(0));
        }
    }

    /// Of film i with weight c to film j: c·hᵢᵀ A⁻¹ hⱼ, where A is the viewer's system. O(n·d² + d³)
    /// once and O(d² + n·d) a film.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let (indices, weights) = self.weigh(history);
        let ridge = self.params.ridge_of(weights.iter().sum(), self.n_movies());
        let mut solver = RowSolver::new();
        let mut directions = Factors::zeros(movies.len(), self.params.factors);
        for (movie, row) in movies.iter().zip(directions.rows_mut()) {
            row.copy_from_slice(self.movies.row(movie.row()));
        }
        let rows = directions.rows_mut();
        solver.apply_inverse(&self.background, ridge, &self.movies, (&indices, &weights), rows);
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
