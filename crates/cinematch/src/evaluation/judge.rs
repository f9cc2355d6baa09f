//! One model's lists on one split, judged.

use super::lists::lists;
use super::split::{LIKED, Split};
use super::strata::{self, StratumValue};
use super::{ColdRank, Exposure, UserMetrics, miscalibration, rank_among_cold};
use crate::catalog::{Movie, Rated};
use crate::ids::{MovieIdx, UserIdx};
use crate::models::Model;

/// The films of a list.
pub const LIST_LENGTH: usize = 100;
/// Those of them that a person would be shown: what exposure and calibration look at.
pub const SHOWN: usize = 10;

/// Each film's genres, by row.
#[derive(Clone, Debug)]
pub struct MovieGenres {
    of_movie: Vec<Vec<usize>>,
    n_genres: usize,
}

impl MovieGenres {
    /// Numbers the genres of films. O(genres of all films).
    pub fn new(movies: &[Movie]) -> Self {
        let mut names: Vec<&str> =
            movies.iter().flat_map(|movie| movie.genres.iter().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        let numbers = |movie: &Movie| {
            let genres = movie.genres.iter();
            genres.filter_map(|genre| names.binary_search(&genre.as_str()).ok()).collect()
        };
        Self { of_movie: movies.iter().map(numbers).collect(), n_genres: names.len() }
    }

    /// Of films whose genres nobody knows.
    #[cfg(test)]
    pub(super) fn unknown(n_movies: usize) -> Self {
        Self { of_movie: vec![Vec::new(); n_movies], n_genres: 0 }
    }

    /// The weight of each genre in films that count alike.
    fn weights(&self, movies: impl Iterator<Item = MovieIdx>) -> Vec<f64> {
        let mut weights = vec![0.0; self.n_genres];
        for movie in movies {
            let genres = &self.of_movie[movie.row()];
            for genre in genres {
                weights[*genre] += 1.0 / genres.len() as f64;
            }
        }
        weights
    }

    /// How far the genres shown are from those that a user liked.
    fn miscalibration(&self, history: &[Rated], list: &[MovieIdx]) -> Option<f64> {
        let liked = history.iter().filter(|rated| rated.stars.halves() >= LIKED);
        let liked = self.weights(liked.map(|rated| rated.movie));
        miscalibration(&liked, &self.weights(list.iter().take(SHOWN).copied()))
    }
}

/// What lists are worth.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Each user's metrics.
    pub(super) users: Vec<(UserIdx, UserMetrics)>,
    /// Of those who liked films with genres.
    pub(super) miscalibration: Vec<(UserIdx, f64)>,
    pub(super) coverage: f64,
    pub(super) popularity_share: f64,
    pub(super) by_movies: Vec<StratumValue>,
    pub(super) by_history: Vec<StratumValue>,
    pub(super) cold: Vec<(UserIdx, ColdRank)>,
}

impl Judged {
    /// Judges a model: its lists, and where the split has cold films, how it ranks those alone.
    /// Gives the lists too.
    pub fn of_model(
        model: &dyn Model,
        split: &Split<'_>,
        genres: &MovieGenres,
    ) -> (Self, Vec<Vec<MovieIdx>>) {
        let lists = lists(model, &split.held_out, &split.is_candidate, LIST_LENGTH);
        let mut judged = Self::of_lists(&lists, split, genres);
        if !split.cold.is_empty() {
            let ranks = rank_among_cold(model, split, 1).into_iter();
            judged.cold = ranks.filter_map(|(user, rank)| Some((user, rank?))).collect();
        }
        (judged, lists)
    }

    /// Judges lists, one for each held-out user of the split, best first.
    ///
    /// # Panics
    /// When there are not as many lists as users.
    pub fn of_lists(lists: &[Vec<MovieIdx>], split: &Split<'_>, genres: &MovieGenres) -> Self {
        assert_eq!(lists.len(), split.held_out.len(), "one list a user");
        let held = || split.held_out.iter().zip(lists);
        let users: Vec<(UserIdx, UserMetrics)> = held()
            .map(|(held, list)| (held.user, UserMetrics::new(list, &held.relevant_movies())))
            .collect();
        let miscalibration = held()
            .filter_map(|(held, list)| {
                Some((held.user, genres.miscalibration(&held.history, list)?))
            })
            .collect();
        let n_ratings = split.n_ratings();
        let exposure = Exposure::at(SHOWN, lists, split.is_candidate.len());
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
            by_movies: strata::by_movies(split, &n_ratings, lists),
            by_history,
            cold: Vec::new(),
            users,
        }
    }

    /// What is tuned for: the mean over users of NDCG at 100; where the split has cold films, of NDCG at
    /// 10 of those alone, since among all films they hardly show.
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
