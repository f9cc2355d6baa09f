//! How good recommendations are, by a protocol whose answers can be trusted:
//!
//! - A model sees only what happened before one cut in time, and is asked what users watched after
//!   it; a cut for each user would let it learn from the future (Ji et al. 2023).
//! - It ranks every film that existed at the cut. Ranking the watched films among a sample of the
//!   others can put models in another order (Krichene & Rendle 2020).
//! - [`UserMetrics`] say how high the watched films stand in one user's list. [`Exposure`] says
//!   what all lists together show of the catalogue, and [`miscalibration`] whether a list has the
//!   genres of the user's history: a model can be accurate and yet show everyone the same.
//! - [`star_errors`] and [`interval_coverage`] judge predicted stars and the ranges given with them.
//! - A model is better than another if the difference, user by user, survives resampling the users
//!   and a correction for the number of models compared: [`Bootstrap`].

mod calibration;
mod exposure;
mod lists;
mod metrics;
mod significance;
mod split;
mod stars;

pub use calibration::miscalibration;
pub use exposure::Exposure;
pub use lists::lists;
pub use metrics::{UserMetrics, hit_at, ndcg_at, precision_at, recall_at, reciprocal_rank};
pub use significance::{Bootstrap, Comparison, SignificanceError, holm, mean_and_standard_error};
pub use split::{HeldOut, LIKED, Split, StrongGeneralization, TooFewUsers};
pub use stars::{StarErrors, interval_coverage, star_errors};

/// A part of a whole; of nothing, 0.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
fn assert_close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-12, "got {got}, expected {expected}");
}
