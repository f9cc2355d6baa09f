//! A few films laid out so that all of them are compared with another film in one walk.

use std::cell::RefCell;

use crate::features::CsrMatrix;
use crate::ids::MovieIdx;

/// No entry.
const NONE: u32 = u32::MAX;

thread_local! {
    /// One list head a column, all [`NONE`] while nobody holds it: no allocation of the columns'
    /// size for each request.
    static HEADS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// How alike the films of a small, growing pool are to others: the pool's entries in one linked
/// list a column.
#[derive(Debug)]
pub struct Likeness<'a> {
    rows: &'a CsrMatrix<f32>,
    pool: Vec<MovieIdx>,
    heads: Vec<u32>,
    /// A bit for each column that has a list: most of another film's columns have none, and these
    /// bits stay in the nearest cache.
    used: Vec<u64>,
    entries: Vec<Entry>,
    /// What [`Self::to`] found last: no allocation for each film.
    sums: Vec<f32>,
}

/// A film's entry in a column.
#[derive(Debug)]
struct Entry {
    /// The film's place in the pool.
    place: u32,
    value: f32,
    /// The column's next entry.
    next: u32,
}

impl<'a> Likeness<'a> {
    /// An empty pool.
    pub(super) fn new(rows: &'a CsrMatrix<f32>) -> Self {
        // Taken, not borrowed: after a panic the next request starts with a new list.
        let mut heads = HEADS.take();
        heads.resize(rows.n_columns(), NONE);
        let used = vec![0; rows.n_columns().div_ceil(64)];
        let (pool, sums) = (Vec::new(), Vec::new());
        Self { rows, pool, heads, used, entries: Vec::with_capacity(256), sums }
    }

    /// Adds a film to the pool. O(its entries).
    pub fn push(&mut self, movie: MovieIdx) {
        let place = self.pool.len() as u32;
        self.pool.push(movie);
        for (column, value) in self.rows.entries(movie.row()) {
            let head = &mut self.heads[column as usize];
            self.entries.push(Entry { place, value, next: *head });
            *head = self.entries.len() as u32 - 1;
            self.used[column as usize / 64] |= 1 << (column % 64);
        }
    }

    /// The number of films in the pool.
    pub fn len(&self) -> usize {
        self.pool.len()
    }

    /// Whether there is no film in the pool.
    pub fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// How alike every film of the pool is to `movie`, in the pool's order: the same sums, in the
    /// same order, as comparing them one by one. O(entries of the film + matches).
    pub fn to(&mut self, movie: MovieIdx) -> &[f32] {
        let mut sums = std::mem::take(&mut self.sums);
        sums.clear();
        sums.resize(self.len(), 0.0);
        self.each_match(movie, |place, _, part| sums[place] += part);
        self.sums = sums;
        &self.sums
    }

    /// Calls `each` with every feature that a film of the pool shares with `movie`: the film's place,
    /// the column, and its part in how alike they are.
    pub fn each_match(&self, movie: MovieIdx, mut each: impl FnMut(usize, u32, f32)) {
        for (column, value) in self.rows.entries(movie.row()) {
            if self.used[column as usize / 64] >> (column % 64) & 1 == 0 {
                continue;
            }
            let mut at = self.heads[column as usize];
            while at != NONE {
                let entry = &self.entries[at as usize];
                each(entry.place as usize, column, value * entry.value);
                at = entry.next;
            }
        }
    }
}

impl Drop for Likeness<'_> {
    fn drop(&mut self) {
        for movie in &self.pool {
            for column in self.rows.row(movie.row()).0 {
                self.heads[*column as usize] = NONE;
            }
        }
        HEADS.set(std::mem::take(&mut self.heads));
    }
}
