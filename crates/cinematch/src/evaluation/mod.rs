//! Offline evaluation of recommenders.
//!
//! - Models train on interactions before a single global cutoff and are tested on later interactions. A
//!   separate cutoff for each user would leak future interactions into training (Ji et al. 2023).
//! - Every movie known at the cutoff is ranked. Ranking against a sample of negatives can change which
//!   model comes out ahead (Krichene & Rendle 2020).
//! - [`UserMetrics`] measures the ranking accuracy of a single user's list. [`Exposure`] measures how
//!   much of the catalog all users' lists cover, and [`miscalibration`] compares a list's genres with
//!   those in the user's history. Even an accurate model can recommend the same movies to every user.
//!   [`TasteMetrics`] measures whether a list is about as popular, old and foreign as what its user likes.
//! - [`TimeCut`] is the temporal protocol. [`RollingCuts`] repeats it at many cutoffs, and [`LaterUsers`]
//!   tests on users who join after the cutoff. [`StrongGeneralization`] holds out users of any time, and
//!   [`ColdMovies`] holds out movies. Every [`Protocol`] produces a [`Split`], and all later steps are
//!   the same for every protocol.
//! - [`star_errors()`] and [`interval_coverage`] evaluate rating predictions and their prediction
//!   intervals.
//! - [`promotion::decide`] tests whether a new generation is non-inferior to the active one, on the users
//!   of a [`Holdout`], who are excluded from training in every generation.
//! - [`MatchCalibration`] turns scores into the probability of a like, on the users of a [`Holdout`].
//! - [`Bootstrap`] tests the differences between models with a paired bootstrap over users, corrected for
//!   the number of models compared.

mod attributes;
mod blend_weights;
mod calibration;
mod cold_movies;
mod exposure;
mod external;
pub mod holdout;
mod later_users;
mod lists;
mod match_calibration;
mod metrics;
mod model_metrics;
pub mod promotion;
mod protocol;
mod report;
mod rolling_cuts;
mod significance;
mod split;
mod star_errors;
mod star_predictions;
mod strata;
mod strong_generalization;
mod taste;
mod time_cut;
mod tuning;

pub use crate::rating::LIKE_THRESHOLD;
pub use attributes::MovieAttributes;
pub use blend_weights::{BlendWeights, Change, FittedWeight};
pub use calibration::miscalibration;
pub(crate) use cold_movies::rank_among_cold;
pub use cold_movies::{ColdMovies, ColdRank};
pub use exposure::Exposure;
pub use external::{ExternalLists, external_lists};
pub use holdout::Holdout;
pub use later_users::LaterUsers;
pub use lists::{LIST_LENGTH, TOP_K, rank_lists};
pub use match_calibration::{MatchCalibration, ReliabilityBin};
pub use metrics::{UserMetrics, hit_at, ndcg_at, precision_at, recall_at, reciprocal_rank};
pub use model_metrics::ModelMetrics;
pub use protocol::Protocol;
pub use report::{
    EvaluatedModel, Evaluation, GroupReport, Mean, MetricComparisons, ModelReport, ReportError,
    SplitReport, StratumReport,
};
pub use rolling_cuts::RollingCuts;
pub(crate) use significance::mean_and_standard_error;
pub use significance::{Bootstrap, Comparison, SignificanceError, holm};
pub use split::{HeldOut, Part, Split, SplitError, StarTask, TagRule};
pub use star_errors::{StarErrors, interval_coverage, star_errors};
pub use star_predictions::{Averages, StarBaseline, StarModel, StarPredictions, StarReport};
pub use strong_generalization::StrongGeneralization;
pub use taste::TasteMetrics;
pub use time_cut::TimeCut;
pub use tuning::{Search, better_half, tunable_models};

/// Returns `part / whole`, or 0 if `whole` is 0.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
fn assert_close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-12, "got {got}, expected {expected}");
}

#[cfg(test)]
mod testing;
