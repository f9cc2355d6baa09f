//! The order in which films are scanned, in blocks that can be passed over whole.

use std::ops::Range;

use crate::ids::MovieIdx;

/// Films of a block.
const BLOCK: usize = 64;

/// Every film's *position*: films that are alike in what decides about scores stand together, so that
/// what a block can reach is close to what its films do reach.
#[derive(Clone, Debug)]
pub struct Layout {
    movies: Vec<MovieIdx>,
}

impl Layout {
    /// Orders `n_films` films by a key, and films of one key by row. O(n log n).
    pub fn new<K: Ord>(n_movies: usize, key: impl Fn(MovieIdx) -> K) -> Self {
        let mut movies: Vec<MovieIdx> = (0..n_movies as u32).map(MovieIdx).collect();
        movies.sort_by_key(|movie| key(*movie));
        Self { movies }
    }

    /// The film of every position.
    pub fn movies(&self) -> &[MovieIdx] {
        &self.movies
    }

    /// The number of blocks.
    pub fn n_blocks(&self) -> usize {
        self.movies.len().div_ceil(BLOCK)
    }

    /// The positions of a block.
    pub fn block(&self, block: usize) -> Range<usize> {
        block * BLOCK..self.movies.len().min((block + 1) * BLOCK)
    }

    /// A list with an entry a film, by position.
    pub fn arrange<T: Copy>(&self, by_movie: &[T]) -> Vec<T> {
        self.movies.iter().map(|movie| by_movie[movie.row()]).collect()
    }

    /// Adds `factor` times each film's value to the sum at its position.
    pub fn add_arranged(&self, factor: f32, by_movie: &[f32], sums: &mut [f32]) {
        for (sum, movie) in sums.iter_mut().zip(&self.movies) {
            *sum += factor * by_movie[movie.row()];
        }
    }

    /// Codes with one entry a film, by position.
    pub fn codes(&self, by_movie: &[u32]) -> Codes {
        let of = self.arrange(by_movie);
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
