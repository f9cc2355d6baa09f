//! Whether one model is better than another, or users' differences alone make it look so.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;

/// How much of the resampled means lies outside the 95 % interval at either end.
const TAIL: f64 = 0.025;

/// The paired bootstrap over users (Efron & Tibshirani 1993, chapter 13): users are drawn with
/// replacement, each with the differences of all models from the baseline, and the means of many
/// such resamples show how far chance could have moved the mean.
///
/// Resample i draws from a stream of its own, so that the result depends on the seed alone and not
/// on the number of threads. O(resamples × users × models).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// How often users are drawn anew, by default 10,000 times; for a 95 % interval at least 39.
    pub resamples: u32,
    /// Equal seeds give equal results.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 10_000, seed: 1 }
    }
}

/// One model against the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The mean over users of the model's value minus the baseline's.
    pub difference: f64,
    /// The lower end of the difference's 95 % percentile interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The two-sided p value: twice the smaller of the shares of resamples whose mean is ≤ 0 or
    /// ≥ 0, one resample added to each because p is never 0 (Davison & Hinkley 1997, chapter 4).
    /// It is at most 0.05 exactly when the interval excludes 0 (Efron & Tibshirani, section 15.4).
    pub p: f64,
    /// The same after [`holm`]'s correction for all models compared.
    pub adjusted_p: f64,
}

/// Values that cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignificanceError {
    /// No resample was asked for.
    #[error("resamples must be at least 1, got 0")]
    NoResamples,
    /// Nobody to draw.
    #[error("a comparison needs the values of at least one user, got none")]
    NoUsers,
    /// A model was not judged by the baseline's users.
    #[error("model {model} needs the values of the baseline's {expected} users, got {got}")]
    Users {
        /// The model, from 0.
        model: usize,
        /// The baseline's users.
        expected: usize,
        /// The model's.
        got: usize,
    },
    /// A value is infinite or no number.
    #[error("model {model} and the baseline must have numbers for user {user}")]
    NotFinite {
        /// The model, from 0.
        model: usize,
        /// The user, from 0.
        user: usize,
    },
}

impl Bootstrap {
    /// Compares models with a baseline. Each slice has one value a user, the users in one order.
    /// `hypotheses` is how many comparisons could have been made, at least those that are: for a
    /// baseline that was chosen by the same values, those of all pairs.
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
            .map(|resample| differences.means(self.users(resample, baseline.len())))
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

    /// As many users as there are, drawn with replacement. The bias of at most `n_users` / 2³² is of
    /// no consequence here.
    fn users(self, resample: u32, n_users: usize) -> impl Iterator<Item = usize> {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(u64::from(resample));
        let draw = move |_| ((u64::from(generator.next_u32()) * n_users as u64) >> 32) as usize;
        (0..n_users).map(draw)
    }
}

impl Comparison {
    /// From the observed mean and those of all resamples. Adjusts nothing yet.
    fn new(difference: f64, mut means: Vec<f64>) -> Self {
        means.sort_unstable_by(f64::total_cmp);
        let with_one_more = (means.len() + 1) as f64;
        let cut = ((TAIL * with_one_more) as usize).max(1);
        let not_above = means.partition_point(|mean| *mean <= 0.0);
        let not_below = means.len() - means.partition_point(|mean| *mean < 0.0);
        let p = (2.0 * (not_above.min(not_below) + 1) as f64 / with_one_more).min(1.0);
        let (low, high) = (means[cut - 1], means[means.len() - cut]);
        Self { difference, low, high, p, adjusted_p: p }
    }
}

/// Every user's differences from the baseline: one row a user, one column a model.
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

    /// Each model's mean over these users.
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

/// Holm's adjusted p values (1979), in the order given: of m hypotheses, the k-th smallest becomes
/// m + 1 − k times itself, at least what the smaller ones became, at most 1. Comparing each with
/// 0.05 then keeps the chance of any false discovery at 5 %, whatever the tests share. Hypotheses
/// beyond the values given, whose own are not known, count as larger: that errs on the safe side.
pub fn holm(p: &[f64], hypotheses: usize) -> Vec<f64> {
    let hypotheses = hypotheses.max(p.len());
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut highest = 0.0_f64;
    for (smaller, at) in order.into_iter().enumerate() {
        highest = highest.max(p[at] * (hypotheses - smaller) as f64).min(1.0);
        adjusted[at] = highest;
    }
    adjusted
}

/// The mean and its standard error, s / √n; `None` for fewer than two values, which have no spread.
pub fn mean_and_standard_error(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (mean, (squares / (n - 1.0) / n).sqrt()))
}

#[cfg(test)]
mod tests;
