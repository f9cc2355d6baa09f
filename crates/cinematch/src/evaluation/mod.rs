//! How good recommendations are, by a protocol whose answers can be trusted:
//!
//! - A model sees only what happened before one cut in time, and is asked what users watched after
//!   it; a cut for each user would let it learn from the future (Ji et al. 2023).
//! - It ranks every film that existed at the cut. Ranking the watched films among a sample of the
//!   others can put models in another order (Krichene & Rendle 2020).
//! - [`UserMetrics`] say how high the watched films stand in one user's list. [`Exposure`] says
//!   what all lists together show of the catalogue, and [`miscalibration`] whether a list has the
//!   genres of the user's history: a model can be accurate and yet show everyone the same.
//! - The other protocols are [`StrongGeneralization`], where users are unseen instead of the future,
//!   and [`ColdMovies`], where films are. A [`Protocol`] makes a [`Split`]; all else is the same for all.
//! - [`star_errors`] and [`interval_coverage`] judge predicted stars and the ranges given with them.
//! - [`promotion::judge`] asks whether a new generation is not worse than the one that serves, on the
//!   users of a [`HoldOut`], whom no generation learns from.
//! - A model is better than another if the difference, user by user, survives resampling the users
//!   and a correction for the number of models compared: [`Bootstrap`].

mod calibration;
mod cold_movies;
mod exposure;
mod foreign;
pub mod holdout;
mod judge;
mod lists;
mod metrics;
pub mod promotion;
mod protocol;
mod report;
mod significance;
mod split;
mod star_tasks;
mod stars;
mod strata;
mod strong;
mod time_cut;
mod tuning;

pub use calibration::miscalibration;
pub use cold_movies::{ColdMovies, ColdRank, rank_among_cold};
pub use exposure::Exposure;
pub use foreign::{ForeignLists, foreign_lists};
pub use holdout::HoldOut;
pub use judge::{Judged, LIST_LENGTH, MovieGenres, SHOWN};
pub use lists::lists;
pub use metrics::{UserMetrics, hit_at, ndcg_at, precision_at, recall_at, reciprocal_rank};
pub use protocol::Protocol;
pub use report::{
    Against, Contestant, Evaluation, Mean, ModelReport, ReportError, SplitReport, StratumReport,
};
pub use significance::{Bootstrap, Comparison, SignificanceError, holm, mean_and_standard_error};
pub use split::{HeldOut, LIKED, Part, Split, SplitError, TagRule};
pub use star_tasks::{Averages, StarBaseline, StarModel, StarPredictions, StarReport, StarTask};
pub use stars::{StarErrors, interval_coverage, star_errors};
pub use strata::{HISTORY_STRATA, MOVIE_STRATA};
pub use strong::StrongGeneralization;
pub use time_cut::TimeCut;
pub use tuning::{Search, better_half, tunable_models};

/// A part of a whole; of nothing, 0.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
fn assert_close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-12, "got {got}, expected {expected}");
}

#[cfg(test)]
mod testing;
