//! Random draws of hyperparameters.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Random number generator for one `cinematch tune` trial, determined by the seed and the trial number.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// Creates the random number generator for `trial`.
    pub(crate) fn new(seed: u64, trial: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(trial);
        Self(random)
    }

    /// Draws a number from 0 (inclusive) to 1 (exclusive).
    fn unit_interval(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a uniformly distributed number with three significant digits.
    pub(crate) fn uniform(&mut self, from: f64, to: f64) -> f32 {
        rounded(from + (to - from) * self.unit_interval())
    }

    /// Draws a log-uniformly distributed number with three significant digits, for values that span orders of
    /// magnitude.
    pub(crate) fn log_uniform(&mut self, from: f64, to: f64) -> f32 {
        rounded(from * (to / from).powf(self.unit_interval()))
    }

    /// Draws one of `values`.
    pub(crate) fn choice<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[(self.unit_interval() * values.len() as f64) as usize]
    }
}

/// Rounds to three significant digits to keep results readable.
fn rounded(value: f64) -> f32 {
    format!("{value:.2e}").parse().unwrap_or(value as f32)
}
