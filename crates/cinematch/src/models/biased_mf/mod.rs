//! Biased matrix factorisation: predicted stars, each with an interval whose coverage is calibrated.
//!
//! ```text
//! r̂ = μ + bᵤ + bᵢ + ⟨pᵤ, qᵢ⟩
//! Σ (r − r̂)²  +  λ Σ (n + n₀)·(‖pᵤ‖² + ‖qᵢ‖²)  +  λ_b Σ (bᵤ² + bᵢ²)
//! ```
//!
//! The model is that of Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender
//! Systems", 2009. It is fitted by alternating least squares with a ridge that grows with the n
//! ratings of a row (Zhou, Wilkinson, Schreiber and Pan, "Large-scale Parallel Collaborative
//! Filtering for the Netflix Prize", 2008). The n₀ keeps factors of short rows small: without it a
//! viewer of ten ratings is predicted worse than by biases alone. A half-step solves each row's bias
//! and factors together, exactly; a history is folded in by the same solution.
//!
//! Intervals are those of split conformal prediction: see [`Prediction`]. The users they are
//! calibrated on are not learnt from.
//!
//! With f = d + 2, an epoch costs 2·nnz·f·(f + 16) + (U + I)·f³/3 FLOPs and memory is 4·f·(U + I)
//! bytes, f rounded up to a multiple of 16.

mod extend;
mod interval;
mod solve;
mod training;

use serde::{Deserialize, Serialize};

use super::ials::Factors;
use super::{Contributions, Model};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

use interval::Quantiles;
use solve::{RowSolver, Side};
use training::Training;

/// Parameters of biased matrix factorisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BiasedMfParams {
    /// d: numbers a user and a film, beside their biases. 14, 30, 46 … leave no lane half empty.
    pub factors: usize,
    /// λ, for each rating of a row.
    pub regularization: f32,
    /// n₀: ratings that every row is regularised for beside its own.
    pub prior_ratings: f32,
    /// `λ_b`: a bias is shrunken as if so many more ratings were as the model has them without it.
    pub bias_regularization: f32,
    /// Epochs.
    pub iterations: usize,
    /// The share of stars that shall lie in their intervals.
    pub coverage: f32,
    /// The share of users on whom intervals are calibrated.
    pub calibration_share: f32,
    /// Of the films' first factors and the choice of users to calibrate on.
    pub seed: u64,
}

impl Default for BiasedMfParams {
    fn default() -> Self {
        Self {
            factors: 30,
            regularization: 0.06,
            prior_ratings: 50.0,
            bias_regularization: 3.0,
            iterations: 10,
            coverage: 0.8,
            calibration_share: 0.1,
            seed: 42,
        }
    }
}

/// Parameters that make no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} is {value}; expected {expected}")]
pub struct BiasedMfError {
    name: &'static str,
    value: f64,
    expected: &'static str,
}

/// Parameters within their ranges.
#[derive(Clone, Copy, Debug)]
pub struct CheckedBiasedMfParams(BiasedMfParams);

impl BiasedMfParams {
    /// Checks the ranges. Ridges have a least size, so that every system can be solved in f32.
    pub fn check(self) -> Result<CheckedBiasedMfParams, BiasedMfError> {
        const RIDGE: &str = "0.001 to 1000000";
        const SHARE: &str = "a number above 0 and below 1";
        let range = |name, value: f32, good: bool, expected| {
            if good { Ok(()) } else { Err(BiasedMfError { name, value: value.into(), expected }) }
        };
        let ridge = |name, value| range(name, value, (0.001..=1e6).contains(&value), RIDGE);
        let share = |name, value| range(name, value, value > 0.0 && value < 1.0, SHARE);
        let Self { factors, iterations, .. } = self;
        range("factors", factors as f32, (1..=256).contains(&factors), "1 to 256")?;
        ridge("regularization", self.regularization)?;
        ridge("prior_ratings", self.prior_ratings)?;
        ridge("bias_regularization", self.bias_regularization)?;
        range("iterations", iterations as f32, (1..=1000).contains(&iterations), "1 to 1000")?;
        share("coverage", self.coverage)?;
        share("calibration_share", self.calibration_share)?;
        Ok(CheckedBiasedMfParams(self))
    }

    /// The ridge of the factors of a row with n ratings.
    fn ridge(&self, n: usize) -> f32 {
        self.regularization * (n as f32 + self.prior_ratings)
    }

    /// Numbers a row: both sides' biases, and the factors.
    fn row_length(&self) -> usize {
        self.factors + 2
    }
}

impl CheckedBiasedMfParams {
    /// Fits the model to the ratings of `users`, or of those that intervals are not calibrated on.
    /// `progress` is told the share of the epochs that is done. The same bytes at any number of
    /// threads.
    pub fn fit(
        self,
        interactions: &Interactions,
        users: &[UserIdx],
        progress: &mut dyn FnMut(f32),
    ) -> BiasedMf {
        let params = self.0;
        let (calibration, learning): (Vec<UserIdx>, Vec<UserIdx>) =
            users.iter().partition(|user| interval::is_for_calibration(&params, **user));
        let mut training = Training::start(params, interactions, &learning);
        for epoch in 0..params.iterations {
            training.solve_users();
            training.solve_movies();
            progress((epoch + 1) as f32 / params.iterations as f32);
        }
        let Training { mean, counts, movies, .. } = training;
        let quantiles = Quantiles::unknown();
        let mut model = BiasedMf { params, mean, counts, movies, quantiles };
        model.quantiles = Quantiles::calibrate(&model, interactions, &calibration);
        model
    }
}

/// What a viewer is expected to give a film. The interval is made to hold a
/// [share](BiasedMfParams::coverage) of the stars that viewers whom training has not seen give, over
/// all viewers and films, and likewise over those with about as many ratings; it is no promise for
/// one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The stars, 0.5 to 5.
    pub stars: f32,
    /// The lower end of the interval, 0.5 or more.
    pub low: f32,
    /// Its upper end, 5 or less.
    pub high: f32,
}

/// The fitted model: films' rows, and what folding a history in takes.
#[derive(Clone, Debug)]
pub struct BiasedMf {
    params: BiasedMfParams,
    /// μ.
    mean: f32,
    /// Ratings of each film that was learnt from.
    counts: Vec<u32>,
    /// `[1, bᵢ, qᵢ]`.
    movies: Factors,
    quantiles: Quantiles,
}

/// The numbers of a fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// μ.
    pub mean: f32,
    /// Ratings of each film that was learnt from.
    pub counts: Vec<u32>,
    /// Each film's row, 2 + d numbers.
    pub movies: Vec<f32>,
    /// What spreads are multiplied by, 5 × 5.
    pub quantiles: Vec<f32>,
}

impl BiasedMf {
    /// The model's numbers.
    pub fn numbers(&self) -> Numbers {
        let rows = (0..self.movies.n_rows()).flat_map(|row| self.movies.values(row));
        Numbers {
            mean: self.mean,
            counts: self.counts.clone(),
            movies: rows.copied().collect(),
            quantiles: self.quantiles.values().to_vec(),
        }
    }

    /// The model again; `None` if the numbers are not as many as they should be.
    pub fn from_numbers(params: CheckedBiasedMfParams, numbers: Numbers) -> Option<Self> {
        let Numbers { mean, counts, movies, quantiles } = numbers;
        let movies = Factors::from_values(counts.len(), params.0.row_length(), &movies)?;
        let quantiles = Quantiles::from_values(&quantiles)?;
        Some(Self { params: params.0, mean, counts, movies, quantiles })
    }

    /// Predicts the stars that a viewer with this history gives each of `movies`.
    /// O(n·d² + d³ + movies·d).
    pub fn predict(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Prediction> {
        let user = self.fold_in(history);
        let spread = self.spread(&user, history);
        let predict = |movie: &MovieIdx| {
            let stars = self.stars(&user, *movie);
            let quantile = self.quantiles.of(history.len(), self.counts[movie.row()] as usize);
            let width = quantile * spread;
            Prediction { stars, low: on_scale(stars - width), high: on_scale(stars + width) }
        };
        movies.iter().map(predict).collect()
    }

    /// The row of a viewer with this history, `[bᵤ, 1, pᵤ]`.
    fn fold_in(&self, history: &[Rated]) -> Factors {
        let mut user = Factors::zeros(1, self.params.row_length());
        user.rows_mut().for_each(|row| self.system(history).solve(row));
        user
    }

    /// The prepared system of a viewer with this history.
    fn system(&self, history: &[Rated]) -> RowSolver<'_> {
        let mut solver = RowSolver::new(self.params, Side::User, &self.movies);
        let rating = |rated: &Rated| (rated.movie.row(), rated.stars.value() - self.mean);
        solver.prepare(history.iter().map(rating));
        solver
    }

    fn score_of(&self, user: &Factors, movie: MovieIdx) -> f32 {
        self.mean + self.movies.dot(movie.row(), user.row(0))
    }

    fn stars(&self, user: &Factors, movie: MovieIdx) -> f32 {
        on_scale(self.score_of(user, movie))
    }

    /// How far a viewer's stars are from the model's in their own history: the root of the mean
    /// squared error, as if a few more films had been a star off.
    fn spread(&self, user: &Factors, history: &[Rated]) -> f32 {
        const PRIOR: f32 = 3.0;
        let square = |rated: &Rated| (rated.stars.value() - self.stars(user, rated.movie)).powi(2);
        let squares: f32 = history.iter().map(square).sum();
        ((squares + PRIOR) / (history.len() as f32 + PRIOR)).sqrt()
    }
}

fn on_scale(stars: f32) -> f32 {
    stars.clamp(0.5, 5.0)
}

impl Model for BiasedMf {
    fn n_movies(&self) -> usize {
        self.movies.n_rows()
    }

    /// Predicted stars, which may lie beyond the scale. O(n·d² + d³ + I·d).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "a score for every film");
        let user = self.fold_in(history);
        for (movie, score) in scores.iter_mut().enumerate() {
            *score = self.score_of(&user, MovieIdx(movie as u32));
        }
    }

    /// To film j, whose base is μ + bⱼ, film i adds (r − μ − bᵢ)·yᵢᵀ A⁻¹ yⱼ, where y = `[1, q]` and
    /// A is the viewer's matrix. O(n·d² + d³) once and O(d² + n·d) a film.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let system = self.system(history);
        let average =
            |movie: MovieIdx| self.mean + self.movies.values(movie.row())[Side::Movie.bias()];
        let mut directions = Factors::zeros(movies.len(), self.params.row_length());
        let contributions = |(movie, direction): (&MovieIdx, &mut [_])| {
            direction.copy_from_slice(self.movies.row(movie.row()));
            system.apply_inverse(direction);
            let part = |rated: &Rated| {
                let likeness = self.movies.dot(rated.movie.row(), direction);
                (rated.stars.value() - average(rated.movie)) * likeness
            };
            Contributions { base: average(*movie), parts: history.iter().map(part).collect() }
        };
        movies.iter().zip(directions.rows_mut()).map(contributions).collect()
    }
}

#[cfg(test)]
mod tests;
