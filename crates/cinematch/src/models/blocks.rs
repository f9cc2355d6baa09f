//! Movie factors laid out for scoring every movie: blocks of 16 movies with one lane per factor. Scoring one
//! user is bound by memory bandwidth, so scoring 16 users takes little longer.

use crate::catalog::Rated;
use crate::linalg::{Lane, Lanes, TILE, Tile, ZERO, add_combination, add_product};
use crate::models::factors::Factors;

/// Maximum number of users scored together.
const USERS_PER_BLOCK: usize = TILE;

/// Movie factors, indexed by block and factor.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    n_movies: usize,
    n_factors: usize,
    lanes: Lanes,
}

impl Blocks {
    /// Transposes `movies` into blocks. O(n·d).
    pub(crate) fn new(movies: &Factors) -> Self {
        let (n_movies, n_factors) = (movies.n_rows(), movies.n_factors());
        let mut lanes = Lanes::zeros(n_movies.div_ceil(TILE) * n_factors);
        for movie in 0..n_movies {
            let block = &mut lanes[movie / TILE * n_factors..][..n_factors];
            for (lane, value) in block.iter_mut().zip(movies.values(movie)) {
                lane[movie % TILE] = *value;
            }
        }
        Self { n_movies, n_factors, lanes }
    }

    /// Writes a user's score for every movie. Takes 2·n·d FLOPs and reads 4·n·d bytes.
    pub(crate) fn score(&self, user: &[f32], scores: &mut [f32]) {
        for (block, scores) in self.lanes.chunks_exact(self.n_factors).zip(scores.chunks_mut(TILE))
        {
            let mut sums = [[0.0; TILE]];
            add_combination(block, user, &mut sums);
            scores.copy_from_slice(&sums[0][..scores.len()]);
        }
    }

    /// Writes the scores for any number of histories. `fold_in` returns the factors of their users.
    pub(super) fn score_histories(
        &self,
        histories: &[&[Rated]],
        fold_in: impl Fn(&[&[Rated]]) -> Factors,
        scores: &mut [&mut [f32]],
    ) {
        let scores = scores.chunks_mut(USERS_PER_BLOCK);
        for (histories, scores) in histories.chunks(USERS_PER_BLOCK).zip(scores) {
            self.score_many(&fold_in(histories), scores);
        }
    }

    /// Writes the scores for up to [`USERS_PER_BLOCK`] users, whose factors are the rows of `users`. Results
    /// are bit-for-bit identical to those of [`Self::score`].
    pub(crate) fn score_many(&self, users: &Factors, scores: &mut [&mut [f32]]) {
        let mut panel: Vec<Lane> = vec![[0.0; TILE]; self.n_factors];
        for user in 0..users.n_rows() {
            for (lane, value) in panel.iter_mut().zip(users.values(user)) {
                lane[user] = *value;
            }
        }
        for (index, block) in self.lanes.chunks_exact(self.n_factors).enumerate() {
            let mut tile: Tile = ZERO;
            add_product(&panel, block, &mut tile);
            let movies = index * TILE..self.n_movies.min((index + 1) * TILE);
            for (scores, row) in scores.iter_mut().zip(&tile) {
                scores[movies.clone()].copy_from_slice(&row[..movies.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_one_user_and_many_users_identically() {
        let movies = Factors::normal(37, 21, 1.0, 3);
        let users = Factors::normal(5, 21, 1.0, 4);
        let blocks = Blocks::new(&movies);
        let mut together = vec![vec![f32::NAN; 37]; 5];
        let mut rows: Vec<&mut [f32]> = together.iter_mut().map(Vec::as_mut_slice).collect();
        blocks.score_many(&users, &mut rows);
        for (user, scores) in together.iter().enumerate() {
            let mut alone = vec![f32::NAN; 37];
            blocks.score(users.values(user), &mut alone);
            assert_eq!(&alone, scores);
            for (movie, score) in scores.iter().enumerate() {
                let expected = movies.dot(movie, users.row(user));
                assert!((score - expected).abs() < 1e-4, "{score} {expected}");
            }
        }
    }
}
