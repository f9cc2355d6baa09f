//! Metrics for one model's lists on one split.

use super::attributes::MovieAttributes;
use super::lists::{LIST_LENGTH, TOP_K, rank_lists};
use super::split::{HeldOut, Split};
use super::strata::{self, StratumValue};
use super::taste::{LikeCounts, TasteMetrics};
use super::{ColdRank, Exposure, UserMetrics, rank_among_cold};
use crate::ids::{MovieIdx, UserIdx};
use crate::models::Model;

/// Metrics for a model's lists on one split.
#[derive(Clone, Debug)]
pub struct ModelMetrics {
    /// Ranking metrics for each held-out user.
    pub(super) users: Vec<(UserIdx, UserMetrics)>,
    /// Taste metrics and taste group of each held-out user.
    pub(super) taste: Vec<(TasteMetrics, Option<usize>)>,
    pub(super) coverage: f64,
    /// Number of distinct movies in the first positions of all lists.
    pub(super) n_shown: usize,
    pub(super) popularity_share: f64,
    pub(super) movie_strata: Vec<StratumValue>,
    pub(super) history_strata: Vec<StratumValue>,
    pub(super) cold: Vec<(UserIdx, ColdRank)>,
}

impl ModelMetrics {
    /// Evaluates a model's lists and, if the split has cold movies, how it ranks them among themselves.
    /// Returns the metrics and the lists.
    pub fn from_model(
        model: &dyn Model,
        split: &Split<'_>,
        attributes: &MovieAttributes,
    ) -> (Self, Vec<Vec<MovieIdx>>) {
        let lists = rank_lists(model, &split.held_out, &split.is_candidate, LIST_LENGTH);
        let mut metrics = Self::from_lists(&lists, split, attributes);
        if !split.cold.is_empty() {
            let ranks = rank_among_cold(model, split, 1).into_iter();
            metrics.cold = ranks.filter_map(|(user, rank)| Some((user, rank?))).collect();
        }
        (metrics, lists)
    }

    /// Evaluates `lists`, which contains a list for each held-out user, in the order of the split. Lists
    /// are sorted best first.
    ///
    /// # Panics
    /// Panics if the number of lists is not the number of held-out users.
    pub fn from_lists(
        lists: &[Vec<MovieIdx>],
        split: &Split<'_>,
        attributes: &MovieAttributes,
    ) -> Self {
        assert_eq!(lists.len(), split.held_out.len(), "one list per held-out user");
        let users_and_lists = || split.held_out.iter().zip(lists);
        let users: Vec<(UserIdx, UserMetrics)> = users_and_lists()
            .map(|(held, list)| (held.user, UserMetrics::new(list, &held.relevant_movies())))
            .collect();
        let counts = LikeCounts::new(&split.interactions, &split.training, &split.is_candidate);
        let liked: Vec<Vec<MovieIdx>> = split.held_out.iter().map(HeldOut::liked_movies).collect();
        let taste = users_and_lists()
            .zip(&liked)
            .map(|((held, list), liked)| {
                counts.metrics((liked, &held.relevant_movies()), list, attributes)
            })
            .zip(counts.groups(liked.iter().map(Vec::as_slice)))
            .collect();
        let n_ratings = split.n_ratings();
        let exposure = Exposure::new(TOP_K, lists, split.is_candidate.len());
        let by_history = split
            .held_out
            .iter()
            .zip(&users)
            .map(|(held, (user, metrics))| StratumValue {
                stratum: strata::history_stratum(held),
                user: *user,
                ndcg_100: metrics.ndcg_100,
                recall_50: metrics.recall_50,
            })
            .collect();
        Self {
            taste,
            n_shown: exposure.n_shown(),
            coverage: exposure.coverage(&split.is_candidate),
            popularity_share: exposure.popularity_share(&split.is_candidate, &n_ratings),
            movie_strata: strata::by_movies(split, &n_ratings, lists),
            history_strata: by_history,
            cold: Vec::new(),
            users,
        }
    }

    /// Returns the tuning objective: the mean NDCG at 100 over users. If the split has cold movies, which
    /// are rare in lists of all movies, it is the mean NDCG at 10 among the cold movies alone.
    pub fn objective(&self) -> f64 {
        let mean =
            |values: &mut dyn Iterator<Item = f64>, n: usize| super::ratio(values.sum(), n as f64);
        if self.cold.is_empty() {
            mean(&mut self.users.iter().map(|(_, metrics)| metrics.ndcg_100), self.users.len())
        } else {
            mean(&mut self.cold.iter().map(|(_, rank)| rank.ndcg_10), self.cold.len())
        }
    }
}
