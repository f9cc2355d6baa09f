//! Movie cold-start split: removes all ratings of some movies, so models must rank them by content.

use std::borrow::Cow;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::ratio;
use super::split::{HeldOut, Part, Split, SplitError, TagRule, is_liked, shuffle};
use super::{StarTask, StrongGeneralization, ndcg_at};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};
use crate::models::Model;

/// Parameters for the cold-movies split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ColdMovies {
    /// How to divide the users. Ignores its `history_share`.
    pub users: StrongGeneralization,
    /// Share of eligible movies that become cold for validation. An equal share becomes cold for the
    /// test.
    pub share: f64,
    /// Minimum number of likes that make a movie eligible, so that some held-out users are likely to have
    /// liked it.
    pub min_likes: usize,
}

impl Default for ColdMovies {
    fn default() -> Self {
        Self { users: StrongGeneralization::default(), share: 0.05, min_likes: 10 }
    }
}

impl ColdMovies {
    /// Splits the interactions. The seed in `users` determines the cold movies for both parts, and all
    /// their ratings and tags are removed. A held-out user's relevant movies are the part's cold movies
    /// that they liked, and their history is the other movies they liked. Candidates are the part's cold
    /// movies and all movies that training users liked. O(ratings).
    pub fn split<'a>(
        &self,
        interactions: &'a Interactions,
        part: Part,
    ) -> Result<Split<'a>, SplitError> {
        if !(self.share > 0.0 && self.share < 0.5) {
            let (name, value) = ("the share of cold movies", self.share);
            return Err(SplitError::Share { name, value, below: 0.5 });
        }
        let division = self.users.divide(interactions)?;
        let n_likes = |movie: MovieIdx| {
            interactions.movie_ratings(movie).filter(|(_, stars)| stars.is_like()).count()
        };
        let mut movies: Vec<MovieIdx> = (0..interactions.n_movies() as u32).map(MovieIdx).collect();
        movies.retain(|movie| n_likes(*movie) >= self.min_likes);
        let mut random = ChaCha8Rng::seed_from_u64(self.users.seed);
        // Streams for users are numbered from 0, so the last one is never used by a user.
        random.set_stream(u64::MAX);
        shuffle(&mut movies, &mut random);
        let n_cold = (movies.len() as f64 * self.share).ceil() as usize;
        movies.truncate(2 * n_cold);
        let test = movies.split_off(n_cold.min(movies.len()));
        let validation = movies;
        let mut removed = vec![false; interactions.n_movies()];
        for movie in validation.iter().chain(&test) {
            removed[movie.row()] = true;
        }
        let mut cold = match part {
            Part::Validation => validation,
            Part::Test => test,
        };
        cold.sort_unstable();

        let remaining = interactions.filtered(|rated| !removed[rated.movie.row()]);
        let mut is_candidate = division.liked_movies(&remaining);
        for movie in &cold {
            is_candidate[movie.row()] = true;
        }
        let held_out_user = |user: &UserIdx| {
            let history: Vec<Rated> = remaining.user_ratings(*user).filter(is_liked).collect();
            let liked = interactions.user_ratings(*user).filter(is_liked);
            let relevant: Vec<Rated> =
                liked.filter(|rated| cold.binary_search(&rated.movie).is_ok()).collect();
            let usable = !history.is_empty() && !relevant.is_empty();
            usable.then_some(HeldOut { user: *user, history, relevant })
        };
        let held_out: Vec<HeldOut> =
            division.users(part).iter().filter_map(held_out_user).collect();
        if held_out.is_empty() {
            let reason = "no held-out user liked a cold movie; \
                       hold out more users or increase the share of cold movies";
            return Err(SplitError::NoHeldOutUsers { reason });
        }
        let star_task = |user: &UserIdx| {
            let history: Vec<Rated> = remaining.user_ratings(*user).collect();
            let all = interactions.user_ratings(*user);
            let hidden: Vec<Rated> =
                all.filter(|rated| cold.binary_search(&rated.movie).is_ok()).collect();
            let usable = !history.is_empty() && !hidden.is_empty();
            usable.then_some(StarTask { user: *user, history, hidden })
        };
        let stars = division.users(part).iter().filter_map(star_task).collect();
        let mut tags: TagRule = division.tag_rule(interactions);
        let id_of = |row: usize| interactions.movies().id_of(MovieIdx(row as u32));
        let hidden = (0..removed.len()).filter(|row| removed[*row]).map(id_of);
        tags.excluded_movies = hidden.collect::<FxHashSet<_>>();
        let (training, interactions) = (division.training, Cow::Owned(remaining));
        Ok(Split { interactions, training, held_out, is_candidate, cold, stars, tags })
    }
}

/// How well a user's liked movies rank among the cold movies alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColdRank {
    /// Area under the ROC curve: the share of other cold movies ranked below a liked one, counting ties
    /// as half. A random order scores ½.
    pub auc: f64,
    /// NDCG at 10 among the cold movies alone. Ties are broken pseudorandomly, using the seed.
    pub ndcg_10: f64,
    /// Expected NDCG at 10 for a random order of the cold movies.
    pub ndcg_10_by_chance: f64,
}

/// Ranks the split's cold movies for each held-out user. The result is `None` for a user who liked all of
/// them. Processes users in parallel. Takes O(n log n) time per user for n cold movies, plus the cost of
/// scoring.
pub(crate) fn rank_among_cold(
    model: &dyn Model,
    split: &Split<'_>,
    seed: u64,
) -> Vec<(UserIdx, Option<ColdRank>)> {
    let mut order = split.cold.clone();
    shuffle(&mut order, &mut ChaCha8Rng::seed_from_u64(seed));
    let rank = |scores: &mut Vec<f32>, held: &HeldOut| {
        scores.resize(model.n_movies(), 0.0);
        model.score(&held.history, scores);
        (held.user, ranked(&order, scores, &held.relevant_movies()))
    };
    split.held_out.par_iter().map_init(Vec::new, rank).collect()
}

fn ranked(order: &[MovieIdx], scores: &[f32], relevant: &[MovieIdx]) -> Option<ColdRank> {
    // A score of NaN means that the model can't score the movie.
    let score = |movie: &MovieIdx| {
        let score = scores[movie.row()];
        if score.is_nan() { f32::NEG_INFINITY } else { score }
    };
    let others: Vec<f32> = {
        let others = order.iter().filter(|movie| relevant.binary_search(movie).is_err());
        others.map(score).collect()
    };
    if others.is_empty() {
        return None;
    }
    let auc = |movie: &MovieIdx| {
        let won = |other: &f32| match score(movie).total_cmp(other) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        others.iter().map(won).sum::<f64>() / others.len() as f64
    };
    let mut list = order.to_vec();
    // The sort is stable, so ties keep their random order.
    list.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let gain = |length: usize| (1..=length).map(|rank| 1.0 / (rank as f64 + 1.0).log2());
    let share = ratio(relevant.len() as f64, list.len() as f64);
    let filled: f64 = gain(list.len().min(10)).sum();
    let ideal: f64 = gain(relevant.len().min(10)).sum();
    Some(ColdRank {
        auc: ratio(relevant.iter().map(auc).sum(), relevant.len() as f64),
        ndcg_10: ndcg_at(10, &list, relevant),
        ndcg_10_by_chance: share * ratio(filled, ideal),
    })
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::super::testing::ratings;
    use super::*;
    use crate::models::popular::Popularity;

    fn cold() -> ColdMovies {
        ColdMovies { share: 0.2, ..ColdMovies::default() }
    }

    #[test]
    fn cold_movies_have_no_ratings_and_are_the_only_movies_to_find() {
        let interactions = ratings();
        let (validation, test) = (
            cold().split(&interactions, Part::Validation).unwrap(),
            cold().split(&interactions, Part::Test).unwrap(),
        );
        assert!(test.cold.iter().all(|movie| validation.cold.binary_search(movie).is_err()));
        for split in [&validation, &test] {
            assert!(split.cold.len() > 5);
            for movie in validation.cold.iter().chain(&test.cold) {
                assert_eq!(split.interactions.movie_ratings(*movie).len(), 0);
                assert!(split.tags.excluded_movies.contains(&interactions.movies().id_of(*movie)));
            }
            for movie in &split.cold {
                assert!(split.is_candidate[movie.row()]);
            }
            for held in &split.held_out {
                assert!(split.training.binary_search(&held.user).is_err());
                let is_cold = |rated: &Rated| split.cold.binary_search(&rated.movie).is_ok();
                assert!(held.relevant.iter().all(is_cold) && !held.history.iter().any(is_cold));
            }
        }
        assert_eq!(test, cold().split(&interactions, Part::Test).unwrap());
    }

    #[test]
    fn popularity_ranks_cold_movies_at_chance_level() {
        let interactions = ratings();
        let split = cold().split(&interactions, Part::Test).unwrap();
        let popular = Popularity::Liked.fit(&split.interactions, &split.training);
        for (_, rank) in rank_among_cold(&popular, &split, 1) {
            assert_close(rank.unwrap().auc, 0.5);
        }
    }

    #[test]
    fn matches_hand_computed_values() {
        let movies = |rows: [u32; 4]| rows.map(MovieIdx).to_vec();
        let scores = [0.9, 0.1, 0.5, 0.5];
        let rank = ranked(&movies([2, 0, 3, 1]), &scores, &[MovieIdx(1), MovieIdx(2)]).unwrap();
        // Movie 1 ranks below both of the others. Movie 2 ranks below one and ties with the other.
        assert_close(rank.auc, f64::midpoint(0.0, 0.25));
        let gain = |rank: f64| 1.0 / (rank + 1.0).log2();
        let ideal = gain(1.0) + gain(2.0);
        // Movies 2 and 3 tie, but movie 2 is drawn first, so it ranks second.
        assert_close(rank.ndcg_10, (gain(2.0) + gain(4.0)) / ideal);
        let all = ideal + gain(3.0) + gain(4.0);
        assert_close(rank.ndcg_10_by_chance, 0.5 * all / ideal);
        assert_eq!(ranked(&movies([0, 1, 2, 3])[..1], &scores, &[MovieIdx(0)]), None);
    }
}
