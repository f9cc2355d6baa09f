//! The match: the probability that a user who watches and rates a movie likes it, that is, gives it at least 4
//! stars.
//!
//! The match is a monotone function of the ranking score s for each user:
//!
//! ```text
//! logit(match) = α + β · logit(likes) + c · (γ + δ · s)     likes = (k + 10·p) / (n + 10)     c = n / (n + 20)
//! ```
//!
//! n is the number of movies in the user's history, k the number of those that the user likes, and p the share of
//! all ratings that are likes. A longer history makes the score more reliable, so c grows with it. The coefficients
//! are fitted on ratings of held-out users by logistic regression (Platt, "Probabilistic outputs for support vector
//! machines", 1999), with a normal prior around the values of [`PRIOR`], so that a small dataset gives a usable scale.
//! δ is positive, so a movie with a higher score never has a lower match.
//!
//! Fitting takes O(ratings) per iteration, and a match O(1).

use serde::{Deserialize, Serialize};

use crate::linalg::solve;
use crate::rating::Stars;

/// Largest difference between the matches of two movies that need not be in the order of their matches: 5 points.
pub const MATCH_BAND: f32 = 0.05;

/// Number of ratings with the base rate that are added to a user's own to compute the share of likes.
const BASE_RATINGS: f64 = 10.0;
/// Length of the history at which the score has half of its full influence.
const HALF_CONFIDENCE: f64 = 20.0;
/// Prior means of α, β, γ and δ: the values fitted on MovieLens latest-small.
const PRIOR: [f64; 4] = [0.35, 1.0, -1.9, 3.6];
/// Inverse of the prior variance of each coefficient.
const PRIOR_PRECISION: f64 = 5.0;
/// Newton steps. The regression converges in fewer than ten.
const MAX_STEPS: usize = 50;

/// Computes matches from scores. See the module documentation for the formula.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchScale {
    /// p: share of ratings that are likes.
    base_rate: f64,
    /// α.
    intercept: f64,
    /// β: coefficient of the log odds of the user's share of likes.
    like_rate: f64,
    /// γ: coefficient of the confidence.
    confidence: f64,
    /// δ: coefficient of the score, multiplied by the confidence.
    score: f64,
}

/// The size of a user's history and the number of likes in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryCounts {
    /// Number of movies.
    pub n_movies: usize,
    /// Number of movies that the user likes.
    pub n_liked: usize,
}

/// A rating that was hidden from the recommender, for fitting a [`MatchScale`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatchSample {
    /// The history that the movie was scored by.
    pub history: HistoryCounts,
    /// Score of the movie, without novelty.
    pub score: f32,
    /// True if the user likes the movie.
    pub is_liked: bool,
}

/// A [`MatchScale`] for one user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserMatchScale {
    /// Share of the user's ratings that are likes, for a short history near that of all users.
    pub like_rate: f64,
    offset: f64,
    slope: f64,
}

impl HistoryCounts {
    /// Counts the movies and likes in a history.
    pub fn new(stars: impl Iterator<Item = Stars>) -> Self {
        stars.fold(Self::default(), |counts, stars| Self {
            n_movies: counts.n_movies + 1,
            n_liked: counts.n_liked + usize::from(stars.is_like()),
        })
    }

    /// Returns c.
    fn confidence(self) -> f64 {
        let n_movies = self.n_movies as f64;
        n_movies / (n_movies + HALF_CONFIDENCE)
    }

    /// Returns the share of likes, with [`BASE_RATINGS`] added.
    fn like_rate(self, base_rate: f64) -> f64 {
        let n_liked = self.n_liked as f64 + BASE_RATINGS * base_rate;
        n_liked / (self.n_movies as f64 + BASE_RATINGS)
    }
}

impl MatchSample {
    /// Returns the factors of α, β, γ and δ.
    fn terms(&self, base_rate: f64) -> [f64; 4] {
        let confidence = self.history.confidence();
        let like_odds = log_odds(self.history.like_rate(base_rate));
        [1.0, like_odds, confidence, confidence * f64::from(self.score)]
    }
}

impl MatchScale {
    /// Fits the scale. Returns `None` if there are no samples, if all or none of them are liked, or if likes don't
    /// become more frequent with the score.
    pub fn fit(samples: &[MatchSample]) -> Option<Self> {
        let n_liked = samples.iter().filter(|sample| sample.is_liked).count();
        if n_liked == 0 || n_liked == samples.len() {
            return None;
        }
        let base_rate = n_liked as f64 / samples.len() as f64;
        let rows: Vec<([f64; 4], bool)> =
            samples.iter().map(|sample| (sample.terms(base_rate), sample.is_liked)).collect();
        let [intercept, like_rate, confidence, score] = logistic_regression(&rows)?;
        let scale = Self { base_rate, intercept, like_rate, confidence, score };
        (score > 0.0).then_some(scale)
    }

    /// Returns the scale for a user with this history.
    pub fn for_history(&self, history: HistoryCounts) -> UserMatchScale {
        let confidence = history.confidence();
        let like_rate = history.like_rate(self.base_rate);
        UserMatchScale {
            like_rate,
            offset: self.intercept
                + self.like_rate * log_odds(like_rate)
                + self.confidence * confidence,
            slope: self.score * confidence,
        }
    }
}

impl UserMatchScale {
    /// Returns the match of a movie with this score.
    pub fn probability(self, score: f32) -> f32 {
        sigmoid(self.offset + self.slope * f64::from(score)) as f32
    }
}

fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Maximizes the posterior of the coefficients by Newton's method. Returns `None` if it doesn't converge to finite
/// values.
fn logistic_regression(rows: &[([f64; 4], bool)]) -> Option<[f64; 4]> {
    let mut coefficients = PRIOR;
    for _ in 0..MAX_STEPS {
        let mut gradient = vec![0.0; 4];
        let mut hessian = vec![vec![0.0; 4]; 4];
        for index in 0..4 {
            gradient[index] = PRIOR_PRECISION * (PRIOR[index] - coefficients[index]);
            hessian[index][index] = PRIOR_PRECISION;
        }
        for (terms, is_liked) in rows {
            let probability = sigmoid(dot(terms, &coefficients));
            let error = f64::from(u8::from(*is_liked)) - probability;
            let curvature = probability * (1.0 - probability);
            for (index, term) in terms.iter().enumerate() {
                gradient[index] += error * term;
                for (entry, other) in hessian[index].iter_mut().zip(terms) {
                    *entry += curvature * term * other;
                }
            }
        }
        let step = solve(hessian, gradient);
        for (coefficient, change) in coefficients.iter_mut().zip(&step) {
            *coefficient += change;
        }
        if step.iter().all(|change| change.abs() < 1e-9) {
            break;
        }
    }
    coefficients.iter().all(|it| it.is_finite()).then_some(coefficients)
}

fn dot(a: &[f64; 4], b: &[f64; 4]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(n_movies: usize, n_liked: usize) -> HistoryCounts {
        HistoryCounts { n_movies, n_liked }
    }

    /// Returns samples whose shares of likes are those of `scale`.
    fn samples(scale: &MatchScale) -> Vec<MatchSample> {
        let mut samples = Vec::new();
        for history in [counts(4, 2), counts(10, 8), counts(50, 20), counts(300, 200)] {
            let user = scale.for_history(history);
            for step in 0..=10_u8 {
                let score = f32::from(step) / 10.0;
                let n_liked = (400.0 * user.probability(score)).round() as usize;
                let sample = |index| MatchSample { history, score, is_liked: index < n_liked };
                samples.extend((0..400).map(sample));
            }
        }
        samples
    }

    #[test]
    fn fit_recovers_the_scale_that_generated_the_ratings() {
        let truth = MatchScale {
            base_rate: 0.5,
            intercept: 0.2,
            like_rate: 0.8,
            confidence: -1.5,
            score: 2.5,
        };
        let fitted = MatchScale::fit(&samples(&truth)).unwrap();
        for history in [counts(4, 2), counts(20, 15), counts(300, 100)] {
            for score in [-0.2, 0.0, 0.5, 1.1] {
                let [expected, got] =
                    [truth, fitted].map(|scale| scale.for_history(history).probability(score));
                assert!((expected - got).abs() < 0.02, "{history:?} {score}: {expected} {got}");
            }
        }
    }

    #[test]
    fn a_few_ratings_give_a_scale_near_the_prior() {
        let sample = |score, is_liked| MatchSample { history: counts(9, 5), score, is_liked };
        let few = [sample(0.9, true), sample(0.1, false), sample(0.5, true), sample(0.4, false)];
        let scale = MatchScale::fit(&few).unwrap();
        assert!((scale.score - PRIOR[3]).abs() < 0.5 && (scale.like_rate - PRIOR[1]).abs() < 0.5);
    }

    #[test]
    fn ratings_that_fall_with_the_score_or_do_not_vary_give_no_scale() {
        let sample = |score, is_liked| MatchSample { history: counts(100, 50), score, is_liked };
        let mut falling = vec![sample(0.0, true); 500];
        falling.extend(vec![sample(1.0, false); 500]);
        assert_eq!(MatchScale::fit(&falling), None);
        assert_eq!(MatchScale::fit(&vec![sample(0.5, true); 10]), None);
        assert_eq!(MatchScale::fit(&[]), None);
    }

    #[test]
    fn match_grows_with_the_score_and_with_the_history() {
        let [intercept, like_rate, confidence, score] = PRIOR;
        let scale = MatchScale { base_rate: 0.5, intercept, like_rate, confidence, score };
        let at =
            |n_movies, score| scale.for_history(counts(n_movies, n_movies / 2)).probability(score);
        assert!(at(100, 0.2) < at(100, 0.6) && at(100, 0.6) < at(100, 1.0));
        let range = |n_movies| at(n_movies, 1.0) - at(n_movies, 0.0);
        assert!(range(4) < range(40) && range(40) < range(400));
    }
}
