//! Fits the weights of a hybrid to the users of a [`Holdout`], whom its models have not seen.
//!
//! The given weights suit one dataset. On another, the models differ in how much each of them knows: with more ratings,
//! for example, models of pairs of movies gain more than others. A linear stacker (Wolpert, "Stacked Generalization",
//! 1992) learns the weights from the data at hand:
//!
//! - Part of each user's likes is hidden. The 100 best movies by the given weights are the candidates.
//! - The weights maximize the likelihood that the hidden movies are chosen among the candidates, where the probability of
//!   a movie is proportional to exp(T · score) (Cao, Qin, Liu, Tsai and Li, "Learning to Rank: From Pairwise Approach to
//!   Listwise Approach", 2007). Among all movies, the likelihood would depend on the order of movies that nobody sees.
//! - Half of a user's influence is divided equally among the hidden movies, and the other half by inverse propensity, so
//!   that popular movies do not decide alone.
//! - The logarithms of the weights have a normal prior around those of the given weights, with standard deviation
//!   0.2. Weights stay positive, and few users change them little. The first weight is fixed, because only ratios matter.
//!
//! Weights fitted to every second user rank the candidates of the others. If the ranking is not better than by the given
//! weights, those are kept.
//!
//! Takes O(users · movies · models), most of it for scoring. Users are processed in parallel, and sums are added in the
//! order of the users, so the result does not depend on the number of threads.

mod choice;
mod posterior;

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::choice::Choice;
use super::split::is_liked;
use super::taste::LikeCounts;
use super::{Holdout, StrongGeneralization};
use crate::catalog::Interactions;
use crate::digits::thousands;
use crate::ids::UserIdx;
use crate::models::{Fitted, Spec};

/// RNG stream for the hidden likes, distinct from those of the splits, the holdout's histories and the match.
const STREAM: u64 = 4;
/// Maximum number of users. Scoring takes most of the time, and more users would hardly change the weights.
const MAX_USERS: usize = 1_000;
/// Minimum number of users with a hidden movie among the candidates. Fewer could not show whether a change helps.
const MIN_USERS: usize = 30;

/// The fitted weights of a hybrid, and what they change for users whom they were not fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendWeights {
    /// The weights, in the order of [`Spec::blend_weights`].
    pub weights: Vec<FittedWeight>,
    /// True if the fitted weights are used, because they rank the movies of the other users better.
    pub is_used: bool,
    /// Number of users.
    pub users: usize,
    /// NDCG at 10 of the candidates.
    pub ndcg_10: Change,
    /// NDCG at 10 with inverse-propensity gains.
    pub ips_ndcg_10: Change,
}

/// A weight before and after the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedWeight {
    /// Name of the model, or `taste.` and the name of one of its terms.
    pub name: String,
    /// The given weight.
    pub given: f32,
    /// The fitted weight.
    pub fitted: f32,
}

/// A metric of the given and of the fitted weights, averaged over users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Mean by the given weights.
    pub given: f64,
    /// Mean by weights fitted to the other half of the users.
    pub fitted: f64,
}

impl fmt::Display for BlendWeights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users = thousands(self.users as u64);
        let (ndcg, ips_ndcg) = (self.ndcg_10, self.ips_ndcg_10);
        let metrics = format!("NDCG@10 {ndcg}, with inverse-propensity gains {ips_ndcg}");
        if !self.is_used {
            return write!(
                formatter,
                "unchanged; weights fitted to {users} held-out users don't rank better ({metrics})"
            );
        }
        write!(formatter, "fitted to {users} held-out users ({metrics}): ")?;
        for (place, FittedWeight { name, given, fitted }) in self.weights.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(formatter, "{comma}{name} {fitted:.3} instead of {given:.3}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.4} instead of {:.4}", self.fitted, self.given)
    }
}

impl BlendWeights {
    /// Fits the weights of `spec`, whose models `fitted` were trained without `holdout`. Returns `None` if the model is
    /// not a hybrid of several terms, or if too few users have hidden movies among their candidates.
    pub fn fit(
        spec: &Spec,
        fitted: &Fitted,
        interactions: &Interactions,
        holdout: Holdout,
    ) -> Option<Self> {
        let Fitted::Hybrid(hybrid) = fitted else { return None };
        let mut spec = spec.clone();
        let given: Vec<(String, f32)> =
            spec.blend_weights().into_iter().map(|(name, weight)| (name, *weight)).collect();
        if given.len() < 2 {
            return None;
        }
        let everything = vec![true; interactions.n_movies()];
        let counts =
            LikeCounts::new(interactions, &holdout.training_users(interactions), &everything);
        let protocol = StrongGeneralization::default();
        let is_eligible = |user: &UserIdx| {
            holdout.contains(interactions.user_id(*user))
                && interactions.user_ratings(*user).filter(is_liked).count() >= protocol.min_liked
        };
        let users: Vec<UserIdx> =
            interactions.users().filter(is_eligible).take(MAX_USERS).collect();
        let choices: Vec<Choice> = users
            .par_iter()
            .filter_map(|user| {
                let liked = interactions.user_ratings(*user).filter(is_liked);
                let (mut history, hidden) =
                    protocol.split_ratings(interactions.user_id(*user), STREAM, liked)?;
                history.extend(interactions.user_ratings(*user).filter(|rated| !is_liked(rated)));
                history.sort_unstable_by_key(|rated| rated.movie);
                let terms = hybrid.terms(&history);
                Choice::new(&terms, &history, &hidden, |movie| counts.inverse_propensity(movie))
            })
            .collect();
        if choices.len() < MIN_USERS {
            return None;
        }
        let (ndcg_10, ips_ndcg_10) = cross_validated(&choices);
        let factors = posterior::fit(&choices.iter().collect::<Vec<_>>());
        let weights = given.into_iter().zip(factors).map(|((name, given), factor)| FittedWeight {
            name,
            given,
            fitted: (f64::from(given) * factor) as f32,
        });
        Some(Self {
            weights: weights.collect(),
            is_used: ndcg_10.gain() + ips_ndcg_10.gain() > 0.0,
            users: choices.len(),
            ndcg_10,
            ips_ndcg_10,
        })
    }

    /// Returns `spec` with the fitted weights, if there are any and they are used.
    pub(crate) fn applied(weights: Option<&Self>, spec: &Spec) -> Spec {
        let mut spec = spec.clone();
        if let Some(Self { is_used: true, weights, .. }) = weights {
            for ((_, weight), fit) in spec.blend_weights().into_iter().zip(weights) {
                *weight = fit.fitted;
            }
        }
        spec
    }
}

impl Change {
    fn gain(self) -> f64 {
        self.fitted - self.given
    }
}

/// Returns the mean metrics by the given weights and by those fitted to the other half of the users.
fn cross_validated(choices: &[Choice]) -> (Change, Change) {
    let half = |parity: usize| choices.iter().skip(parity).step_by(2);
    let (mut plain, mut debiased) = (Change::default(), Change::default());
    for parity in [0, 1] {
        let factors = posterior::fit(&half(1 - parity).collect::<Vec<_>>());
        let unchanged = vec![1.0; factors.len()];
        for choice in half(parity) {
            let (given, fitted) = (choice.metrics(&unchanged), choice.metrics(&factors));
            plain.given += given.0 / choices.len() as f64;
            plain.fitted += fitted.0 / choices.len() as f64;
            debiased.given += given.1 / choices.len() as f64;
            debiased.fitted += fitted.1 / choices.len() as f64;
        }
    }
    (plain, debiased)
}

#[cfg(test)]
mod tests;
