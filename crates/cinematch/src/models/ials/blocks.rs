//! Films' factors laid out for scoring all of them: blocks of 16 films, a lane for each factor. One
//! viewer's scores are a walk through memory; those of 16 viewers cost hardly more.

use super::Factors;
use crate::linalg::{Lane, Lanes, TILE, Tile, ZERO, add_combination, add_product};

/// The viewers that are scored together.
pub const VIEWERS: usize = TILE;

/// Films' factors by block and factor.
#[derive(Clone, Debug)]
pub struct Blocks {
    n_films: usize,
    n_factors: usize,
    lanes: Lanes,
}

impl Blocks {
    /// Turns rows of factors round. O(n·d).
    pub fn new(films: &Factors) -> Self {
        let (n_films, n_factors) = (films.n_rows(), films.n_factors());
        let mut lanes = Lanes::zeros(n_films.div_ceil(TILE) * n_factors);
        for film in 0..n_films {
            let block = &mut lanes[film / TILE * n_factors..][..n_factors];
            for (lane, value) in block.iter_mut().zip(films.values(film)) {
                lane[film % TILE] = *value;
            }
        }
        Self { n_films, n_factors, lanes }
    }

    /// A viewer's score for every film. 2·n·d FLOPs, and as many bytes twice.
    pub fn score(&self, viewer: &[f32], scores: &mut [f32]) {
        for (block, scores) in self.lanes.chunks_exact(self.n_factors).zip(scores.chunks_mut(TILE))
        {
            let mut sums = [[0.0; TILE]];
            add_combination(block, viewer, &mut sums);
            scores.copy_from_slice(&sums[0][..scores.len()]);
        }
    }

    /// The scores of up to [`VIEWERS`] viewers, of whom `viewers` has a row each. The same as one by
    /// one, to the last bit.
    pub fn score_many(&self, viewers: &Factors, scores: &mut [&mut [f32]]) {
        let mut panel: Vec<Lane> = vec![[0.0; TILE]; self.n_factors];
        for viewer in 0..viewers.n_rows() {
            for (lane, value) in panel.iter_mut().zip(viewers.values(viewer)) {
                lane[viewer] = *value;
            }
        }
        for (place, block) in self.lanes.chunks_exact(self.n_factors).enumerate() {
            let mut tile: Tile = ZERO;
            add_product(&panel, block, &mut tile);
            let films = place * TILE..self.n_films.min((place + 1) * TILE);
            for (scores, row) in scores.iter_mut().zip(&tile) {
                scores[films.clone()].copy_from_slice(&row[..films.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_by_one_or_together_scores_are_the_products() {
        let films = Factors::normal(37, 21, 1.0, 3);
        let viewers = Factors::normal(5, 21, 1.0, 4);
        let blocks = Blocks::new(&films);
        let mut together = vec![vec![f32::NAN; 37]; 5];
        let mut rows: Vec<&mut [f32]> = together.iter_mut().map(Vec::as_mut_slice).collect();
        blocks.score_many(&viewers, &mut rows);
        for (viewer, scores) in together.iter().enumerate() {
            let mut alone = vec![f32::NAN; 37];
            blocks.score(viewers.values(viewer), &mut alone);
            assert_eq!(&alone, scores);
            for (film, score) in scores.iter().enumerate() {
                let expected = films.dot(film, viewers.row(viewer));
                assert!((score - expected).abs() < 1e-4, "{score} {expected}");
            }
        }
    }
}
