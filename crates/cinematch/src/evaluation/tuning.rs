//! Hyperparameter tuning by random search (Bergstra & Bengio 2012) with successive halving (Jamieson &
//! Talwalkar 2016): all trials run on the first split, the better half on the second split, and so on.

use crate::models::Spec;
use crate::models::draw::Draw;
use crate::models::spec::NAMES;

/// Returns the names of the models that have parameters to tune for ranking.
pub fn tunable_models() -> Vec<&'static str> {
    let is_tunable = |name: &&str| Spec::named(name).is_some_and(|spec| spec.model.is_tunable());
    NAMES.into_iter().filter(is_tunable).collect()
}

/// A random search that starts from a model. Trial 0 is the model itself, and later trials draw random
/// parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The untuned model, used as trial 0.
    pub base: Spec,
    /// Seed for the random draws.
    pub seed: u64,
}

impl Search {
    /// Returns the parameters for trial `number`, which depend only on `number` and the seed. Trial 0 is
    /// the untuned model. Returns `None` if the model has no parameters to tune.
    ///
    /// Parameters that span orders of magnitude are drawn from a log-uniform distribution and rounded to
    /// three significant digits for readability.
    pub fn trial(&self, number: usize) -> Option<Spec> {
        if !self.base.model.is_tunable() {
            return None;
        }
        let mut spec = self.base.clone();
        if number > 0 {
            let Spec { confidence, model } = &mut spec;
            model.draw(confidence, &mut Draw::new(self.seed, number as u64));
        }
        Some(spec)
    }
}

/// Returns the numbers of the better half of the trials (rounded up) by mean score, best first. The lower
/// trial number wins a tie.
pub fn better_half(scores: &[(usize, f64)]) -> Vec<usize> {
    let mut order = scores.to_vec();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    order.truncate(scores.len().div_ceil(2));
    order.into_iter().map(|(trial, _)| trial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ease::{EaseParams, Edlae};
    use crate::models::spec::Kind;

    #[test]
    fn trials_depend_on_number_and_seed_and_trial_0_is_the_untuned_model() {
        for name in NAMES {
            let base = Spec::named(name).unwrap();
            let search = Search { base: base.clone(), seed: 1 };
            if !tunable_models().contains(&name) {
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
                // The log stores specs as JSON.
                let json = serde_json::to_string(&trial).unwrap();
                assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), trial, "{json}");
            }
        }
    }

    #[test]
    fn draws_stay_within_their_ranges_and_are_log_uniform() {
        let search = Search { base: Spec::named("edlae").unwrap(), seed: 3 };
        let params: Vec<EaseParams> = (1..400)
            .map(|number| match search.trial(number).unwrap().model {
                Kind::Edlae(Edlae(params)) => params,
                other => panic!("{other:?}"),
            })
            .collect();
        let small = params.iter().filter(|params| params.regularization < 122.0).count();
        // Half of a log-uniform distribution lies below the geometric mean of its bounds.
        assert!((150..250).contains(&small), "{small}");
        assert!(params.iter().all(|params| (5.0..=3000.0).contains(&params.regularization)));
        assert!(params.iter().all(|params| (0.05..=0.75).contains(&params.dropout)));
    }

    #[test]
    fn better_half_keeps_the_best_trials_rounded_up() {
        assert_eq!(better_half(&[(0, 0.1), (4, 0.3), (5, 0.3), (7, 0.2), (9, 0.0)]), [4, 5, 7]);
        assert_eq!(better_half(&[(3, f64::NEG_INFINITY)]), [3]);
        assert!(better_half(&[]).is_empty());
    }
}
