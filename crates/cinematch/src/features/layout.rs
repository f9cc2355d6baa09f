//! The order in which movies are scanned, divided into blocks that a scan can skip, and score terms in that
//! order.

use std::ops::Range;

use crate::ids::MovieIdx;

/// Number of movies per block.
const BLOCK: usize = 64;

/// Assigns each movie a *position* in the scan order.
///
/// Movies with similar scores should get neighboring positions. The upper bound on a block's scores is then
/// close to its highest score, and more blocks can be skipped.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    movies: Vec<MovieIdx>,
}

impl Layout {
    /// Sorts `n_movies` movies by `key`, then by row. O(n log n).
    pub(crate) fn new<K: Ord>(n_movies: usize, key: impl Fn(MovieIdx) -> K) -> Self {
        let mut movies: Vec<MovieIdx> = (0..n_movies as u32).map(MovieIdx).collect();
        movies.sort_by_key(|movie| key(*movie));
        Self { movies }
    }

    /// Returns the movies in scan order.
    pub(crate) fn movies(&self) -> &[MovieIdx] {
        &self.movies
    }

    /// Returns the number of blocks.
    pub(crate) fn n_blocks(&self) -> usize {
        self.movies.len().div_ceil(BLOCK)
    }

    /// Returns the positions in a block.
    pub(crate) fn block(&self, block: usize) -> Range<usize> {
        block * BLOCK..self.movies.len().min((block + 1) * BLOCK)
    }

    /// Reorders a list with one entry per movie from row order to position order.
    pub(crate) fn arrange<T: Copy>(&self, by_movie: &[T]) -> Vec<T> {
        self.movies.iter().map(|movie| by_movie[movie.row()]).collect()
    }

    /// Adds `factor` times each movie's value (in row order) to `sums` (in position order).
    pub(crate) fn add_arranged(&self, factor: f32, by_movie: &[f32], sums: &mut [f32]) {
        for (sum, movie) in sums.iter_mut().zip(&self.movies) {
            *sum += factor * by_movie[movie.row()];
        }
    }

    /// Reorders one code per movie to position order and indexes the codes by block.
    pub(crate) fn codes(&self, by_movie: &[u32]) -> Codes {
        let codes_by_position = self.arrange(by_movie);
        let mut codes =
            Codes { by_position: Vec::new(), block_starts: vec![0], in_blocks: Vec::new() };
        for block in 0..self.n_blocks() {
            let mut distinct = codes_by_position[self.block(block)].to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            codes.in_blocks.append(&mut distinct);
            codes.block_starts.push(codes.in_blocks.len() as u32);
        }
        codes.by_position = codes_by_position;
        codes
    }
}

/// A categorical property of movies, stored as one code per position.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    /// Code of the movie at each position.
    by_position: Vec<u32>,
    /// Index in `in_blocks` where each block's codes start.
    block_starts: Vec<u32>,
    /// Distinct codes in each block, in ascending order.
    in_blocks: Vec<u32>,
}

impl Codes {
    /// Returns the codes at `positions`.
    pub(crate) fn at(&self, positions: Range<usize>) -> &[u32] {
        &self.by_position[positions]
    }

    /// Returns the distinct codes in `block`, in ascending order.
    pub(crate) fn in_block(&self, block: usize) -> &[u32] {
        &self.in_blocks[self.block_starts[block] as usize..self.block_starts[block + 1] as usize]
    }
}

/// A score term that depends on a categorical property of the movie.
#[derive(Clone, Debug)]
pub(crate) struct SharedTerm<'a> {
    /// The property that the term depends on, as one code per movie.
    pub codes: &'a Codes,
    /// Value of the term for each code.
    pub values: Vec<f32>,
}

impl SharedTerm<'_> {
    /// Adds each movie's value to the sum at its position.
    pub(crate) fn add_to(&self, sums: &mut [f32]) {
        self.add_from(0, sums);
    }

    /// Adds the values at the `sums.len()` positions starting at `first` to `sums`.
    pub(crate) fn add_from(&self, first: usize, sums: &mut [f32]) {
        let codes = self.codes.at(first..first + sums.len());
        for (sum, code) in sums.iter_mut().zip(codes) {
            *sum += self.values[*code as usize];
        }
    }
}
