//! The result of a protocol: training data, and held-out users with movies to find.

use std::borrow::Cow;

use rand_chacha::rand_core::Rng;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieId, MovieIdx, UserId, UserIdx};
use crate::sources::movielens::TagRow;

/// Minimum rating of a liked movie, in half stars: 8, which is 4 stars.
pub const LIKE_THRESHOLD: u8 = 8;

/// A part of the held-out users, by purpose. The two parts are disjoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Used to select hyperparameters.
    Validation,
    /// Used to measure the reported results.
    Test,
}

/// A held-out user with the history and the movies to find.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Row of the user.
    pub user: UserIdx,
    /// Ratings visible to the model, sorted by movie.
    pub history: Vec<Rated>,
    /// Ratings of the movies to find, sorted by movie.
    pub relevant: Vec<Rated>,
}

/// A rating prediction task for one user.
#[derive(Clone, Debug, PartialEq)]
pub struct StarTask {
    /// Row of the user.
    pub user: UserIdx,
    /// Ratings visible to the model, liked or not, sorted by movie.
    pub history: Vec<Rated>,
    /// Ratings to predict, sorted by movie.
    pub hidden: Vec<Rated>,
}

/// The result of a protocol: training data, and held-out users with movies to find.
#[derive(Clone, Debug, PartialEq)]
pub struct Split<'a> {
    /// Ratings to train on. Only those of the users in `training` may be used.
    pub interactions: Cow<'a, Interactions>,
    /// Training users, ascending.
    pub training: Vec<UserIdx>,
    /// Held-out users, ascending.
    pub held_out: Vec<HeldOut>,
    /// True for each movie that lists may contain, by row.
    pub is_candidate: Vec<bool>,
    /// Movies whose ratings were all removed, ascending.
    pub cold: Vec<MovieIdx>,
    /// Rating prediction tasks, by user.
    pub stars: Vec<StarTask>,
    /// Selects the tags that belong to the training data.
    pub tags: TagRule,
}

/// Selects the tags a model may train on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRule {
    /// Excludes tags of these users.
    pub excluded_users: FxHashSet<UserId>,
    /// Excludes tags of these movies.
    pub excluded_movies: FxHashSet<MovieId>,
    /// Excludes tags from this time on, and tags without a timestamp.
    pub before: Option<u32>,
}

/// Error returned when a protocol cannot split the data with its parameters.
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
        /// Number of users with enough liked movies.
        eligible: usize,
        /// Minimum number of liked movies of an eligible user.
        min_liked: usize,
        /// Number of held-out users requested.
        held_out: usize,
    },
    /// A share is out of range and would leave one side of the split empty.
    #[error("{name} is {value}; expected a number above 0 and below {below}")]
    Share {
        /// Name of the parameter.
        name: &'static str,
        /// Value of the parameter.
        value: f64,
        /// Exclusive upper bound of the parameter.
        below: f64,
    },
    /// No held-out user has both a history and movies to find.
    #[error("no user has both a history and movies to find: {reason}")]
    NoHeldOutUsers {
        /// The condition that no user meets.
        reason: &'static str,
    },
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
    /// Returns the movies to find, ascending.
    pub fn relevant_movies(&self) -> Vec<MovieIdx> {
        self.relevant.iter().map(|rated| rated.movie).collect()
    }
}

impl Split<'_> {
    /// Returns the number of training ratings of each movie, by row. O(ratings).
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
    rated.stars.halves() >= LIKE_THRESHOLD
}

/// Shuffles `items` with the Fisher–Yates algorithm (Durstenfeld 1964).
pub(super) fn shuffle<T>(items: &mut [T], random: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // Multiply-shift instead of modulo. The bias is below 2⁻³² for these lengths.
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
