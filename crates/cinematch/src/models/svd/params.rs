//! Parameters of the `svd` model.

use serde::{Deserialize, Serialize};

/// Parameters for PureSVD.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SvdParams {
    /// d: number of factors per movie.
    pub factors: usize,
    /// Maximum number of iterations. Training ends earlier when the factors have converged.
    pub iterations: usize,
    /// Seed for the random vectors.
    pub seed: u64,
}

impl Default for SvdParams {
    fn default() -> Self {
        Self { factors: 64, iterations: 100, seed: 42 }
    }
}
