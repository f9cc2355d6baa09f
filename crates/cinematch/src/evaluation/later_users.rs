//! Later users: models train on ratings before a global cutoff and are tested on users who join after it.
//!
//! Strong generalization hides random movies of random users, so that a model may know a user's future.
//! Here neither the model nor the history contains a rating later than those to find, as for a new user of a
//! service.

use serde::Serialize;

use super::StarTask;
use super::split::{HeldOut, Part, Split, SplitError, is_liked};
use super::time_cut::{quantile, rated_movies, times, training_before};
use crate::catalog::{Interactions, Rated};

/// Parameters for the split by the time at which users join.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LaterUsers {
    /// Share of ratings at or after the cutoff. For validation, the cutoff lies earlier by the same share.
    pub test_share: f64,
    /// Share of a held-out user's ratings, in chronological order, that goes into their history.
    pub history_share: f64,
    /// Minimum number of ratings that a held-out user must have.
    pub min_ratings: usize,
}

impl Default for LaterUsers {
    fn default() -> Self {
        Self { test_share: 0.2, history_share: 0.8, min_ratings: 5 }
    }
}

impl LaterUsers {
    /// Splits the interactions. Ratings before the cutoff are training data. Held-out users have no rating
    /// before it; the validation users have their first rating before the cutoff of the test. A user's
    /// relevant movies are those they liked among their last ratings, provided that a training user rated
    /// the movie. O(ratings · log ratings per user).
    pub(crate) fn split<'a>(
        &self,
        interactions: &'a Interactions,
        part: Part,
    ) -> Result<Split<'a>, SplitError> {
        for (name, value, below) in [
            ("the test's share", self.test_share, 0.5),
            ("the history's share", self.history_share, 1.0),
        ] {
            if !(value > 0.0 && value < below) {
                return Err(SplitError::Share { name, value, below });
            }
        }
        let mut times = times(interactions);
        let test_from = quantile(&mut times, 1.0 - self.test_share);
        let (cutoff, end) = match part {
            Part::Test => (test_from, u32::MAX),
            Part::Validation => (quantile(&mut times, 1.0 - 2.0 * self.test_share), test_from),
        };
        let earlier = interactions.before(cutoff);
        let is_candidate = rated_movies(&earlier);
        let tasks = interactions.users().filter_map(|user| {
            let (history, hidden) = self.split_ratings(interactions.user_ratings(user))?;
            let joined = history.iter().map(|rated| rated.time).min()?;
            (cutoff <= joined && joined < end).then_some(StarTask { user, history, hidden })
        });
        let stars: Vec<StarTask> = tasks.collect();
        let held_out = |task: &StarTask| {
            let liked = task.hidden.iter().copied().filter(is_liked);
            let relevant: Vec<Rated> =
                liked.filter(|rated| is_candidate[rated.movie.row()]).collect();
            (!relevant.is_empty()).then(|| HeldOut {
                user: task.user,
                history: task.history.clone(),
                relevant,
            })
        };
        let held_out: Vec<HeldOut> = stars.iter().filter_map(held_out).collect();
        if held_out.is_empty() {
            let reason = "no user who joined after the cutoff liked a known movie in the end; \
                          increase the share of ratings to move the cutoff earlier";
            return Err(SplitError::NoHeldOutUsers { reason });
        }
        Ok(Split { held_out, stars, ..training_before(earlier, is_candidate, cutoff) })
    }

    /// Divides a user's ratings into the earlier and the later ones, each sorted by movie. Returns `None` for
    /// too few ratings. Of ratings with equal times, those of movies with lower indices count as earlier.
    fn split_ratings(
        &self,
        ratings: impl Iterator<Item = Rated>,
    ) -> Option<(Vec<Rated>, Vec<Rated>)> {
        let mut history: Vec<Rated> = ratings.collect();
        if history.len() < self.min_ratings.max(2) {
            return None;
        }
        history.sort_by_key(|rated| (rated.time, rated.movie));
        let n_history = (history.len() as f64 * self.history_share).round() as usize;
        let mut hidden = history.split_off(n_history.clamp(1, history.len() - 1));
        for ratings in [&mut history, &mut hidden] {
            ratings.sort_unstable_by_key(|rated| rated.movie);
        }
        Some((history, hidden))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::ratings;
    use super::*;
    use crate::ids::UserIdx;

    #[test]
    fn users_join_after_the_cutoff_and_their_last_likes_are_hidden() {
        let interactions = ratings();
        // Users keep joining until half of the ratings have been given.
        let later = LaterUsers { test_share: 0.45, ..LaterUsers::default() };
        let of = |part| later.split(&interactions, part).unwrap();
        let (validation, test) = (of(Part::Validation), of(Part::Test));
        let users = |split: &Split<'_>| -> BTreeSet<UserIdx> {
            split.held_out.iter().map(|held_out| held_out.user).collect()
        };
        assert!(users(&validation).is_disjoint(&users(&test)));
        for split in [&validation, &test] {
            let cutoff = split.tags.before.unwrap();
            assert!(times(&split.interactions).into_iter().all(|time| time < cutoff));
            assert!(!split.held_out.is_empty());
            for held_out in &split.held_out {
                assert!(!split.training.contains(&held_out.user));
                let newest = held_out.history.iter().map(|rated| rated.time).max().unwrap();
                assert!(held_out.history.iter().all(|rated| rated.time >= cutoff));
                assert!(held_out.relevant.iter().all(|rated| rated.time >= newest));
                assert!(held_out.relevant.iter().all(is_liked));
            }
            for task in &split.stars {
                let n_ratings = interactions.user_ratings(task.user).len();
                assert_eq!(task.history.len() + task.hidden.len(), n_ratings);
                assert_eq!(task.history.len(), (n_ratings as f64 * 0.8).round() as usize);
            }
        }
        let test_from = test.tags.before.unwrap();
        let mut joined = validation.held_out.iter().flat_map(|user| &user.history);
        assert!(joined.any(|rated| rated.time < test_from));
    }

    #[test]
    fn split_rejects_shares_that_leave_a_side_empty() {
        let interactions = ratings();
        let refused =
            |later: LaterUsers| later.split(&interactions, Part::Test).unwrap_err().to_string();
        let none = refused(LaterUsers { test_share: 0.0, ..LaterUsers::default() });
        assert!(none.contains("the test's share is 0"), "{none}");
        let all = refused(LaterUsers { history_share: 1.0, ..LaterUsers::default() });
        assert!(all.contains("the history's share is 1"), "{all}");
        let few = refused(LaterUsers { min_ratings: 1000, ..LaterUsers::default() });
        assert!(few.contains("no user who joined after the cutoff"), "{few}");
    }
}
