//! Films' factors laid out for scoring all of them: blocks of 16 films, a lane for each factor. One
//! viewer's scores are a walk through memory; those of 16 viewers cost hardly more.

use super::Factors;
use crate::linalg::{Lane, Lanes, TILE, Tile, ZERO, add_combination, add_product};

/// The viewers that are scored together.
pub const USERS: usize = TILE;

/// Films' factors by block and factor.
#[derive(Clone, Debug)]
pub struct Blocks {
    n_movies: usize,
    n_factors: usize,
    lanes: Lanes,
}

impl Blocks {
    /// Turns rows of factors round. O(n·d).
    pub fn new(movies: &Factors) -> Self {
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

    /// A viewer's score for every film. 2·n·d FLOPs, and as many bytes twice.
    pub fn score(&self, user: &[f32], scores: &mut [f32]) {
        for (block, scores) in self.lanes.chunks_exact(self.n_factors).zip(scores.chunks_mut(TILE))
        {
            let mut sums = [[0.0; TILE]];
            add_combination(block, user, &mut sums);
            scores.copy_from_slice(&sums[0][..scores.len()]);
        }
    }

    /// The scores of up to [`VIEWERS`] viewers, of whom `viewers` has a row each. The same as one by
    /// one, to the last bit.
    pub fn score_many(&self, users: &Factors, scores: &mut [&mut [f32]]) {
        let mut panel: Vec<Lane> = vec![[0.0; TILE]; self.n_factors];
        for user in 0..users.n_rows() {
            for (lane, value) in panel.iter_mut().zip(users.values(user)) {
                lane[user] = *value;
            }
        }
        for (place, block) in self.lanes.chunks_exact(self.n_factors).enumerate() {
            let mut tile: Tile = ZERO;
            add_product(&panel, block, &mut tile);
            let movies = place * TILE..self.n_movies.min((place + 1) * TILE);
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
    fn one_by_one_or_together_scores_are_the_products() {
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
