//! Users who are excluded from training in every generation, so that generations can be compared without
//! bias. A refit adds models trained on all users, which are served but never compared.
//!
//! Membership depends only on a hash of the user ID. Every training run therefore excludes the same
//! users, no matter which ratings were added in the meantime, and a smaller share's users are a subset of
//! a larger share's. The users that neither of two generations has seen are those of the smaller share.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::split::is_liked;
use super::taste::{LikeCounts, TasteMetrics};
use super::{MovieAttributes, StrongGeneralization, hit_at, ndcg_at, recall_at};
use crate::catalog::{Interactions, Movie, Rated};
use crate::ids::{MovieId, MovieIdx, UserId, UserIdx};
use crate::ranking::{Query, Rating, Recommender};

/// Number of movies per page, and the cutoff for all metrics in this module.
pub(crate) const LIST_LENGTH: usize = 20;
/// Number of ratings in a cold-start user's history.
pub const COLD_START_RATINGS: usize = 3;
/// Target number of held-out users. 1,000 users are enough to detect a 2 % difference.
const DEFAULT_USERS: f64 = 1000.0;
/// Bounds on the default share: at most 20 % on small datasets, and at least 2 % on large ones.
const DEFAULT_SHARE_BOUNDS: Range<f64> = 0.02..0.2;
/// Maximum length of a history, which equals the limit for a request. Only the latest ratings of a longer
/// history are kept.
const MAX_HISTORY: usize = 10_000;

/// The users whose ratings and tags are excluded from training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holdout {
    /// Share of all users to hold out, in (0, 1).
    share: f64,
}

impl Holdout {
    /// Creates a holdout of `share` of all users. Returns `None` unless 0 < `share` < 1.
    pub fn from_share(share: f64) -> Option<Self> {
        (share > 0.0 && share < 1.0).then_some(Self { share })
    }

    /// Returns the default holdout for a dataset with `n_users` users: about 1,000 users, but at least 2
    /// % and at most 20 %.
    pub fn for_users(n_users: usize) -> Self {
        let share = DEFAULT_USERS / n_users.max(1) as f64;
        Self { share: share.clamp(DEFAULT_SHARE_BOUNDS.start, DEFAULT_SHARE_BOUNDS.end) }
    }

    /// Returns the share of users that are held out.
    pub fn share(self) -> f64 {
        self.share
    }

    /// Returns true if `user` is held out.
    pub fn contains(self, user: UserId) -> bool {
        // An f64 has 53 bits of precision.
        (hash(user) >> 11) as f64 / ((1_u64 << 53) as f64) < self.share
    }

    /// Returns a holdout of the users that both `self` and `other` hold out.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { share: self.share.min(other.share) }
    }

    /// Returns the users who are not held out, in ascending order.
    pub fn training_users(self, interactions: &Interactions) -> Vec<UserIdx> {
        interactions.users().filter(|user| !self.contains(interactions.user_id(*user))).collect()
    }
}

/// Hashes a user ID with the output function of `SplitMix64` (Steele, Lea and Flood 2014). Manifests
/// store only the share, so this function must never change.
fn hash(user: UserId) -> u64 {
    let mut z = (u64::from(user.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A test case: a user's history and the relevant movies that a recommender should rank high.
#[derive(Clone, Debug, PartialEq)]
struct TestCase {
    history: Vec<Rating>,
    /// Movies in the history that the user liked.
    liked: Vec<MovieIdx>,
    /// Relevant movies, in ascending order.
    relevant: Vec<MovieIdx>,
}

/// The users of a holdout in two roles: as users with most of their ratings as history, and as cold-start
/// users with only their first [`COLD_START_RATINGS`] ratings.
#[derive(Debug)]
pub struct HoldoutUsers<'a> {
    interactions: &'a Interactions,
    /// Likes of the users who are not held out.
    likes: LikeCounts,
    users: Vec<TestCase>,
    cold_start: Vec<TestCase>,
}

/// Metrics for a recommender's pages, with one value per user, in the order of the holdout's users.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HoldoutMetrics {
    /// NDCG at 20; see [`ndcg_at`]. A page that has only liked movies scores 1.
    pub ndcg: Vec<f64>,
    /// Recall at 20; see [`recall_at`].
    pub recall: Vec<f64>,
    /// Hit rate at 20; see [`hit_at`].
    pub hit: Vec<f64>,
    /// Taste metrics and taste group of each user.
    pub taste: Vec<(TasteMetrics, Option<usize>)>,
    /// Number of ratings in each user's history.
    pub history_lengths: Vec<usize>,
    /// Number of users who get an empty page.
    pub n_empty: usize,
    /// Number of distinct movies across all pages.
    pub n_shown: usize,
}

impl<'a> HoldoutUsers<'a> {
    /// Selects the test cases from the users in `holdout` who liked enough movies. Relevant movies are the
    /// liked ones for which `is_known` returns true. `is_known` should return false for movies that none of
    /// the compared generations contain. O(ratings of the users).
    pub fn new(
        interactions: &'a Interactions,
        holdout: Holdout,
        is_known: impl Fn(MovieId) -> bool,
    ) -> Self {
        let id = |movie: MovieIdx| interactions.movies().id_of(movie);
        let is_known: Vec<bool> =
            interactions.movies().ids().iter().map(|movie| is_known(*movie)).collect();
        let test_case = |history: Vec<Rated>, relevant: Vec<Rated>| -> Option<TestCase> {
            let relevant = relevant.iter().map(|rated| rated.movie);
            let mut relevant: Vec<MovieIdx> =
                relevant.filter(|movie| is_known[movie.row()]).collect();
            relevant.sort_unstable();
            let rating =
                |rated: &Rated| Rating { movie_id: id(rated.movie), rating: rated.stars.value() };
            let liked = history.iter().filter(|rated| is_liked(rated));
            let liked = liked.map(|rated| rated.movie).collect();
            let history = history.iter().map(rating).collect();
            (!relevant.is_empty()).then_some(TestCase { history, liked, relevant })
        };
        let protocol = StrongGeneralization::default();
        let (mut users, mut cold_start) = (Vec::new(), Vec::new());
        for user in interactions.users() {
            let user_id = interactions.user_id(user);
            let ratings = interactions.user_ratings(user);
            if !holdout.contains(user_id)
                || ratings.clone().filter(is_liked).count() < protocol.min_liked
            {
                continue;
            }
            let liked = ratings.clone().filter(is_liked);
            let Some((mut history, hidden)) = protocol.split_ratings(user_id, STREAM, liked) else {
                continue;
            };
            history.extend(ratings.clone().filter(|rated| !is_liked(rated)));
            sort_by_time(&mut history);
            history.drain(..history.len().saturating_sub(MAX_HISTORY));

            let mut all: Vec<Rated> = ratings.collect();
            sort_by_time(&mut all);
            let rest = all.split_off(COLD_START_RATINGS.min(all.len()));
            let liked_rest = rest.into_iter().filter(is_liked).collect();
            users.extend(test_case(history, hidden));
            cold_start.extend(test_case(all, liked_rest));
        }
        let likes = LikeCounts::new(interactions, &holdout.training_users(interactions), &is_known);
        Self { interactions, likes, users, cold_start }
    }

    /// Returns the number of users with a full history.
    pub(crate) fn n_users(&self) -> usize {
        self.users.len()
    }

    /// Returns the number of cold-start users.
    pub(crate) fn n_cold_start(&self) -> usize {
        self.cold_start.len()
    }

    /// Returns the attributes of the movies in the ratings, taken from the movies of `recommender`.
    pub(crate) fn attributes(&self, recommender: &Recommender) -> MovieAttributes {
        let row = |id: &MovieId| recommender.vocabulary().index_of(*id);
        let ids = self.interactions.movies().ids().iter();
        let movies: Vec<Option<&Movie>> =
            ids.map(|id| row(id).map(|movie| &recommender.movies()[movie.row()])).collect();
        MovieAttributes::with_unknown(&movies)
    }

    /// Evaluates the recommender on users with a full history.
    pub(crate) fn evaluate_users(
        &self,
        recommender: &Recommender,
        attributes: &MovieAttributes,
    ) -> HoldoutMetrics {
        self.evaluate(&self.users, recommender, attributes)
    }

    /// Evaluates the recommender on cold-start users.
    pub(crate) fn evaluate_cold_start(
        &self,
        recommender: &Recommender,
        attributes: &MovieAttributes,
    ) -> HoldoutMetrics {
        self.evaluate(&self.cold_start, recommender, attributes)
    }

    /// Evaluates the pages that the server would return today: as in requests, the histories have no times, so the
    /// blend's trend does not fade. O(users · movies).
    fn evaluate(
        &self,
        cases: &[TestCase],
        recommender: &Recommender,
        attributes: &MovieAttributes,
    ) -> HoldoutMetrics {
        let vocabulary = self.interactions.movies();
        let recommend = |case: &TestCase| -> Vec<MovieIdx> {
            let ratings = case.history.clone();
            let query = Query { ratings, limit: LIST_LENGTH, ..Query::default() };
            // The query has no invalid names or values, and unknown movies are ignored, so an error would
            // be a bug. Treat it as an empty page.
            let Ok((request, _)) = recommender.resolve(&query) else { return Vec::new() };
            let items = recommender.recommend(&request).items;
            let shown = items.iter().map(|item| recommender.vocabulary().id_of(item.movie));
            shown.map(|id| vocabulary.index_of(id).unwrap_or(MovieIdx(u32::MAX))).collect()
        };
        let lists: Vec<Vec<MovieIdx>> = cases.par_iter().map(recommend).collect();
        let mut metrics = HoldoutMetrics::default();
        let groups = self.likes.groups(cases.iter().map(|case| case.liked.as_slice()));
        for ((case, list), group) in cases.iter().zip(&lists).zip(groups) {
            let is_rated = |movie: &&MovieIdx| movie.row() < vocabulary.len();
            let known: Vec<MovieIdx> = list.iter().filter(is_rated).copied().collect();
            let taste = self.likes.metrics((&case.liked, &case.relevant), &known, attributes);
            metrics.taste.push((taste, group));
            metrics.ndcg.push(ndcg_at(LIST_LENGTH, list, &case.relevant));
            metrics.recall.push(recall_at(LIST_LENGTH, list, &case.relevant));
            metrics.hit.push(hit_at(LIST_LENGTH, list, &case.relevant));
            metrics.history_lengths.push(case.history.len());
            metrics.n_empty += usize::from(list.is_empty());
        }
        let mut shown: Vec<MovieIdx> = lists.concat();
        shown.sort_unstable();
        shown.dedup();
        metrics.n_shown = shown.len();
        metrics
    }
}

/// RNG stream for the holdout histories, distinct from the streams that [`StrongGeneralization`] uses for
/// splits.
const STREAM: u64 = 2;

fn sort_by_time(history: &mut [Rated]) {
    history.sort_unstable_by_key(|rated| (rated.time, rated.movie));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::ratings;
    use super::*;

    fn of(share: f64) -> Holdout {
        Holdout::from_share(share).unwrap()
    }

    #[test]
    fn a_smaller_holdout_is_a_subset_of_a_larger_one_and_sizes_match_the_shares() {
        let held = |share: f64| -> BTreeSet<u32> {
            (1..=100_000).filter(|user| of(share).contains(UserId(*user))).collect()
        };
        let (small, large) = (held(0.02), held(0.2));
        assert!(small.is_subset(&large));
        assert!(small.len().abs_diff(2_000) < 150 && large.len().abs_diff(20_000) < 450);
        assert_eq!(of(0.02).intersection(of(0.2)), of(0.02));
        // Golden values: the hash is part of the manifest format.
        assert_eq!(small.into_iter().take(5).collect::<Vec<_>>(), [53, 203, 254, 319, 366]);
    }

    #[test]
    fn default_share_holds_out_about_1000_users_within_its_bounds() {
        for (n_users, share) in
            [(0, 0.2), (610, 0.2), (10_000, 0.1), (50_000, 0.02), (200_948, 0.02)]
        {
            assert!((Holdout::for_users(n_users).share() - share).abs() < 1e-12, "{n_users}");
        }
        assert!(
            [0.0, 1.0, -1.0, f64::NAN].iter().all(|share| Holdout::from_share(*share).is_none())
        );
    }

    #[test]
    fn holdout_excludes_training_users_and_relevant_movies_are_known_and_not_in_the_history() {
        let interactions = ratings();
        let half = of(0.5);
        let holdout = HoldoutUsers::new(&interactions, half, |movie| movie != MovieId(1));
        let learned = half.training_users(&interactions).len();
        assert!(holdout.n_users() > 20 && holdout.n_users() <= interactions.n_users() - learned);
        assert!(holdout.n_cold_start() >= holdout.n_users() - 1);
        for user in holdout.users.iter().chain(&holdout.cold_start) {
            assert!(user.relevant.is_sorted());
            for movie in &user.relevant {
                let id = interactions.movies().id_of(*movie);
                assert!(user.history.iter().all(|rating| rating.movie_id != id));
                assert_ne!(id, MovieId(1));
            }
        }
        assert!(holdout.cold_start.iter().all(|user| user.history.len() == COLD_START_RATINGS));
        assert!(holdout.users.iter().any(|user| user.history.iter().any(|it| it.rating < 4.0)));
        let more = HoldoutUsers::new(&interactions, of(0.9), |movie| movie != MovieId(1));
        assert!(holdout.users.iter().all(|user| more.users.contains(user)));
    }
}
