//! Hyperparameters by random search (Bergstra & Bengio 2012) with successive halving (Jamieson &
//! Talwalkar 2016): every trial is measured on one split, the better half on the next, and so on.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::models::Spec;
use crate::models::ease::EaseParams;
use crate::models::ials::IalsParams;
use crate::models::knn::{ItemKnnParams, UserKnnParams};
use crate::models::spec::Kind;

/// The models that have something to tune for ranking.
pub const TUNABLE: [&str; 8] =
    ["hybrid", "edlae", "ease", "ials", "item-knn", "user-knn", "popular-recent", "top-rated"];

/// The trials around a model: what it is without tuning, and draws of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Trial 0.
    pub base: Spec,
    /// Of the draws.
    pub seed: u64,
}

impl Search {
    /// A trial's parameters, which depend on its number and the seed alone; 0 is the model as it is.
    /// `None` for a model without anything to tune.
    ///
    /// Numbers that may span orders of magnitude are drawn from log-uniform ranges, and have three
    /// significant digits, so that a person can read them.
    pub fn trial(&self, number: usize) -> Option<Spec> {
        if !TUNABLE.contains(&self.base.model.name()) {
            return None;
        }
        let mut spec = self.base.clone();
        if number == 0 {
            return Some(spec);
        }
        let mut draw = Draw::new(self.seed, number as u64);
        match &mut spec.model {
            Kind::Ease(EaseParams { regularization, .. }) => {
                *regularization = draw.log(10.0, 3_000.0);
                spec.confidence.middling = draw.even(0.0, 0.6);
            }
            Kind::Edlae(EaseParams { regularization, dropout, .. }) => {
                *regularization = draw.log(5.0, 3_000.0);
                *dropout = draw.even(0.05, 0.75);
                spec.confidence.middling = draw.even(0.0, 0.6);
            }
            Kind::Ials(IalsParams { factors, regularization, unobserved_weight, .. }) => {
                *factors = *draw.of(&[32, 48, 64, 96, 128, 192, 256]);
                *regularization = draw.log(2e-4, 0.05);
                *unobserved_weight = draw.log(0.02, 5.0);
                spec.confidence.middling = draw.even(0.0, 0.6);
            }
            Kind::ItemKnn(ItemKnnParams { neighbors, shrinkage })
            | Kind::UserKnn(UserKnnParams { neighbors, shrinkage, .. }) => {
                *neighbors = draw.log(10.0, 1_000.0) as usize;
                *shrinkage = draw.log(0.1, 300.0);
                spec.confidence.middling = draw.even(0.0, 0.6);
            }
            Kind::PopularRecent { half_life_days } => *half_life_days = draw.log(5.0, 5_000.0),
            Kind::TopRated { prior } => *prior = draw.log(1.0, 5_000.0),
            // The first part's weight is the measure of the others'.
            Kind::Hybrid { parts } => {
                for part in parts.iter_mut().skip(1) {
                    part.weight = match part.model {
                        Kind::Popular => draw.log(0.002, 0.5),
                        _ => draw.log(0.05, 8.0),
                    };
                }
            }
            Kind::Popular | Kind::Content | Kind::BiasedMf(_) => return None,
        }
        Some(spec)
    }
}

/// The better half of trials with their means so far, best first, among equals the lower number; at
/// least one if there is one.
pub fn better_half(scores: &[(usize, f64)]) -> Vec<usize> {
    let mut order = scores.to_vec();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    order.truncate(scores.len().div_ceil(2));
    order.into_iter().map(|(trial, _)| trial).collect()
}

/// One trial's random numbers.
struct Draw(ChaCha8Rng);

impl Draw {
    fn new(seed: u64, trial: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(trial);
        Self(random)
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn even(&mut self, from: f64, to: f64) -> f32 {
        readable(from + (to - from) * self.share())
    }

    fn log(&mut self, from: f64, to: f64) -> f32 {
        readable(from * (to / from).powf(self.share()))
    }

    fn of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[(self.share() * values.len() as f64) as usize]
    }
}

/// Three significant digits.
fn readable(value: f64) -> f32 {
    format!("{value:.2e}").parse().unwrap_or(value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::spec::NAMES;

    #[test]
    fn a_trial_is_its_numbers_and_the_first_is_the_model_as_it_is() {
        for name in NAMES {
            let base = Spec::named(name).unwrap();
            let search = Search { base: base.clone(), seed: 1 };
            if !TUNABLE.contains(&name) {
                assert_eq!(search.trial(0), None, "{name}");
                continue;
            }
            assert_eq!(search.trial(0), Some(base.clone()));
            let other = Search { base, seed: 2 };
            for number in 1..40 {
                let trial = search.trial(number).unwrap();
                assert_eq!(search.trial(number).unwrap(), trial);
                assert_ne!(search.trial(number + 1).unwrap(), trial, "{name}");
                assert_ne!(other.trial(number).unwrap(), trial, "{name}");
                // What the log keeps is what was tried.
                let json = serde_json::to_string(&trial).unwrap();
                assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), trial, "{json}");
            }
        }
    }

    #[test]
    fn draws_stay_within_their_ranges_and_fill_them() {
        let search = Search { base: Spec::named("edlae").unwrap(), seed: 3 };
        let params: Vec<EaseParams> = (1..400)
            .map(|number| match search.trial(number).unwrap().model {
                Kind::Edlae(params) => params,
                other => panic!("{other:?}"),
            })
            .collect();
        let small = params.iter().filter(|params| params.regularization < 122.0).count();
        // Half of a log-uniform range lies below its geometric mean.
        assert!((150..250).contains(&small), "{small}");
        assert!(params.iter().all(|params| (5.0..=3000.0).contains(&params.regularization)));
        assert!(params.iter().all(|params| (0.05..=0.75).contains(&params.dropout)));
    }

    #[test]
    fn the_better_half_goes_on() {
        assert_eq!(better_half(&[(0, 0.1), (4, 0.3), (5, 0.3), (7, 0.2), (9, 0.0)]), [4, 5, 7]);
        assert_eq!(better_half(&[(3, f64::NEG_INFINITY)]), [3]);
        assert!(better_half(&[]).is_empty());
    }
}
