//! The result of a protocol: training data, and held-out users with their relevant movies.

use std::borrow::Cow;

use rand_chacha::rand_core::Rng;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieId, MovieIdx, UserId, UserIdx};
use crate::sources::movielens::TagRow;

/// A part of the held-out users, by purpose. The two parts don't overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Used to select hyperparameters.
    Validation,
    /// Used to measure the reported results.
    Test,
}

/// A held-out user, with their history and the relevant movies that a model should rank high.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Index of the user.
    pub user: UserIdx,
    /// Ratings that the model may use, sorted by movie.
    pub history: Vec<Rated>,
    /// Ratings of the relevant movies, sorted by movie.
    pub relevant: Vec<Rated>,
}

/// A task to predict ratings for one user.
#[derive(Clone, Debug, PartialEq)]
pub struct StarTask {
    /// Index of the user.
    pub user: UserIdx,
    /// Ratings that the model may use, liked or not, sorted by movie.
    pub history: Vec<Rated>,
    /// Ratings to predict, sorted by movie.
    pub hidden: Vec<Rated>,
}

/// The result of a protocol: training data, and held-out users with their relevant movies.
#[derive(Clone, Debug, PartialEq)]
pub struct Split<'a> {
    /// Ratings to train on. Models may use only the ratings of users in `training`.
    pub interactions: Cow<'a, Interactions>,
    /// Training users, in ascending order.
    pub training: Vec<UserIdx>,
    /// Held-out users, in ascending order.
    pub held_out: Vec<HeldOut>,
    /// For each movie, true if lists may contain it.
    pub is_candidate: Vec<bool>,
    /// Movies whose ratings were all removed, in ascending order.
    pub cold: Vec<MovieIdx>,
    /// Rating prediction tasks, sorted by user.
    pub stars: Vec<StarTask>,
    /// Rule that selects the tags in the training data.
    pub tags: TagRule,
}

/// Selects the tags that a model may train on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRule {
    /// Users whose tags are excluded.
    pub excluded_users: FxHashSet<UserId>,
    /// Movies whose tags are excluded.
    pub excluded_movies: FxHashSet<MovieId>,
    /// Excludes tags added at or after this time, and tags with no timestamp.
    pub before: Option<u32>,
}

/// Error returned when a protocol cannot split the data with the given parameters.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Too few users liked enough movies.
    #[error(
        "{eligible} users liked {min_liked} movies or more, {}",
        if *eligible < 3 {
            "and at least 3 are needed: one to learn from, one for validation, one for the test. \
             Evaluate on more ratings".to_owned()
        } else {
            format!(
                "of whom 1 to {} can be held out for validation and as many for the test, not \
                 {held_out}: set --held-out", eligible / 3
            )
        }
    )]
    TooFewUsers {
        /// Number of users who liked enough movies.
        eligible: usize,
        /// Minimum number of movies that a user must have liked.
        min_liked: usize,
        /// Requested number of held-out users.
        held_out: usize,
    },
    /// A share is out of range and would leave one side of the split empty.
    #[error("{name} is {value}; expected a number above 0 and below {below}")]
    Share {
        /// Name of the parameter.
        name: &'static str,
        /// Value that was given.
        value: f64,
        /// Exclusive upper bound.
        below: f64,
    },
    /// No held-out user has both a history and relevant movies.
    #[error("no user has both a history and relevant movies: {reason}")]
    NoHeldOutUsers {
        /// Explanation of why no user qualifies.
        reason: &'static str,
    },
    /// The protocol has no validation part.
    #[error(
        "rolling cuts have no validation part, because the windows before them are test windows; use \
         --protocol time-cut"
    )]
    NoValidation,
}

impl TagRule {
    /// Returns true if a model may train on `tag`.
    pub fn admits(&self, tag: &TagRow) -> bool {
        !self.excluded_users.contains(&tag.user_id)
            && !self.excluded_movies.contains(&tag.movie_id)
            && self.before.is_none_or(|cutoff| tag.timestamp.is_some_and(|time| time < cutoff))
    }
}

impl HeldOut {
    /// Returns the movies in the history that the user liked, in ascending order.
    pub(super) fn liked_movies(&self) -> Vec<MovieIdx> {
        self.history.iter().filter(|rated| is_liked(rated)).map(|rated| rated.movie).collect()
    }

    /// Returns the relevant movies, in ascending order.
    pub fn relevant_movies(&self) -> Vec<MovieIdx> {
        self.relevant.iter().map(|rated| rated.movie).collect()
    }
}

impl Split<'_> {
    /// Returns the number of training ratings of each movie. O(ratings).
    pub fn n_ratings(&self) -> Vec<u32> {
        let mut n_ratings = vec![0; self.interactions.n_movies()];
        for user in &self.training {
            for rated in self.interactions.user_ratings(*user) {
                n_ratings[rated.movie.row()] += 1;
            }
        }
        n_ratings
    }
}

/// Returns true if the rating is at least 4 stars.
pub(super) fn is_liked(rated: &Rated) -> bool {
    rated.stars.is_like()
}

/// Shuffles `items` with the Fisher–Yates algorithm (Durstenfeld 1964).
pub(super) fn shuffle<T>(items: &mut [T], random: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // Uses multiply-shift instead of modulo. The bias is below 2⁻³² for these lengths.
        let other = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        items.swap(last, other as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_rule_excludes_tags_by_user_movie_and_time() {
        let tag = |user, movie, timestamp| TagRow {
            user_id: UserId(user),
            movie_id: MovieId(movie),
            tag: "dark".to_owned(),
            timestamp,
        };
        let rule = TagRule {
            excluded_users: FxHashSet::from_iter([UserId(1)]),
            excluded_movies: FxHashSet::from_iter([MovieId(5)]),
            before: Some(100),
        };
        assert!(rule.admits(&tag(2, 4, Some(99))));
        for hidden in
            [tag(1, 4, Some(99)), tag(2, 5, Some(99)), tag(2, 4, Some(100)), tag(2, 4, None)]
        {
            assert!(!rule.admits(&hidden), "{hidden:?}");
            assert!(TagRule::default().admits(&hidden));
        }
    }
}
