//! Metrics for one model's lists on one split.

use super::lists::rank_lists;
use super::split::{LIKE_THRESHOLD, Split};
use super::strata::{self, StratumValue};
use super::{ColdRank, Exposure, UserMetrics, miscalibration, rank_among_cold};
use crate::catalog::{Movie, Rated};
use crate::ids::{MovieIdx, UserIdx};
use crate::models::Model;

/// Number of movies in an evaluated list.
pub const LIST_LENGTH: usize = 100;
/// Number of top positions, as displayed to users, for which exposure and calibration are measured.
pub const TOP_K: usize = 10;

/// Genres of each movie, by index.
#[derive(Clone, Debug)]
pub struct MovieGenres {
    by_movie: Vec<Vec<usize>>,
    n_genres: usize,
}

impl MovieGenres {
    /// Collects the genres of `movies`, in time linear in their total number.
    pub fn new(movies: &[Movie]) -> Self {
        let mut names: Vec<&str> =
            movies.iter().flat_map(|movie| movie.genres.iter().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        let genre_indices = |movie: &Movie| {
            let genres = movie.genres.iter();
            genres.filter_map(|genre| names.binary_search(&genre.as_str()).ok()).collect()
        };
        Self { by_movie: movies.iter().map(genre_indices).collect(), n_genres: names.len() }
    }

    /// Creates a table of `n_movies` movies with no genres.
    #[cfg(test)]
    pub(super) fn unknown(n_movies: usize) -> Self {
        Self { by_movie: vec![Vec::new(); n_movies], n_genres: 0 }
    }

    /// Returns the total weight of each genre. Each movie has a weight of 1, split equally among its
    /// genres.
    fn weights(&self, movies: impl Iterator<Item = MovieIdx>) -> Vec<f64> {
        let mut weights = vec![0.0; self.n_genres];
        for movie in movies {
            let genres = &self.by_movie[movie.row()];
            for genre in genres {
                weights[*genre] += 1.0 / genres.len() as f64;
            }
        }
        weights
    }

    /// Returns how far the genres of the displayed movies diverge from those of the liked movies in
    /// `history`.
    fn miscalibration(&self, history: &[Rated], list: &[MovieIdx]) -> Option<f64> {
        let liked = history.iter().filter(|rated| rated.stars.halves() >= LIKE_THRESHOLD);
        let liked = self.weights(liked.map(|rated| rated.movie));
        miscalibration(&liked, &self.weights(list.iter().take(TOP_K).copied()))
    }
}

/// Metrics for a model's lists on one split.
#[derive(Clone, Debug)]
pub struct ModelMetrics {
    /// Ranking metrics for each held-out user.
    pub(super) users: Vec<(UserIdx, UserMetrics)>,
    /// Miscalibration for each user who liked movies with genres.
    pub(super) miscalibration: Vec<(UserIdx, f64)>,
    pub(super) coverage: f64,
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
        genres: &MovieGenres,
    ) -> (Self, Vec<Vec<MovieIdx>>) {
        let lists = rank_lists(model, &split.held_out, &split.is_candidate, LIST_LENGTH);
        let mut metrics = Self::from_lists(&lists, split, genres);
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
    pub fn from_lists(lists: &[Vec<MovieIdx>], split: &Split<'_>, genres: &MovieGenres) -> Self {
        assert_eq!(lists.len(), split.held_out.len(), "one list per held-out user");
        let users_and_lists = || split.held_out.iter().zip(lists);
        let users: Vec<(UserIdx, UserMetrics)> = users_and_lists()
            .map(|(held, list)| (held.user, UserMetrics::new(list, &held.relevant_movies())))
            .collect();
        let miscalibration = users_and_lists()
            .filter_map(|(held, list)| {
                Some((held.user, genres.miscalibration(&held.history, list)?))
            })
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
            miscalibration,
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
