//! Parameters of biased matrix factorization and their valid ranges.

use serde::{Deserialize, Serialize};

use crate::models::interface::{ParameterError, check};

/// Parameters of biased matrix factorization.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BiasedMfParams {
    /// d: number of factors per user and movie, in addition to the bias. Values such as 14, 30 and 46 fill
    /// SIMD lanes completely.
    pub factors: usize,
    /// λ: factor regularization per rating.
    pub regularization: f32,
    /// n₀: number of ratings added to each row's count when computing its regularization.
    pub prior_ratings: f32,
    /// `λ_b`: bias regularization, equivalent to this many additional ratings with a residual of 0.
    pub bias_regularization: f32,
    /// Number of training epochs.
    pub iterations: usize,
    /// Fraction of ratings that intervals are calibrated to contain.
    pub coverage: f32,
    /// Fraction of users reserved for calibrating the intervals.
    pub calibration_share: f32,
    /// Seed for the initial factors and for choosing the users to calibrate on.
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

/// Parameters that passed [`BiasedMfParams::check`].
#[derive(Clone, Copy, Debug)]
pub struct CheckedBiasedMfParams(pub(super) BiasedMfParams);

impl BiasedMfParams {
    /// Checks that every parameter is within its range. The lower bound on regularization ensures that every
    /// system can be solved in f32.
    pub fn check(self) -> Result<CheckedBiasedMfParams, ParameterError> {
        let ridge =
            |name, value| check(name, value, (0.001..=1e6).contains(&value), "0.001 to 1000000");
        let share = |name, value: f32| {
            check(name, value, value > 0.0 && value < 1.0, "a number above 0 and below 1")
        };
        let Self { factors, iterations, .. } = self;
        check("factors", factors as f32, (1..=256).contains(&factors), "1 to 256")?;
        ridge("regularization", self.regularization)?;
        ridge("prior_ratings", self.prior_ratings)?;
        ridge("bias_regularization", self.bias_regularization)?;
        check("iterations", iterations as f32, (1..=1000).contains(&iterations), "1 to 1000")?;
        share("coverage", self.coverage)?;
        share("calibration_share", self.calibration_share)?;
        Ok(CheckedBiasedMfParams(self))
    }

    /// Returns the factor regularization for a row with `n` ratings.
    pub(super) fn ridge(&self, n: usize) -> f32 {
        self.regularization * (n as f32 + self.prior_ratings)
    }

    /// Returns the number of values per row: the bias, the constant 1 and the factors.
    pub(super) fn row_length(&self) -> usize {
        self.factors + 2
    }
}
