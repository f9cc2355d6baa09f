//! The order in which films are scanned, in blocks that can be passed over whole.

use std::ops::Range;

use crate::ids::MovieIdx;

/// Films of a block.
const BLOCK: usize = 64;

/// Every film's *position*: films that are alike in what decides about scores stand together, so that
/// what a block can reach is close to what its films do reach.
#[derive(Clone, Debug)]
pub struct Layout {
    films: Vec<MovieIdx>,
}

impl Layout {
    /// Orders `n_films` films by a key, and films of one key by row. O(n log n).
    pub fn new<K: Ord>(n_films: usize, key: impl Fn(MovieIdx) -> K) -> Self {
        let mut films: Vec<MovieIdx> = (0..n_films as u32).map(MovieIdx).collect();
        films.sort_by_key(|film| key(*film));
        Self { films }
    }

    /// The film of every position.
    pub fn films(&self) -> &[MovieIdx] {
        &self.films
    }

    /// The number of blocks.
    pub fn n_blocks(&self) -> usize {
        self.films.len().div_ceil(BLOCK)
    }

    /// The positions of a block.
    pub fn block(&self, block: usize) -> Range<usize> {
        block * BLOCK..self.films.len().min((block + 1) * BLOCK)
    }

    /// A list with an entry a film, by position.
    pub fn arrange<T: Copy>(&self, by_film: &[T]) -> Vec<T> {
        self.films.iter().map(|film| by_film[film.row()]).collect()
    }

    /// Adds `factor` times each film's value to the sum at its position.
    pub fn add_arranged(&self, factor: f32, by_film: &[f32], sums: &mut [f32]) {
        for (sum, film) in sums.iter_mut().zip(&self.films) {
            *sum += factor * by_film[film.row()];
        }
    }

    /// Codes with one entry a film, by position.
    pub fn codes(&self, by_film: &[u32]) -> Codes {
        let of = self.arrange(by_film);
        let mut codes = Codes { of: Vec::new(), block_starts: vec![0], in_blocks: Vec::new() };
        for block in 0..self.n_blocks() {
            let mut different = of[self.block(block)].to_vec();
            different.sort_unstable();
            different.dedup();
            codes.in_blocks.append(&mut different);
            codes.block_starts.push(codes.in_blocks.len() as u32);
        }
        codes.of = of;
        codes
    }
}

/// A property of films that takes few values, as the values' numbers.
#[derive(Clone, Debug)]
pub struct Codes {
    /// By position.
    of: Vec<u32>,
    block_starts: Vec<u32>,
    /// The different codes in every block, ascending.
    in_blocks: Vec<u32>,
}

impl Codes {
    /// The codes of the films at some positions.
    pub fn of(&self, positions: Range<usize>) -> &[u32] {
        &self.of[positions]
    }

    /// The different codes in a block.
    pub fn in_block(&self, block: usize) -> &[u32] {
        &self.in_blocks[self.block_starts[block] as usize..self.block_starts[block + 1] as usize]
    }
}
