//! Significance tests for the differences between models.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;

/// Share of resampled means beyond each bound of the 95 % interval.
const TAIL: f64 = 0.025;

/// Paired bootstrap over users (Efron & Tibshirani 1993, chapter 13). Each resample draws users with
/// replacement, along with the difference between each model and the baseline. The distribution of the
/// resampled means estimates the sampling error of the mean difference.
///
/// Each resample has its own random stream, so the result depends on the seed but not on the number of
/// threads. O(resamples × users × models).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// Number of resamples. Defaults to 10,000. A 95 % interval needs at least 39.
    pub resamples: u32,
    /// Seed for the random streams. Equal seeds give equal results.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 10_000, seed: 1 }
    }
}

/// Comparison of a model with the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Mean difference between the model's value and the baseline's, over all users.
    pub difference: f64,
    /// Lower bound of the 95 % bootstrap interval for the difference.
    pub low: f64,
    /// Upper bound of the 95 % bootstrap interval for the difference.
    pub high: f64,
    /// Two-sided p-value: twice the share of resamples with a mean ≤ 0, or of those with a mean ≥ 0 if
    /// that share is smaller. Both counts are increased by 1 so that p is never 0 (Davison & Hinkley
    /// 1997, chapter 4). p is at most 0.05 exactly when the interval excludes 0 (Efron & Tibshirani,
    /// section 15.4).
    pub p: f64,
    /// p-value after applying the [`holm`] correction for all models compared.
    pub adjusted_p: f64,
}

/// Error returned by [`Bootstrap::compare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignificanceError {
    /// The number of resamples is 0.
    #[error("resamples must be at least 1, got 0")]
    NoResamples,
    /// There are no users.
    #[error("a comparison needs the values of at least one user, got none")]
    NoUsers,
    /// A model and the baseline have values for different numbers of users.
    #[error("model {model} needs the values of the baseline's {expected} users, got {got}")]
    Users {
        /// Index of the model.
        model: usize,
        /// Number of users that the baseline has values for.
        expected: usize,
        /// Number of users that the model has values for.
        got: usize,
    },
    /// A value is infinite or NaN.
    #[error("model {model} and the baseline must have finite values for user {user}")]
    NotFinite {
        /// Index of the model.
        model: usize,
        /// Index of the user.
        user: usize,
    },
}

impl Bootstrap {
    /// Compares models with a baseline. Each slice contains one value per user, in the same user order.
    /// `hypotheses` is the number of comparisons to correct for and must be at least the number of
    /// models. If the baseline was chosen based on these values, pass the number of pairs.
    pub fn compare(
        &self,
        baseline: &[f64],
        models: &[&[f64]],
        hypotheses: usize,
    ) -> Result<Vec<Comparison>, SignificanceError> {
        if self.resamples == 0 {
            return Err(SignificanceError::NoResamples);
        }
        let differences = Differences::new(baseline, models)?;
        let resampled: Vec<Vec<f64>> = (0..self.resamples)
            .into_par_iter()
            .map(|resample| differences.means(self.resample_users(resample, baseline.len())))
            .collect();
        let observed = differences.means(0..baseline.len());
        let mut comparisons: Vec<Comparison> = observed
            .iter()
            .enumerate()
            .map(|(model, difference)| {
                Comparison::new(*difference, resampled.iter().map(|means| means[model]).collect())
            })
            .collect();
        let p: Vec<f64> = comparisons.iter().map(|comparison| comparison.p).collect();
        let adjusted = holm(&p, hypotheses);
        for (comparison, adjusted_p) in comparisons.iter_mut().zip(adjusted) {
            comparison.adjusted_p = adjusted_p;
        }
        Ok(comparisons)
    }

    /// Draws `n_users` users with replacement. The bias, at most `n_users` / 2³², is negligible.
    fn resample_users(self, resample: u32, n_users: usize) -> impl Iterator<Item = usize> {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(u64::from(resample));
        let draw = move |_| ((u64::from(generator.next_u32()) * n_users as u64) >> 32) as usize;
        (0..n_users).map(draw)
    }
}

impl Comparison {
    /// Builds a comparison from the observed mean and the resampled means. Sets `adjusted_p` to p.
    fn new(difference: f64, mut means: Vec<f64>) -> Self {
        means.sort_unstable_by(f64::total_cmp);
        let n_plus_one = (means.len() + 1) as f64;
        let rank = ((TAIL * n_plus_one) as usize).max(1);
        let not_above = means.partition_point(|mean| *mean <= 0.0);
        let not_below = means.len() - means.partition_point(|mean| *mean < 0.0);
        let p = (2.0 * (not_above.min(not_below) + 1) as f64 / n_plus_one).min(1.0);
        let (low, high) = (means[rank - 1], means[means.len() - rank]);
        Self { difference, low, high, p, adjusted_p: p }
    }
}

/// Differences from the baseline, with a row for each user and a column for each model.
struct Differences {
    user_models: Vec<f64>,
    n_models: usize,
}

impl Differences {
    fn new(baseline: &[f64], models: &[&[f64]]) -> Result<Self, SignificanceError> {
        let (n_users, n_models) = (baseline.len(), models.len());
        if n_users == 0 {
            return Err(SignificanceError::NoUsers);
        }
        let mut user_models = vec![0.0; n_users * n_models];
        for (model, values) in models.iter().enumerate() {
            if values.len() != n_users {
                let got = values.len();
                return Err(SignificanceError::Users { model, expected: n_users, got });
            }
            for (user, (value, baseline)) in values.iter().zip(baseline).enumerate() {
                let difference = value - baseline;
                if !difference.is_finite() {
                    return Err(SignificanceError::NotFinite { model, user });
                }
                user_models[user * n_models + model] = difference;
            }
        }
        Ok(Self { user_models, n_models })
    }

    /// Returns each model's mean difference over `users`.
    fn means(&self, users: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_models];
        let mut n_users = 0.0;
        for user in users {
            let row = &self.user_models[user * self.n_models..][..self.n_models];
            for (sum, difference) in sums.iter_mut().zip(row) {
                *sum += difference;
            }
            n_users += 1.0;
        }
        sums.iter().map(|sum| sum / n_users).collect()
    }
}

/// Returns Holm's adjusted p-values (1979), in input order. With m hypotheses, the k-th smallest p is
/// multiplied by m + 1 − k, raised to at least the adjusted value of the next smaller p, and capped at 1.
/// Rejecting at 0.05 limits the probability of any false discovery to 5 %, however the tests depend on
/// each other. Hypotheses that have no value in `p` are assumed to have larger ones, which is
/// conservative.
pub fn holm(p: &[f64], hypotheses: usize) -> Vec<f64> {
    let hypotheses = hypotheses.max(p.len());
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut highest = 0.0_f64;
    for (n_smaller, index) in order.into_iter().enumerate() {
        highest = highest.max(p[index] * (hypotheses - n_smaller) as f64).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}

/// Returns the mean and its standard error, s / √n, or `None` if there are fewer than two values.
pub(crate) fn mean_and_standard_error(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (mean, (squares / (n - 1.0) / n).sqrt()))
}

#[cfg(test)]
mod tests;
