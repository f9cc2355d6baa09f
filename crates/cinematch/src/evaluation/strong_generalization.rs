//! Strong generalization: models are tested on users who were not part of training.
//!
//! Liang, Krishnan, Hoffman and Jebara, "Variational Autoencoders for Collaborative Filtering", 2018.
//! Users who liked too few movies are excluded. Some of the others are held out, half of them for
//! validation (hyperparameter selection) and half for the test. All ratings by the remaining users are
//! training data. A held-out user's liked movies are divided into a history that the model may use and
//! the relevant movies. The model ranks all candidates, which are the movies that training users liked.

use std::borrow::Cow;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

use super::StarTask;
use super::split::{HeldOut, Part, Split, SplitError, TagRule, is_liked, shuffle};
use crate::catalog::{Interactions, Rated};
use crate::ids::{UserId, UserIdx};

/// Parameters for the strong generalization split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StrongGeneralization {
    /// Number of users held out for validation. As many again are held out for the test. `None` selects
    /// 10,000, or a sixth of the eligible users if there are fewer than 60,000.
    pub held_out: Option<usize>,
    /// Minimum number of movies that a user must have liked to be eligible.
    pub min_liked: usize,
    /// Share of a held-out user's liked movies that goes into their history.
    pub history_share: f64,
    /// Seed for all random draws.
    pub seed: u64,
}

impl Default for StrongGeneralization {
    fn default() -> Self {
        Self { held_out: None, min_liked: 5, history_share: 0.8, seed: 42 }
    }
}

/// Users divided by purpose. Each list is in ascending order.
pub(super) struct Division {
    pub training: Vec<UserIdx>,
    pub validation: Vec<UserIdx>,
    pub test: Vec<UserIdx>,
}

impl Division {
    /// Returns the held-out users of `part`.
    pub(crate) fn users(&self, part: Part) -> &[UserIdx] {
        match part {
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }

    /// Returns a rule that excludes the tags added by held-out users.
    pub(crate) fn tag_rule(&self, interactions: &Interactions) -> TagRule {
        let held_out = self.validation.iter().chain(&self.test);
        let excluded_users = held_out.map(|user| interactions.user_id(*user)).collect();
        TagRule { excluded_users, ..TagRule::default() }
    }

    /// For each movie, returns true if a training user liked it.
    pub(crate) fn liked_movies(&self, interactions: &Interactions) -> Vec<bool> {
        let mut liked = vec![false; interactions.n_movies()];
        for user in &self.training {
            for rated in interactions.user_ratings(*user).filter(is_liked) {
                liked[rated.movie.row()] = true;
            }
        }
        liked
    }
}

impl StrongGeneralization {
    /// Splits the interactions. Equal seeds give equal splits. O(ratings).
    pub fn split<'a>(
        &self,
        interactions: &'a Interactions,
        part: Part,
    ) -> Result<Split<'a>, SplitError> {
        if !(self.history_share > 0.0 && self.history_share < 1.0) {
            let value = self.history_share;
            return Err(SplitError::Share { name: "the history's share", value, below: 1.0 });
        }
        let division = self.divide(interactions)?;
        let is_candidate = division.liked_movies(interactions);
        let held_out_user = |user: &UserIdx| {
            let liked = interactions.user_ratings(*user).filter(is_liked);
            let liked_candidates = liked.filter(|rated| is_candidate[rated.movie.row()]);
            let (history, relevant) =
                self.split_ratings(interactions.user_id(*user), 0, liked_candidates)?;
            Some(HeldOut { user: *user, history, relevant })
        };
        let held_out: Vec<HeldOut> =
            division.users(part).iter().filter_map(held_out_user).collect();
        let star_task = |user: &UserIdx| {
            let all = interactions.user_ratings(*user);
            let (history, hidden) = self.split_ratings(interactions.user_id(*user), 1, all)?;
            Some(StarTask { user: *user, history, hidden })
        };
        let stars = division.users(part).iter().filter_map(star_task).collect();
        if held_out.is_empty() {
            let reason = "training users liked almost none of the movies that held-out users liked";
            return Err(SplitError::NoHeldOutUsers { reason });
        }
        Ok(Split {
            interactions: Cow::Borrowed(interactions),
            held_out,
            is_candidate,
            cold: Vec::new(),
            stars,
            tags: division.tag_rule(interactions),
            training: division.training,
        })
    }

    /// Divides a user's ratings into a history and a hidden part, each sorted by movie. Returns `None` if
    /// either is empty. The random stream depends only on the seed, the user and `stream`, so other
    /// held-out users don't affect the result.
    pub(super) fn split_ratings(
        &self,
        user: UserId,
        stream: u64,
        ratings: impl Iterator<Item = Rated>,
    ) -> Option<(Vec<Rated>, Vec<Rated>)> {
        let mut history: Vec<Rated> = ratings.collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream((stream << 32) + 1 + u64::from(user.0));
        shuffle(&mut history, &mut random);
        let n_history = (history.len() as f64 * self.history_share).round() as usize;
        let mut hidden = history.split_off(n_history.min(history.len()));
        for movies in [&mut history, &mut hidden] {
            movies.sort_unstable_by_key(|rated| rated.movie);
        }
        (!history.is_empty() && !hidden.is_empty()).then_some((history, hidden))
    }

    /// Divides the users into training, validation and test users.
    pub(super) fn divide(&self, interactions: &Interactions) -> Result<Division, SplitError> {
        let min_liked = self.min_liked;
        let n_liked = |user: &UserIdx| interactions.user_ratings(*user).filter(is_liked).count();
        let mut users: Vec<UserIdx> =
            interactions.users().filter(|user| n_liked(user) >= min_liked).collect();
        let eligible = users.len();
        let held_out = self.held_out.unwrap_or(10_000.min(eligible / 6));
        if held_out == 0 || held_out > eligible / 3 {
            return Err(SplitError::TooFewUsers { eligible, min_liked, held_out });
        }
        shuffle(&mut users, &mut ChaCha8Rng::seed_from_u64(self.seed));
        let mut test = users.split_off(eligible - held_out);
        let mut validation = users.split_off(eligible - 2 * held_out);
        let mut training = users;
        for users in [&mut training, &mut validation, &mut test] {
            users.sort_unstable();
        }
        Ok(Division { training, validation, test })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::{movie_set, ratings};
    use super::*;

    fn divide(seed: u64) -> StrongGeneralization {
        StrongGeneralization { held_out: Some(12), seed, ..StrongGeneralization::default() }
    }

    #[test]
    fn parts_are_disjoint_and_history_excludes_the_movies_to_find() {
        let interactions = ratings();
        let of = |part| divide(1).split(&interactions, part).unwrap();
        let (validation, test) = (of(Part::Validation), of(Part::Test));
        assert_eq!(validation.training, test.training);
        let users = |split: &Split<'_>| -> BTreeSet<UserIdx> {
            split.held_out.iter().map(|held| held.user).collect()
        };
        let training: BTreeSet<UserIdx> = test.training.iter().copied().collect();
        assert!(users(&validation).is_disjoint(&users(&test)));
        for split in [&validation, &test] {
            assert_eq!(split.held_out.len(), 12);
            assert!(users(split).is_disjoint(&training));
            for held in &split.held_out {
                let (history, relevant) = (movie_set(&held.history), movie_set(&held.relevant));
                assert!(history.is_disjoint(&relevant));
                let liked = interactions.user_ratings(held.user).filter(is_liked);
                let liked_candidates = liked.filter(|rated| split.is_candidate[rated.movie.row()]);
                let known = movie_set(&liked_candidates.collect::<Vec<_>>());
                assert_eq!(&history | &relevant, known);
                let expected = (known.len() as f64 * 0.8).round() as usize;
                assert_eq!(history.len(), expected);
                assert!(split.tags.excluded_users.contains(&interactions.user_id(held.user)));
            }
            assert_eq!(split.tags.excluded_users.len(), 24);
        }
        let liked_in_training = |movie: usize| {
            let of_training = |user: &UserIdx| {
                let mut liked = interactions.user_ratings(*user).filter(is_liked);
                liked.any(|rated| rated.movie.row() == movie)
            };
            test.training.iter().any(of_training)
        };
        let candidates: Vec<bool> = (0..interactions.n_movies()).map(liked_in_training).collect();
        assert_eq!(test.is_candidate, candidates);
    }

    #[test]
    fn split_depends_on_the_seed_and_not_on_other_held_out_users() {
        let interactions = ratings();
        let of = |params: StrongGeneralization| params.split(&interactions, Part::Test).unwrap();
        assert_eq!(of(divide(1)), of(divide(1)));
        assert_ne!(of(divide(1)), of(divide(2)));
        let more = of(StrongGeneralization { held_out: Some(14), ..divide(1) });
        for held in of(divide(1)).held_out {
            assert!(more.held_out.contains(&held), "{held:?}");
        }
        // By default, a sixth of the eligible users are held out.
        let default = of(StrongGeneralization { held_out: None, ..divide(1) });
        let eligible = default.training.len() + 2 * default.held_out.len();
        assert_eq!(default.held_out.len(), eligible / 6);
    }

    #[test]
    fn split_rejects_parameters_that_leave_too_few_users_or_movies() {
        let interactions = ratings();
        let refused = |params: StrongGeneralization| {
            params.split(&interactions, Part::Test).unwrap_err().to_string()
        };
        let many = refused(StrongGeneralization { held_out: Some(60), ..divide(1) });
        assert!(many.contains("as many for the test, not 60"), "{many}");
        for held_out in [0, usize::MAX / 3 + 1] {
            let none = refused(StrongGeneralization { held_out: Some(held_out), ..divide(1) });
            assert!(none.contains(&format!("for the test, not {held_out}")), "{none}");
        }
        let share = refused(StrongGeneralization { history_share: 1.0, ..divide(1) });
        assert!(share.contains("the history's share is 1"), "{share}");
        let nobody = refused(StrongGeneralization { min_liked: 1000, ..divide(1) });
        assert!(nobody.contains("0 users liked 1000 movies"), "{nobody}");
    }
}
