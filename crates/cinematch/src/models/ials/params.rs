//! Parameters of iALS and their valid ranges.

use serde::{Deserialize, Serialize};

use crate::features::CsrMatrix;
use crate::linalg::TileMatrix;
use crate::models::factors::Factors;
use crate::models::interface::{ParameterError, check, check_positive};

/// Method for solving the linear system of a user or movie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// Exact solution by Cholesky decomposition.
    #[default]
    Cholesky,
    /// Approximate solution by conjugate gradients, starting from the row's current factors (Takács, Pilászy
    /// and Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback Collaborative
    /// Filtering", 2011).
    ConjugateGradients {
        /// Number of steps per half-step, commonly 3.
        steps: usize,
    },
}

/// Parameters for iALS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IalsParams {
    /// d: number of factors per user and movie.
    pub factors: usize,
    /// λ: factor regularization.
    pub regularization: f32,
    /// ν: exponent of the frequency in a row's regularization.
    pub frequency_exponent: f32,
    /// α₀: weight of unobserved user–movie pairs.
    pub unobserved_weight: f32,
    /// Number of training epochs.
    pub iterations: usize,
    /// Solver used in training. Fold-in always uses the exact solution.
    pub solver: Solver,
    /// σ*: movie factors are initialized from a normal distribution with standard deviation σ*/√d.
    pub init_deviation: f32,
    /// Seed for the initial factors.
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

/// Parameters that passed [`IalsParams::check`].
#[derive(Clone, Copy, Debug)]
pub struct CheckedIalsParams(pub(super) IalsParams);

impl IalsParams {
    /// Checks that every parameter is within its range.
    pub fn check(self) -> Result<CheckedIalsParams, ParameterError> {
        let Self { factors, frequency_exponent, .. } = self;
        check("factors", factors as f32, (1..=4096).contains(&factors), "1 to 4096")?;
        check_positive("regularization", self.regularization)?;
        check_positive("unobserved_weight", self.unobserved_weight)?;
        let is_exponent = (0.0..=2.0).contains(&frequency_exponent);
        check("frequency_exponent", frequency_exponent, is_exponent, "0 to 2")?;
        check_positive("init_deviation", self.init_deviation)?;
        if let Solver::ConjugateGradients { steps } = self.solver {
            check("solver.steps", steps as f32, (1..=1000).contains(&steps), "1 to 1000")?;
        }
        Ok(CheckedIalsParams(self))
    }

    /// Returns λ (n + α₀·N)^ν for each row.
    pub(super) fn ridges(&self, matrix: &CsrMatrix<f32>) -> Vec<f32> {
        let observed = |row| matrix.row(row).1.iter().sum();
        let rows = 0..matrix.n_rows();
        rows.map(|row| self.ridge_of(observed(row), matrix.n_columns())).collect()
    }

    /// Returns λ (n + α₀·N)^ν for a row with N columns, where n is `observed`.
    pub(super) fn ridge_of(&self, observed: f32, n_columns: usize) -> f32 {
        let count = observed + self.unobserved_weight * n_columns as f32;
        self.regularization * count.powf(self.frequency_exponent)
    }

    /// Returns α₀ `HᵀH` for the factors H.
    pub(super) fn background(&self, factors: &Factors) -> TileMatrix {
        let mut background = factors.gramian();
        background.scale(self.unobserved_weight);
        background
    }
}
