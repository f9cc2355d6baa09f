//! Users whom no generation learns from, so that any two can be compared on them.
//!
//! Who is left out is decided by a hash of the id alone: the same users are left out of every training,
//! whatever was added to the ratings in between, and a smaller share is part of a larger one. What two
//! generations have both not seen is then the smaller of the two.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::split::{LIKED, is_liked};
use super::{StrongGeneralization, hit_at, ndcg_at, recall_at};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieId, MovieIdx, UserId, UserIdx};
use crate::ranking::{Query, Rating, Recommender};

/// The films of a page, which is what people look at.
pub const PAGE: usize = 20;
/// The films known of somebody who has just come.
pub const FEW: usize = 3;
/// As many users tell a difference of two per cent; more would be lost to learning for little.
const USUAL_USERS: f64 = 1000.0;
/// Of few users more are needed, of many fewer; never more than a fifth nor less than a fiftieth.
const USUAL_SHARES: Range<f64> = 0.02..0.2;
/// Of a longer history the films rated last: a request names no more.
const LONGEST_HISTORY: usize = 10_000;

/// The users left out of a training: their ratings and their tags.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldOut {
    /// The share of all users.
    share: f64,
}

impl HoldOut {
    /// A share of users; `None` unless it is above 0 and below 1.
    pub fn of(share: f64) -> Option<Self> {
        (share > 0.0 && share < 1.0).then_some(Self { share })
    }

    /// As many users as a comparison needs.
    pub fn usual(n_users: usize) -> Self {
        let share = USUAL_USERS / n_users.max(1) as f64;
        Self { share: share.clamp(USUAL_SHARES.start, USUAL_SHARES.end) }
    }

    /// The share of users.
    pub fn share(self) -> f64 {
        self.share
    }

    /// Whether a user is left out.
    pub fn contains(self, user: UserId) -> bool {
        // 53 bits are as many as a share has.
        (mixed(user) >> 11) as f64 / ((1_u64 << 53) as f64) < self.share
    }

    /// The users whom neither training saw.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { share: self.share.min(other.share) }
    }

    /// The users to learn from, ascending.
    pub fn learned(self, interactions: &Interactions) -> Vec<UserIdx> {
        interactions.users().filter(|user| !self.contains(interactions.user(*user))).collect()
    }
}

/// A number of a user that looks drawn at random: `SplitMix64`'s output (Steele, Lea and Flood 2014).
/// What it gives is part of every manifest's meaning and never changes.
fn mixed(user: UserId) -> u64 {
    let mut z = (u64::from(user.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Somebody with a history who is asked for what else they like.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    history: Vec<Rating>,
    /// Ascending.
    relevant: Vec<MovieIdx>,
}

/// The users of a hold-out, asked twice: with most of what they rated, and with the first few films
/// only, as somebody who has just come.
#[derive(Debug)]
pub struct Panel<'a> {
    interactions: &'a Interactions,
    users: Vec<Asked>,
    newcomers: Vec<Asked>,
}

/// What a recommender is worth to the users of a panel, one value a user, in the panel's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worth {
    /// [`ndcg_at`] 20, where 1 is a page of films that are all liked.
    pub ndcg: Vec<f64>,
    /// [`recall_at`] 20.
    pub recall: Vec<f64>,
    /// [`hit_at`] 20.
    pub hit: Vec<f64>,
    /// The films known of each user.
    pub n_history: Vec<usize>,
    /// Users whose page is empty.
    pub unanswered: usize,
    /// Different films on all pages.
    pub n_shown: usize,
}

impl<'a> Panel<'a> {
    /// The users of `hold_out` who liked enough to be asked, and of what they liked the films that
    /// `is_known`: a film that no contender has cannot be found by any. O(ratings of the users).
    pub fn new(
        interactions: &'a Interactions,
        hold_out: HoldOut,
        is_known: impl Fn(MovieId) -> bool,
    ) -> Self {
        let id = |movie: MovieIdx| interactions.movies().id_of(movie);
        let is_known: Vec<bool> =
            interactions.movies().ids().iter().map(|movie| is_known(*movie)).collect();
        let asked = |history: Vec<Rated>, relevant: Vec<Rated>| -> Option<Asked> {
            let relevant = relevant.iter().map(|rated| rated.movie);
            let mut relevant: Vec<MovieIdx> =
                relevant.filter(|movie| is_known[movie.row()]).collect();
            relevant.sort_unstable();
            let rating =
                |rated: &Rated| Rating { movie_id: id(rated.movie), rating: rated.stars.value() };
            let history = history.iter().map(rating).collect();
            (!relevant.is_empty()).then_some(Asked { history, relevant })
        };
        let protocol = StrongGeneralization::default();
        let (mut users, mut newcomers) = (Vec::new(), Vec::new());
        for user in interactions.users() {
            let user_id = interactions.user(user);
            let of_user = interactions.of_user(user);
            if !hold_out.contains(user_id)
                || of_user.clone().filter(is_liked).count() < protocol.min_liked
            {
                continue;
            }
            let liked = of_user.clone().filter(is_liked);
            let Some((mut history, hidden)) = protocol.part_in_two(user_id, PURPOSE, liked) else {
                continue;
            };
            history.extend(of_user.clone().filter(|rated| rated.stars.halves() < LIKED));
            in_order_of_time(&mut history);
            history.drain(..history.len().saturating_sub(LONGEST_HISTORY));

            let mut all: Vec<Rated> = of_user.collect();
            in_order_of_time(&mut all);
            let later = all.split_off(FEW.min(all.len()));
            let liked_later = later.into_iter().filter(is_liked).collect();
            users.extend(asked(history, hidden));
            newcomers.extend(asked(all, liked_later));
        }
        Self { interactions, users, newcomers }
    }

    /// Users with a history.
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// Users as if they had just come.
    pub fn n_newcomers(&self) -> usize {
        self.newcomers.len()
    }

    /// What pages are worth to users with a history.
    pub fn users(&self, recommender: &Recommender) -> Worth {
        self.worth(&self.users, recommender)
    }

    /// What pages are worth to users who have just come.
    pub fn newcomers(&self, recommender: &Recommender) -> Worth {
        self.worth(&self.newcomers, recommender)
    }

    /// The pages are those that the server would show. O(users · films).
    fn worth(&self, asked: &[Asked], recommender: &Recommender) -> Worth {
        let columns = self.interactions.movies();
        let page = |asked: &Asked| -> Vec<MovieIdx> {
            let ratings = asked.history.clone();
            let query = Query { ratings, limit: PAGE, ..Query::default() };
            // Names and numbers are right, and films that it does not know are no error.
            let Ok((request, _)) = recommender.resolve(&query) else { return Vec::new() };
            let items = recommender.recommend(&request).items;
            let shown = items.iter().map(|item| recommender.vocabulary().id_of(item.movie));
            shown.map(|id| columns.index_of(id).unwrap_or(MovieIdx(u32::MAX))).collect()
        };
        let pages: Vec<Vec<MovieIdx>> = asked.par_iter().map(page).collect();
        let mut worth = Worth::default();
        for (asked, page) in asked.iter().zip(&pages) {
            worth.ndcg.push(ndcg_at(PAGE, page, &asked.relevant));
            worth.recall.push(recall_at(PAGE, page, &asked.relevant));
            worth.hit.push(hit_at(PAGE, page, &asked.relevant));
            worth.n_history.push(asked.history.len());
            worth.unanswered += usize::from(page.is_empty());
        }
        let mut shown: Vec<MovieIdx> = pages.concat();
        shown.sort_unstable();
        shown.dedup();
        worth.n_shown = shown.len();
        worth
    }
}

/// What the panel's histories are drawn for: a stream of their own beside evaluation's.
const PURPOSE: u64 = 2;

fn in_order_of_time(history: &mut [Rated]) {
    history.sort_unstable_by_key(|rated| (rated.time, rated.movie));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::ratings;
    use super::*;

    fn of(share: f64) -> HoldOut {
        HoldOut::of(share).unwrap()
    }

    #[test]
    fn a_smaller_share_is_part_of_a_larger_one_and_both_are_as_large_as_they_say() {
        let held = |share: f64| -> BTreeSet<u32> {
            (1..=100_000).filter(|user| of(share).contains(UserId(*user))).collect()
        };
        let (small, large) = (held(0.02), held(0.2));
        assert!(small.is_subset(&large));
        assert!(small.len().abs_diff(2_000) < 150 && large.len().abs_diff(20_000) < 450);
        assert_eq!(of(0.02).and(of(0.2)), of(0.02));
        // Part of every manifest's meaning.
        assert_eq!(small.into_iter().take(5).collect::<Vec<_>>(), [53, 203, 254, 319, 366]);
    }

    #[test]
    fn about_a_thousand_users_are_held_out() {
        for (n_users, share) in
            [(0, 0.2), (610, 0.2), (10_000, 0.1), (50_000, 0.02), (200_948, 0.02)]
        {
            assert!((HoldOut::usual(n_users).share() - share).abs() < 1e-12, "{n_users}");
        }
        assert!([0.0, 1.0, -1.0, f64::NAN].iter().all(|share| HoldOut::of(*share).is_none()));
    }

    #[test]
    fn nobody_is_learned_from_and_asked_and_nothing_is_known_and_asked_for() {
        let interactions = ratings();
        let hold_out = of(0.5);
        let panel = Panel::new(&interactions, hold_out, |movie| movie != MovieId(1));
        let learned = hold_out.learned(&interactions).len();
        assert!(panel.n_users() > 20 && panel.n_users() <= interactions.n_users() - learned);
        assert!(panel.n_newcomers() >= panel.n_users() - 1);
        for asked in panel.users.iter().chain(&panel.newcomers) {
            assert!(asked.relevant.is_sorted());
            for movie in &asked.relevant {
                let id = interactions.movies().id_of(*movie);
                assert!(asked.history.iter().all(|rating| rating.movie_id != id));
                assert_ne!(id, MovieId(1));
            }
        }
        assert!(panel.newcomers.iter().all(|asked| asked.history.len() == FEW));
        assert!(panel.users.iter().any(|asked| asked.history.iter().any(|it| it.rating < 4.0)));
        let more = Panel::new(&interactions, of(0.9), |movie| movie != MovieId(1));
        assert!(panel.users.iter().all(|asked| more.users.contains(asked)));
    }
}
