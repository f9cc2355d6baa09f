//! Computes one movie's similarities to a small pool of movies, in one pass over the movie's row.

use std::cell::RefCell;

use crate::features::CsrMatrix;
use crate::ids::MovieIdx;

/// Index that marks the end of a list.
const NONE: u32 = u32::MAX;

thread_local! {
    /// One list head per column, all [`NONE`] while no pool uses them. Reused between requests to avoid
    /// allocating one head per column each time.
    static HEADS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// A growing pool of movies, stored as one linked list of entries per column.
#[derive(Debug)]
pub struct SimilarityPool<'a> {
    rows: &'a CsrMatrix<f32>,
    pool: Vec<MovieIdx>,
    heads: Vec<u32>,
    /// Bit set of the columns that have a list. Most columns of another movie have none, and the bits fit in
    /// the L1 cache.
    used: Vec<u64>,
    entries: Vec<Entry>,
    /// Result of the last call to [`Self::similarities_to`], reused to avoid allocations.
    sums: Vec<f32>,
}

/// A pooled movie's entry in a column.
#[derive(Debug)]
struct Entry {
    /// Position of the movie in the pool.
    position: u32,
    value: f32,
    /// Index of the column's next entry, or [`NONE`].
    next: u32,
}

impl<'a> SimilarityPool<'a> {
    /// Creates an empty pool.
    pub(super) fn new(rows: &'a CsrMatrix<f32>) -> Self {
        // The heads are taken rather than borrowed, so the next request after a panic starts with new ones.
        let mut heads = HEADS.take();
        heads.resize(rows.n_columns(), NONE);
        let used = vec![0; rows.n_columns().div_ceil(64)];
        let (pool, sums) = (Vec::new(), Vec::new());
        Self { rows, pool, heads, used, entries: Vec::with_capacity(256), sums }
    }

    /// Adds `movie` to the pool. O(entries of the movie).
    pub fn push(&mut self, movie: MovieIdx) {
        let position = self.pool.len() as u32;
        self.pool.push(movie);
        for (column, value) in self.rows.entries(movie.row()) {
            let head = &mut self.heads[column as usize];
            self.entries.push(Entry { position, value, next: *head });
            *head = self.entries.len() as u32 - 1;
            self.used[column as usize / 64] |= 1 << (column % 64);
        }
    }

    /// Returns the number of movies in the pool.
    pub(crate) fn len(&self) -> usize {
        self.pool.len()
    }

    /// Returns the similarity of `movie` to every pooled movie, in pool order. Products are added in column
    /// order, as in pairwise comparisons. O(entries of the movie + matches).
    pub fn similarities_to(&mut self, movie: MovieIdx) -> &[f32] {
        let mut sums = std::mem::take(&mut self.sums);
        sums.clear();
        sums.resize(self.len(), 0.0);
        self.each_match(movie, |position, _, part| sums[position] += part);
        self.sums = sums;
        &self.sums
    }

    /// Calls `each` for every feature that a pooled movie shares with `movie`, passing the position in the
    /// pool, the column, and the contribution to the similarity.
    pub(crate) fn each_match(&self, movie: MovieIdx, mut each: impl FnMut(usize, u32, f32)) {
        for (column, value) in self.rows.entries(movie.row()) {
            if self.used[column as usize / 64] >> (column % 64) & 1 == 0 {
                continue;
            }
            let mut entry_index = self.heads[column as usize];
            while entry_index != NONE {
                let entry = &self.entries[entry_index as usize];
                each(entry.position as usize, column, value * entry.value);
                entry_index = entry.next;
            }
        }
    }
}

impl Drop for SimilarityPool<'_> {
    fn drop(&mut self) {
        for movie in &self.pool {
            for column in self.rows.row(movie.row()).0 {
                self.heads[*column as usize] = NONE;
            }
        }
        HEADS.set(std::mem::take(&mut self.heads));
    }
}
