//! What a protocol makes of ratings: something to learn from, and users with films to find.

use std::borrow::Cow;

use rand_chacha::rand_core::Rng;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::StarTask;
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieId, MovieIdx, UserId, UserIdx};
use crate::sources::movielens::TagRow;

/// The half stars from which a film is liked: 4 stars.
pub const LIKED: u8 = 8;

/// What held-out users are for. Nothing of one part is in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// To choose hyperparameters by.
    Validation,
    /// To report.
    Test,
}

/// A user who is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// Who it is.
    pub user: UserIdx,
    /// What a model may know of them, by film.
    pub history: Vec<Rated>,
    /// What it must find, by film.
    pub relevant: Vec<Rated>,
}

/// Something to learn from, and users with films to find.
#[derive(Clone, Debug, PartialEq)]
pub struct Split<'a> {
    /// The ratings to learn from: those of the training users in here, and no others.
    pub interactions: Cow<'a, Interactions>,
    /// The training users, ascending.
    pub training: Vec<UserIdx>,
    /// Users who are asked for, ascending.
    pub held_out: Vec<HeldOut>,
    /// For every film whether lists may have it.
    pub is_candidate: Vec<bool>,
    /// Films whose ratings were all removed, ascending.
    pub cold: Vec<MovieIdx>,
    /// Stars to predict, by user.
    pub stars: Vec<StarTask>,
    /// Which tags belong to the training.
    pub tags: TagRule,
}

/// Which viewers' tags a model may learn from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRule {
    /// Not those of these viewers,
    pub without_users: FxHashSet<UserId>,
    /// nor of these films,
    pub without_movies: FxHashSet<MovieId>,
    /// nor from this time on; a tag without a time may be from any.
    pub before: Option<u32>,
}

/// Data that a protocol cannot divide.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Too few users.
    #[error(
        "{eligible} users liked {min_liked} films or more, {}",
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
        /// Users who could take part.
        eligible: usize,
        /// The fewest films they must have liked.
        min_liked: usize,
        /// Held-out users asked for.
        held_out: usize,
    },
    /// A share that leaves nothing on one side.
    #[error("{name} is {value}; expected a number above 0 and below {below}")]
    Share {
        /// Which.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it must stay below.
        below: f64,
    },
    /// Nobody is left to ask for.
    #[error("no user has both a history and films to find: {why}")]
    Nobody {
        /// What the protocol asks of them.
        why: &'static str,
    },
}

impl TagRule {
    /// Whether a model may learn from a tag.
    pub fn admits(&self, tag: &TagRow) -> bool {
        !self.without_users.contains(&tag.user_id)
            && !self.without_movies.contains(&tag.movie_id)
            && self.before.is_none_or(|cut| tag.timestamp.is_some_and(|time| time < cut))
    }
}

impl HeldOut {
    /// The films to find, ascending.
    pub fn relevant_movies(&self) -> Vec<MovieIdx> {
        self.relevant.iter().map(|rated| rated.movie).collect()
    }
}

impl Split<'_> {
    /// For every film how many training users rated it. O(ratings).
    pub fn n_ratings(&self) -> Vec<u32> {
        let mut n_ratings = vec![0; self.interactions.n_movies()];
        for user in &self.training {
            for rated in self.interactions.of_user(*user) {
                n_ratings[rated.movie.row()] += 1;
            }
        }
        n_ratings
    }
}

/// Whether a film was liked.
pub(super) fn is_liked(rated: &Rated) -> bool {
    rated.stars.halves() >= LIKED
}

/// Fisher and Yates' shuffle (Durstenfeld 1964).
pub(super) fn shuffle<T>(items: &mut [T], random: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // Multiplied, not divided: of so few numbers the bias is below 2⁻³².
        let below = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        items.swap(last, below as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_counts_unless_its_user_its_movie_or_its_time_is_to_be_unknown() {
        let tag = |user, movie, timestamp| TagRow {
            user_id: UserId(user),
            movie_id: MovieId(movie),
            tag: "dark".to_owned(),
            timestamp,
        };
        let rule = TagRule {
            without_users: FxHashSet::from_iter([UserId(1)]),
            without_movies: FxHashSet::from_iter([MovieId(5)]),
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
