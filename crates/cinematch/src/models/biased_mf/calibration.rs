//! Calibration of prediction intervals by split conformal prediction.
//!
//! The method follows Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005, and Lei,
//! G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-Free Predictive Inference for Regression", 2018.
//! Users held out of training are treated like users in production: some of their ratings form the history
//! for a fold-in, and the rest are predicted. Errors are measured in units of the user's
//! [spread](BiasedMf::spread). They are grouped into classes by the rating counts of the user and the movie,
//! and each class has its own quantile (Mondrian conformal prediction).
//!
//! The theory requires exchangeable errors. A single user's errors are correlated, so coverage holds on
//! average over new users, and its precision depends on the number of users.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::interval::{CLASSES, ClassError, Quantiles, class};
use super::model::BiasedMf;
use super::params::BiasedMfParams;
use crate::catalog::{Interactions, Rated};
use crate::ids::UserIdx;

/// Computes error quantiles from the ratings of `users`. Quantiles of classes with too few errors are
/// infinite. O(ratings·(d² + classes·d) + users·classes·d³).
pub(super) fn calibrate(
    model: &BiasedMf,
    interactions: &Interactions,
    users: &[UserIdx],
) -> Quantiles {
    let errors_by_user: Vec<Vec<ClassError>> =
        users.par_iter().map(|user| user_errors(model, interactions, *user)).collect();
    Quantiles::from_errors(errors_by_user.into_iter().flatten(), f64::from(model.params.coverage))
}

/// Returns true if `user` is reserved for calibrating intervals. The choice does not depend on other users.
pub(super) fn is_for_calibration(params: &BiasedMfParams, user: UserIdx) -> bool {
    let draw = user_rng(params, user).next_u64() as f64 / 2.0_f64.powi(64);
    draw < f64::from(params.calibration_share)
}

/// Returns the random stream for `user`, distinct from the streams for movies.
fn user_rng(params: &BiasedMfParams, user: UserIdx) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(params.seed);
    random.set_stream(1 << 32 | u64::from(user.0));
    random
}

/// Predicts a fifth of the user's ratings and returns the errors. Uses one history in each length class that
/// the remaining ratings allow, so intervals are also calibrated for short histories.
fn user_errors(model: &BiasedMf, interactions: &Interactions, user: UserIdx) -> Vec<ClassError> {
    let mut random = user_rng(&model.params, user);
    let mut ratings: Vec<Rated> = interactions.user_ratings(user).collect();
    ratings.sort_by_cached_key(|_| random.next_u64());
    let (hidden, visible) = ratings.split_at(ratings.len().div_ceil(5));
    let mut errors = Vec::new();
    for user_class in 0..=class(visible.len()) {
        let first = CLASSES[user_class];
        let end = CLASSES.get(user_class + 1).map_or(usize::MAX, |end| *end);
        let lengths = end.min(visible.len() + 1) - first;
        let history = &visible[..first + (random.next_u64() % lengths as u64) as usize];
        let row = model.fold_in(history);
        let spread = model.spread(&row, history);
        errors.extend(hidden.iter().map(|rated| {
            let movie_class = class(model.counts[rated.movie.row()] as usize);
            let error = (rated.stars.value() - model.stars(&row, rated.movie)).abs();
            ([user_class, movie_class], error / spread)
        }));
    }
    errors
}
