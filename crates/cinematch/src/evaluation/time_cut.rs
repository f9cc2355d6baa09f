//! Temporal split at a global cutoff: models train on ratings before the cutoff and are tested on later
//! ones.
//!
//! Ji, Sun, Zhang and Li, "A Critical Study on Data Leakage in Recommender System Offline Evaluation",
//! 2023. A separate cutoff for each user would leak other users' future ratings into training.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::StarTask;
use super::split::{HeldOut, Part, Split, SplitError, TagRule, is_liked};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

/// Positions of the cutoffs, as shares of all ratings in chronological order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeCut {
    /// Share of ratings in the test window, which is the latest.
    pub test_share: f64,
    /// Share of ratings in the validation window, which comes just before the test window.
    pub validation_share: f64,
}

impl Default for TimeCut {
    fn default() -> Self {
        Self { test_share: 0.1, validation_share: 0.1 }
    }
}

impl TimeCut {
    /// Splits at the start of the window for `part`; see [`window_split`]. O(ratings).
    pub(crate) fn split<'a>(
        &self,
        interactions: &'a Interactions,
        part: Part,
    ) -> Result<Split<'a>, SplitError> {
        let Self { test_share, validation_share } = *self;
        for (name, value) in
            [("the test's share", test_share), ("the validation's share", validation_share)]
        {
            if !(value > 0.0 && value < 0.5) {
                return Err(SplitError::Share { name, value, below: 0.5 });
            }
        }
        let mut times = times(interactions);
        let last = quantile(&mut times, 1.0 - test_share);
        let window = match part {
            Part::Test => last..=u32::MAX,
            Part::Validation => {
                let first = quantile(&mut times, 1.0 - test_share - validation_share);
                // An empty window has no users, so the end cannot lie before the start.
                first..=last.saturating_sub(1)
            }
        };
        window_split(interactions, window)
    }
}

/// Splits at the start of `window`, which is a range of timestamps. All earlier ratings are training data, and
/// a user's earlier ratings are their history. A user's relevant movies are those they liked within the
/// window, provided that at least one user rated the movie before it. Users with no history are excluded,
/// because the protocols measure personalization rather than cold start. O(ratings).
pub(super) fn window_split(
    interactions: &Interactions,
    window: RangeInclusive<u32>,
) -> Result<Split<'static>, SplitError> {
    let cutoff = *window.start();
    let earlier = interactions.before(cutoff);
    let is_candidate = rated_movies(&earlier);
    let in_window = |rated: &Rated| window.contains(&rated.time);
    let held_out_user = |user: UserIdx| {
        let history: Vec<Rated> = earlier.user_ratings(user).collect();
        let liked = interactions.user_ratings(user).filter(in_window).filter(is_liked);
        let relevant: Vec<Rated> = liked.filter(|rated| is_candidate[rated.movie.row()]).collect();
        let usable = !history.is_empty() && !relevant.is_empty();
        usable.then_some(HeldOut { user, history, relevant })
    };
    let held_out: Vec<HeldOut> = interactions.users().filter_map(held_out_user).collect();
    if held_out.is_empty() {
        let reason = "no user who rated movies before the cutoff liked a known movie after it; \
                       increase the share of ratings to move the cutoff earlier";
        return Err(SplitError::NoHeldOutUsers { reason });
    }
    let star_task = |user: UserIdx| {
        let history: Vec<Rated> = earlier.user_ratings(user).collect();
        let hidden: Vec<Rated> = interactions.user_ratings(user).filter(in_window).collect();
        let usable = !history.is_empty() && !hidden.is_empty();
        usable.then_some(StarTask { user, history, hidden })
    };
    let stars = interactions.users().filter_map(star_task).collect();
    Ok(Split { held_out, stars, ..training_before(earlier, is_candidate, cutoff) })
}

/// Returns a split with all of `earlier`, the ratings before `cutoff`, as training data, and no held-out users.
pub(super) fn training_before(
    earlier: Interactions,
    is_candidate: Vec<bool>,
    cutoff: u32,
) -> Split<'static> {
    Split {
        training: earlier.users().filter(|user| earlier.user_ratings(*user).len() > 0).collect(),
        held_out: Vec::new(),
        is_candidate,
        cold: Vec::new(),
        stars: Vec::new(),
        tags: TagRule { before: Some(cutoff), ..TagRule::default() },
        interactions: Cow::Owned(earlier),
    }
}

/// For each movie, returns true if it has a rating.
pub(super) fn rated_movies(interactions: &Interactions) -> Vec<bool> {
    let movies = (0..interactions.n_movies() as u32).map(MovieIdx);
    movies.map(|movie| interactions.movie_ratings(movie).len() > 0).collect()
}

/// Returns the timestamps of all ratings.
pub(super) fn times(interactions: &Interactions) -> Vec<u32> {
    let users = interactions.users();
    users.flat_map(|user| interactions.user_ratings(user).map(|rated| rated.time)).collect()
}

/// Returns the time before which `share` of the ratings were given.
pub(super) fn quantile(times: &mut [u32], share: f64) -> u32 {
    let index = (times.len() as f64 * share).round() as usize;
    match times.len() {
        0 => 0,
        n => *times.select_nth_unstable(index.min(n - 1)).1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{movie_set, ratings};
    use super::*;

    #[test]
    fn split_trains_only_on_ratings_before_the_window_and_relevant_movies_are_known() {
        let interactions = ratings();
        let cut = TimeCut::default();
        let of = |part| cut.split(&interactions, part).unwrap();
        let (validation, test) = (of(Part::Validation), of(Part::Test));
        let last = |split: &Split<'_>| {
            let ratings = split.interactions.users().flat_map(|user| {
                split.interactions.user_ratings(user).map(|rated| rated.time).collect::<Vec<u32>>()
            });
            ratings.max().unwrap()
        };
        let n = interactions.n_ratings() as f64;
        for (split, share) in [(&validation, 0.8), (&test, 0.9)] {
            let from = split.tags.before.unwrap();
            assert!(last(split) < from);
            let got = split.interactions.n_ratings() as f64 / n;
            assert!((got - share).abs() < 0.02, "{got}");
            for held in &split.held_out {
                assert!(movie_set(&held.history).is_disjoint(&movie_set(&held.relevant)));
                assert!(held.history.iter().all(|rated| rated.time < from));
                for rated in &held.relevant {
                    assert!(rated.time >= from && is_liked(rated));
                    assert!(split.interactions.movie_ratings(rated.movie).len() > 0);
                }
            }
        }
        // The windows are adjacent and don't overlap.
        let from = test.tags.before.unwrap();
        let mut relevant = validation.held_out.iter().flat_map(|held| &held.relevant);
        assert!(relevant.all(|rated| rated.time < from));
        let known = |movie| test.interactions.movie_ratings(MovieIdx(movie)).len() > 0;
        let known: Vec<bool> = (0..interactions.n_movies() as u32).map(known).collect();
        assert_eq!(test.is_candidate, known);
    }

    #[test]
    fn split_rejects_shares_that_leave_a_side_empty() {
        let interactions = ratings();
        let refused = |cut: TimeCut| cut.split(&interactions, Part::Test).unwrap_err().to_string();
        let none = refused(TimeCut { test_share: 0.0, ..TimeCut::default() });
        assert!(none.contains("the test's share is 0; expected a number above 0"), "{none}");
        let all = refused(TimeCut { validation_share: 0.5, ..TimeCut::default() });
        assert!(all.contains("the validation's share is 0.5"), "{all}");
        let nobody = TimeCut::default().split(&interactions.before(0), Part::Test).unwrap_err();
        assert!(matches!(nobody, SplitError::NoHeldOutUsers { .. }), "{nobody}");
    }
}
