//! Metrics by movie popularity and by history length.

use std::cmp::Reverse;

use super::split::{HeldOut, Split};
use super::{ndcg_at, recall_at};
use crate::ids::{MovieIdx, UserIdx};

/// Movies with fewer training ratings than this are cold.
const MIN_WARM_RATINGS: u32 = 10;

/// Popularity strata of movies, by number of training ratings. A movie belongs to the first stratum it
/// qualifies for, except that cold movies always belong to the last.
pub(crate) const MOVIE_STRATA: [&str; 4] =
    ["most rated hundredth", "most rated tenth", "others", "fewer than 10 ratings"];

/// Strata of users, by the number of movies in their history.
pub(crate) const HISTORY_STRATA: [&str; 4] =
    ["1 to 9 films", "10 to 29", "30 to 99", "100 and more"];

/// A user's metrics in one stratum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StratumValue {
    pub stratum: usize,
    pub user: UserIdx,
    pub ndcg_100: f64,
    pub recall_50: f64,
}

/// Returns the index of each candidate's stratum in [`MOVIE_STRATA`]. O(movies · log movies).
pub(crate) fn movie_strata(is_candidate: &[bool], n_ratings: &[u32]) -> Vec<usize> {
    let mut movies: Vec<usize> = (0..is_candidate.len()).filter(|row| is_candidate[*row]).collect();
    movies.sort_by_key(|row| Reverse(n_ratings[*row]));
    let mut strata = vec![MOVIE_STRATA.len() - 1; is_candidate.len()];
    let ends = [movies.len().div_ceil(100), movies.len().div_ceil(10), movies.len()];
    for (rank, row) in movies.iter().enumerate() {
        if n_ratings[*row] >= MIN_WARM_RATINGS {
            strata[*row] = ends.iter().position(|end| rank < *end).unwrap_or(ends.len());
        }
    }
    strata
}

/// Returns the index of the user's stratum in [`HISTORY_STRATA`].
pub(crate) fn history_stratum(held: &HeldOut) -> usize {
    match held.history.len() {
        ..10 => 0,
        10..30 => 1,
        30..100 => 2,
        100.. => 3,
    }
}

/// Returns each user's metrics per popularity stratum, counting only the relevant movies in that stratum.
/// Skips strata that contain none of the user's relevant movies.
pub(crate) fn by_movies(
    split: &Split<'_>,
    n_ratings: &[u32],
    lists: &[Vec<MovieIdx>],
) -> Vec<StratumValue> {
    let strata = movie_strata(&split.is_candidate, n_ratings);
    let mut values = Vec::new();
    for (held, list) in split.held_out.iter().zip(lists) {
        for stratum in 0..MOVIE_STRATA.len() {
            let mut relevant = held.relevant_movies();
            relevant.retain(|movie| strata[movie.row()] == stratum);
            if !relevant.is_empty() {
                values.push(StratumValue {
                    stratum,
                    user: held.user,
                    ndcg_100: ndcg_at(100, list, &relevant),
                    recall_50: recall_at(50, list, &relevant),
                });
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movies_are_classified_by_rank_and_cold_movies_separately() {
        let mut n_ratings: Vec<u32> = (0..200).map(|row| 1000 - row * 4).collect();
        n_ratings[150] = 9;
        n_ratings[1] = 9999;
        let mut is_candidate = vec![true; 200];
        is_candidate[1] = false;
        let strata = movie_strata(&is_candidate, &n_ratings);
        assert_eq!([strata[0], strata[2], strata[3], strata[20]], [0, 0, 1, 1]);
        assert_eq!([strata[21], strata[199], strata[150]], [2, 2, 3]);
    }
}
