//! Split conformal prediction: how far stars may be from the predicted ones.
//!
//! Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005; Lei, G'Sell, Rinaldo,
//! Tibshirani and Wasserman, "Distribution-Free Predictive Inference for Regression", 2018. Users who
//! were not learnt from are served as viewers are: a history of theirs is folded in, other ratings of
//! theirs are predicted, and errors are measured in the viewer's [spread](BiasedMf::spread). Errors
//! stand in classes by how many ratings viewer and film have, each with a quantile of its own
//! (Mondrian, as Vovk and others call it).
//!
//! The theory asks for errors that are exchangeable. Those of one viewer go together, so that the
//! share holds for a new viewer on average, and its precision is that of the number of users.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::{BiasedMf, BiasedMfParams};
use crate::catalog::{Interactions, Rated};
use crate::ids::UserIdx;

/// The fewest ratings of each class: none, then from 2²ᵏ⁻¹ − 1 on.
const CLASSES: [usize; 5] = [0, 1, 7, 31, 127];

/// What a spread is multiplied by, by the class of the viewer and of the film.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles([[f32; CLASSES.len()]; CLASSES.len()]);

/// A class of viewer and film, and an error in spreads.
type Error = ([usize; 2], f32);

impl Quantiles {
    /// Of no error: every interval is the whole scale.
    pub fn unknown() -> Self {
        Self([[f32::INFINITY; CLASSES.len()]; CLASSES.len()])
    }

    /// The quantiles of the errors of these users' ratings; a class of too few errors stays unknown.
    /// O(ratings·(d² + classes·d) + users·classes·d³).
    pub fn calibrate(model: &BiasedMf, interactions: &Interactions, users: &[UserIdx]) -> Self {
        let of_users: Vec<Vec<Error>> =
            users.par_iter().map(|user| errors(model, interactions, *user)).collect();
        let mut classes: [[Vec<f32>; CLASSES.len()]; CLASSES.len()] = Default::default();
        for ([viewer, movie], error) in of_users.into_iter().flatten() {
            classes[viewer][movie].push(error);
        }
        let coverage = f64::from(model.params.coverage);
        Self(classes.map(|movies| movies.map(|errors| quantile(errors, coverage))))
    }

    /// All, by viewer and film.
    pub fn values(&self) -> &[f32] {
        self.0.as_flattened()
    }

    /// From all, by viewer and film; `None` if they are not so many.
    pub fn from_values(values: &[f32]) -> Option<Self> {
        let (rows, rest) = values.as_chunks();
        rest.is_empty().then_some(Self(rows.try_into().ok()?))
    }

    /// The quantile for a viewer and a film of so many ratings.
    pub fn of(&self, user: usize, movie: usize) -> f32 {
        self.0[class(user)][class(movie)]
    }
}

fn class(n_ratings: usize) -> usize {
    CLASSES.partition_point(|fewest| *fewest <= n_ratings) - 1
}

/// Whether intervals are calibrated on a user. Who the others are changes nothing.
pub fn is_for_calibration(params: &BiasedMfParams, user: UserIdx) -> bool {
    let draw = stream(params, user).next_u64() as f64 / 2.0_f64.powi(64);
    draw < f64::from(params.calibration_share)
}

/// A stream for each user, none of them a film's.
fn stream(params: &BiasedMfParams, user: UserIdx) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(params.seed);
    random.set_stream(1 << 32 | u64::from(user.0));
    random
}

/// Predicts a fifth of a user's ratings, once from a history of each class that the others allow:
/// a viewer's first visits are served, too.
fn errors(model: &BiasedMf, interactions: &Interactions, user: UserIdx) -> Vec<Error> {
    let mut random = stream(&model.params, user);
    let mut ratings: Vec<Rated> = interactions.of_user(user).collect();
    ratings.sort_by_cached_key(|_| random.next_u64());
    let (asked, known) = ratings.split_at(ratings.len().div_ceil(5));
    let mut errors = Vec::new();
    for user_class in 0..=class(known.len()) {
        let first = CLASSES[user_class];
        let end = CLASSES.get(user_class + 1).map_or(usize::MAX, |end| *end);
        let lengths = end.min(known.len() + 1) - first;
        let history = &known[..first + (random.next_u64() % lengths as u64) as usize];
        let viewer = model.fold_in(history);
        let spread = model.spread(&viewer, history);
        errors.extend(asked.iter().map(|rated| {
            let movie_class = class(model.counts[rated.movie.row()] as usize);
            let error = (rated.stars.value() - model.stars(&viewer, rated.movie)).abs();
            ([user_class, movie_class], error / spread)
        }));
    }
    errors
}

/// The ⌈(n + 1)·coverage⌉-th smallest of n errors; of too few, infinity.
fn quantile(mut errors: Vec<f32>, coverage: f64) -> f32 {
    let rank = ((errors.len() + 1) as f64 * coverage).ceil() as usize;
    if rank > errors.len() {
        return f32::INFINITY;
    }
    *errors.select_nth_unstable_by(rank - 1, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_counts_the_error_to_come() {
        let errors: Vec<f32> = (1..=9).rev().map(|error| error as f32).collect();
        assert!((quantile(errors.clone(), 0.8) - 8.0).abs() < 1e-9);
        assert!((quantile(errors.clone(), 0.9) - 9.0).abs() < 1e-9);
        assert!(quantile(errors, 0.91).is_infinite());
        assert!(quantile(Vec::new(), 0.1).is_infinite());
    }

    #[test]
    fn classes_begin_at_their_fewest() {
        let classes = [0, 1, 6, 7, 30, 31, 126, 127, 100_000].map(class);
        assert_eq!(classes, [0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }
}
