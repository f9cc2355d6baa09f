//! The posterior of the weights, and its maximum.

use rayon::prelude::*;

use super::choice::Choice;
use crate::linalg::{dot, solve};

/// Standard deviation of the prior of a weight's logarithm: a fifth more or less.
const PRIOR_DEVIATION: f64 = 0.2;
/// Initial value of ln T.
const INITIAL_LOG_SHARPNESS: f64 = 1.6;
/// Number of times that the weights are fitted to scores relative to the best movie by the previous weights.
const ROUNDS: usize = 3;
/// Maximum number of Newton steps per round.
const MAX_STEPS: usize = 50;

/// Negative log posterior with its derivatives. The first parameter is ln T, and the others are the logarithms of the
/// factors of the weights after the first.
pub(super) struct Posterior {
    pub(super) loss: f64,
    pub(super) gradient: Vec<f64>,
    /// Positive definite approximation of the second derivatives: the variance of the scores' derivatives.
    hessian: Vec<Vec<f64>>,
}

impl Posterior {
    fn zero(n: usize) -> Self {
        Self { loss: 0.0, gradient: vec![0.0; n], hessian: vec![vec![0.0; n]; n] }
    }

    /// Computes the prior's part.
    pub(super) fn prior(parameters: &[f64]) -> Self {
        let precision = PRIOR_DEVIATION.powi(-2);
        let mut prior = Self::zero(parameters.len());
        for (place, value) in parameters.iter().enumerate().skip(1) {
            prior.loss += 0.5 * precision * value * value;
            prior.gradient[place] = precision * value;
            prior.hessian[place][place] = precision;
        }
        prior
    }

    /// Computes the part of one user, given the terms of the candidates. O(terms² · candidates).
    pub(super) fn of_user(terms: &[Vec<f64>], chosen: &[(usize, f64)], parameters: &[f64]) -> Self {
        let sharpness = parameters[0].exp();
        let factors = factors(parameters);
        let n_candidates = terms[0].len();
        // Derivative of T · score by each parameter.
        let mut slopes: Vec<Vec<f64>> = terms
            .iter()
            .zip(&factors)
            .map(|(term, factor)| term.iter().map(|value| sharpness * factor * value).collect())
            .collect();
        let scores: Vec<f64> =
            (0..n_candidates).map(|place| slopes.iter().map(|slope| slope[place]).sum()).collect();
        slopes[0].clone_from(&scores);
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut shares: Vec<f64> = scores.iter().map(|score| (score - best).exp()).collect();
        let total: f64 = shares.iter().sum();
        for share in &mut shares {
            *share /= total;
        }
        let chosen_mean = |values: &[f64]| -> f64 {
            chosen.iter().map(|(place, influence)| influence * values[*place]).sum()
        };
        let means: Vec<f64> = slopes.iter().map(|slope| dot(&shares, slope)).collect();
        let covariance = |a: usize, b: usize| -> f64 {
            let products = slopes[a].iter().zip(&slopes[b]).zip(&shares);
            products.map(|((a, b), share)| share * a * b).sum::<f64>() - means[a] * means[b]
        };
        Self {
            loss: best + total.ln() - chosen_mean(&scores),
            gradient: slopes
                .iter()
                .zip(&means)
                .map(|(slope, mean)| mean - chosen_mean(slope))
                .collect(),
            hessian: (0..means.len())
                .map(|a| (0..means.len()).map(|b| covariance(a, b)).collect())
                .collect(),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        for (sum, value) in self.gradient.iter_mut().zip(&other.gradient) {
            *sum += value;
        }
        for (sums, values) in self.hessian.iter_mut().zip(&other.hessian) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
    }
}

/// Returns the factors of the weights.
fn factors(parameters: &[f64]) -> Vec<f64> {
    std::iter::once(1.0).chain(parameters.iter().skip(1).map(|log| log.exp())).collect()
}

/// Returns the factors that maximize the posterior.
pub(super) fn fit(choices: &[&Choice]) -> Vec<f64> {
    let n_terms = choices.first().map_or(0, |choice| choice.terms.len());
    let mut parameters = vec![0.0; n_terms];
    parameters[0] = INITIAL_LOG_SHARPNESS;
    for _ in 0..ROUNDS {
        let factors = factors(&parameters);
        let terms: Vec<Vec<Vec<f64>>> =
            choices.par_iter().map(|choice| choice.relative_terms(&factors)).collect();
        let posterior = |parameters: &[f64]| {
            let parts: Vec<Posterior> = choices
                .par_iter()
                .zip(&terms)
                .map(|(choice, terms)| Posterior::of_user(terms, &choice.chosen, parameters))
                .collect();
            let mut sum = Posterior::prior(parameters);
            for part in &parts {
                sum.add(part);
            }
            sum
        };
        minimize(&mut parameters, posterior);
    }
    factors(&parameters)
}

/// Minimizes a function by Newton's method with the damping of Levenberg (1944) and Marquardt (1963).
fn minimize(parameters: &mut Vec<f64>, function: impl Fn(&[f64]) -> Posterior) {
    let mut damping = 1e-3;
    let mut current = function(parameters);
    for _ in 0..MAX_STEPS {
        let mut hessian = current.hessian.clone();
        for (place, row) in hessian.iter_mut().enumerate() {
            row[place] += damping * row[place] + 1e-9;
        }
        let step = solve(hessian, current.gradient.clone());
        let moved: Vec<f64> =
            parameters.iter().zip(&step).map(|(value, step)| value - step).collect();
        let next = function(&moved);
        if next.loss < current.loss {
            let is_converged = current.loss - next.loss < 1e-9 * current.loss.abs();
            (*parameters, current) = (moved, next);
            damping /= 10.0;
            if is_converged {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e9 {
                break;
            }
        }
    }
}
