//! The fitted model and its predictions.

use serde::Serialize;

use super::interval::Quantiles;
use super::params::{BiasedMfParams, CheckedBiasedMfParams};
use super::solve::{RowSolver, Side};
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::contributions::Contributions;
use crate::models::factors::Factors;
use crate::models::model::Model;

/// A user's predicted rating for a movie, with a prediction interval. On average over all users and movies,
/// and over those with a similar rating count, intervals contain the fraction
/// [`coverage`](BiasedMfParams::coverage) of ratings by users held out of training. There is no guarantee for
/// an individual user.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Predicted rating in stars, 0.5 to 5.
    pub stars: f32,
    /// Lower end of the interval, at least 0.5.
    pub low: f32,
    /// Upper end of the interval, at most 5.
    pub high: f32,
}

/// Number of standard deviations in half of an interval with the default coverage of 80 %.
const INTERVAL_DEVIATIONS: f32 = 1.2816;
/// Predicted stars at which 4 stars and 3.5 stars are equally near.
const LIKE_BOUNDARY: f32 = 3.75;
/// Slope of the logistic function that approximates the normal distribution function to within 0.01 (Bowling,
/// Khasawneh, Kaewkuekool and Cho, "A logistic approximation to the cumulative normal distribution", 2009).
const NORMAL_SLOPE: f32 = 1.702;

impl Prediction {
    /// Returns the probability of a rating of at least 4 stars, if errors are normally distributed and the interval has
    /// the default coverage.
    pub fn like_probability(&self) -> f32 {
        // The interval is symmetric except where the scale ends.
        let half_width = (self.stars - self.low).max(self.high - self.stars);
        let deviation = (half_width / INTERVAL_DEVIATIONS).max(f32::MIN_POSITIVE);
        let distance = (self.stars - LIKE_BOUNDARY) / deviation;
        1.0 / (1.0 + (-NORMAL_SLOPE * distance).exp())
    }
}

/// A fitted biased matrix factorization model, which stores the movies' biases and factors.
#[derive(Clone, Debug)]
pub struct BiasedMf {
    pub(super) params: BiasedMfParams,
    /// μ: mean of all ratings.
    pub(super) mean: f32,
    /// Number of training ratings for each movie.
    pub(super) counts: Vec<u32>,
    /// Movie rows `[1, bᵢ, qᵢ]`.
    pub(super) movies: Factors,
    pub(super) quantiles: Quantiles,
}

/// The values needed to restore a fitted model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    /// μ: mean of all ratings.
    pub(super) mean: f32,
    /// Number of training ratings for each movie.
    pub(super) counts: Vec<u32>,
    /// Movie rows, 2 + d values each.
    pub(super) movies: Vec<f32>,
    /// Error quantiles in units of the spread, 5 user classes × 5 movie classes.
    pub(super) quantiles: Vec<f32>,
}

impl BiasedMf {
    /// Returns the values needed to restore the model.
    pub(super) fn values(&self) -> Values {
        let rows = (0..self.movies.n_rows()).flat_map(|row| self.movies.values(row));
        Values {
            mean: self.mean,
            counts: self.counts.clone(),
            movies: rows.copied().collect(),
            quantiles: self.quantiles.values().to_vec(),
        }
    }

    /// Restores the model, or returns `None` if the number of values does not match.
    pub(super) fn from_values(params: CheckedBiasedMfParams, values: Values) -> Option<Self> {
        let Values { mean, counts, movies, quantiles } = values;
        let movies = Factors::from_values(counts.len(), params.0.row_length(), &movies)?;
        let quantiles = Quantiles::from_values(&quantiles)?;
        Some(Self { params: params.0, mean, counts, movies, quantiles })
    }

    /// Predicts the ratings that a user with this `history` would give each of `movies`.
    /// O(n·d² + d³ + movies·d).
    pub(crate) fn predict(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Prediction> {
        let user = self.fold_in(history);
        let spread = self.spread(&user, history);
        let predict = |movie: &MovieIdx| {
            let stars = self.stars(&user, *movie);
            let quantile =
                self.quantiles.quantile(history.len(), self.counts[movie.row()] as usize);
            let width = quantile * spread;
            Prediction {
                stars,
                low: clamp_to_scale(stars - width),
                high: clamp_to_scale(stars + width),
            }
        };
        movies.iter().map(predict).collect()
    }

    /// Returns the row `[bᵤ, 1, pᵤ]` for a user with this `history`.
    pub(super) fn fold_in(&self, history: &[Rated]) -> Factors {
        let mut user = Factors::zeros(1, self.params.row_length());
        user.rows_mut().for_each(|row| self.system(history).solve(row));
        user
    }

    /// Returns the prepared linear system for a user with this `history`.
    pub(super) fn system(&self, history: &[Rated]) -> RowSolver<'_> {
        let mut solver = RowSolver::new(self.params, Side::User, &self.movies);
        let rating = |rated: &Rated| (rated.movie.row(), rated.stars.value() - self.mean);
        solver.prepare(history.iter().map(rating));
        solver
    }

    fn score_of(&self, user: &Factors, movie: MovieIdx) -> f32 {
        self.mean + self.movies.dot(movie.row(), user.row(0))
    }

    pub(super) fn stars(&self, user: &Factors, movie: MovieIdx) -> f32 {
        clamp_to_scale(self.score_of(user, movie))
    }

    /// Returns the user's spread: the root mean squared error of the model on the user's own history, with a
    /// few additional errors of one star as a prior.
    pub(super) fn spread(&self, user: &Factors, history: &[Rated]) -> f32 {
        const PRIOR_RATINGS: f32 = 3.0;
        let square = |rated: &Rated| (rated.stars.value() - self.stars(user, rated.movie)).powi(2);
        let squares: f32 = history.iter().map(square).sum();
        ((squares + PRIOR_RATINGS) / (history.len() as f32 + PRIOR_RATINGS)).sqrt()
    }
}

fn clamp_to_scale(stars: f32) -> f32 {
    stars.clamp(0.5, 5.0)
}

impl Model for BiasedMf {
    fn n_movies(&self) -> usize {
        self.movies.n_rows()
    }

    /// Writes predicted ratings, which may fall outside the rating scale. O(n·d² + d³ + I·d).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "expected one score per movie");
        let user = self.fold_in(history);
        for (movie, score) in scores.iter_mut().enumerate() {
            *score = self.score_of(&user, MovieIdx(movie as u32));
        }
    }

    /// Splits scores exactly: movie i contributes (r − μ − bᵢ)·yᵢᵀ A⁻¹ yⱼ to movie j, whose base is μ + bⱼ. y
    /// is `[1, q]`, and A is the matrix of the user's linear system. O(n·d² + d³) once, plus O(d² + n·d) per
    /// movie.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let system = self.system(history);
        let average =
            |movie: MovieIdx| self.mean + self.movies.values(movie.row())[Side::Movie.bias()];
        let mut directions = Factors::zeros(movies.len(), self.params.row_length());
        let contributions = |(movie, direction): (&MovieIdx, &mut [_])| {
            direction.copy_from_slice(self.movies.row(movie.row()));
            system.apply_inverse(direction);
            let part = |rated: &Rated| {
                let similarity = self.movies.dot(rated.movie.row(), direction);
                (rated.stars.value() - average(rated.movie)) * similarity
            };
            Contributions {
                base: average(*movie),
                parts: history.iter().map(part).collect(),
                ..Contributions::default()
            }
        };
        movies.iter().zip(directions.rows_mut()).map(contributions).collect()
    }
}
