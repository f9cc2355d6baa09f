//! Dense factor matrices with rows padded to whole lanes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use crate::linalg::{Lane, Lanes, TILE, TileMatrix, add_product, prefetch};

/// A matrix of n rows with d values each. Each row starts on a lane boundary and is padded with zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    n_factors: usize,
    /// Number of lanes per row.
    width: usize,
    lanes: Lanes,
}

impl Factors {
    /// Returns a matrix of zeros.
    pub(crate) fn zeros(n_rows: usize, n_factors: usize) -> Self {
        let width = n_factors.div_ceil(TILE);
        Self { n_factors, width, lanes: Lanes::zeros(n_rows * width) }
    }

    /// Returns a matrix of normally distributed values. Each row has its own random stream, so the result
    /// does not depend on the number of threads.
    pub(crate) fn normal(n_rows: usize, n_factors: usize, deviation: f32, seed: u64) -> Self {
        let mut factors = Self::zeros(n_rows, n_factors);
        let width = factors.width;
        factors.lanes.par_chunks_mut(width).enumerate().for_each(|(row, lanes)| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(row as u64);
            let values = &mut lanes.as_flattened_mut()[..n_factors];
            for pair in values.chunks_mut(2) {
                // Box-Muller transform, 1958. The first uniform value is in (0, 1].
                let [a, b] = [0; 2].map(|_| random.next_u64() >> 11);
                let scale = 1.0 / (1_u64 << 53) as f64;
                let radius = (-2.0 * ((a + 1) as f64 * scale).ln()).sqrt() * f64::from(deviation);
                let angle = std::f64::consts::TAU * b as f64 * scale;
                for (value, normal) in pair.iter_mut().zip([angle.cos(), angle.sin()]) {
                    *value = (radius * normal) as f32;
                }
            }
        });
        factors
    }

    /// Creates a matrix from `values` in row-major order. Returns `None` unless their number
    /// is `n_rows * n_factors`.
    pub(crate) fn from_values(n_rows: usize, n_factors: usize, values: &[f32]) -> Option<Self> {
        let mut factors = Self::zeros(n_rows, n_factors);
        for (row, values) in factors.rows_mut().zip(values.chunks(n_factors)) {
            row.as_flattened_mut()[..values.len()].copy_from_slice(values);
        }
        (values.len() == n_rows * n_factors).then_some(factors)
    }

    /// Returns a copy of the first `n_rows` rows. O(values).
    #[must_use]
    pub(crate) fn first_rows(&self, n_rows: usize) -> Self {
        let mut first = Self::zeros(n_rows, self.n_factors);
        let n_lanes = first.lanes.len();
        first.lanes.copy_from_slice(&self.lanes[..n_lanes]);
        first
    }

    /// Returns the number of rows.
    pub fn n_rows(&self) -> usize {
        self.lanes.len() / self.width
    }

    /// Returns the number of values per row.
    pub(crate) fn n_factors(&self) -> usize {
        self.n_factors
    }

    /// Returns the number of lanes per row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Returns the values in `row`, without its padding.
    pub fn values(&self, row: usize) -> &[f32] {
        &self.row(row).as_flattened()[..self.n_factors]
    }

    /// Returns all values in row-major order, without padding.
    pub(crate) fn to_values(&self) -> Vec<f32> {
        (0..self.n_rows()).flat_map(|row| self.values(row)).copied().collect()
    }

    /// Returns true if all values in `row` are 0.
    pub(crate) fn is_zero(&self, row: usize) -> bool {
        self.values(row).iter().all(|value| *value == 0.0)
    }

    /// Returns `row`, including its padding.
    pub(crate) fn row(&self, row: usize) -> &[Lane] {
        &self.lanes[row * self.width..][..self.width]
    }

    /// Iterates over `rows` in the given order, prefetching upcoming rows.
    pub(crate) fn gather<'a>(&'a self, rows: &'a [u32]) -> impl Iterator<Item = &'a [Lane]> {
        /// Number of cache lines to prefetch, roughly the number of loads that a core can have in flight.
        const PREFETCH_LINES: usize = 64;
        let ahead = (PREFETCH_LINES / self.width).max(1);
        let (width, lanes) = (self.width, &*self.lanes);
        let row = move |row: &u32| &lanes[*row as usize * width..][..width];
        let fetch = move |next: &u32| prefetch(row(next));
        rows.iter().take(ahead).for_each(fetch);
        rows.iter().enumerate().map(move |(index, current)| {
            rows.get(index + ahead).into_iter().for_each(fetch);
            row(current)
        })
    }

    /// Iterates over all rows, including their padding.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [Lane]> {
        self.lanes.chunks_exact_mut(self.width)
    }

    /// Returns the dot product of `row` and `other`.
    pub(crate) fn dot(&self, row: usize, other: &[Lane]) -> f32 {
        let mut sums = [0.0; TILE];
        for (a, b) in self.row(row).iter().zip(other) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += a * b;
            }
        }
        sums.iter().sum()
    }

    /// Returns `FᵀF`. 2·n·d² FLOPs. The result does not depend on the number of threads.
    pub(crate) fn gramian(&self) -> TileMatrix {
        /// Number of rows per partial sum.
        const CHUNK_ROWS: usize = 4096;
        let runs: Vec<TileMatrix> = self
            .lanes
            .par_chunks(CHUNK_ROWS * self.width)
            .map(|rows| {
                let mut sum = TileMatrix::zeros(self.width);
                let mut panels = Panels::new(self.width);
                for rows in rows.chunks(Panels::ROWS * self.width) {
                    panels.clear();
                    rows.chunks_exact(self.width).for_each(|row| panels.push(row, 1.0));
                    panels.add_gramian(&mut sum);
                }
                sum
            })
            .collect();
        let mut sum = TileMatrix::zeros(self.width);
        for run in &runs {
            sum.add(run);
        }
        sum
    }
}

/// Up to [`Panels::ROWS`] gathered factor rows, stored as one panel per lane.
pub(crate) struct Panels {
    width: usize,
    n_rows: usize,
    lanes: Lanes,
}

impl Panels {
    /// Maximum number of rows, chosen to fit in the L2 cache.
    pub(crate) const ROWS: usize = 256;

    /// Creates empty panels.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, n_rows: 0, lanes: Lanes::zeros(width * Self::ROWS) }
    }

    /// Removes all rows.
    pub(crate) fn clear(&mut self) {
        self.n_rows = 0;
    }

    /// Appends `row`, multiplied by `scale`.
    pub(crate) fn push(&mut self, row: &[Lane], scale: f32) {
        for (panel, lane) in row.iter().enumerate() {
            self.lanes[panel * Self::ROWS + self.n_rows] = lane.map(|value| value * scale);
        }
        self.n_rows += 1;
    }

    /// Adds `RᵀR` to `sum`, where R is the matrix of appended rows.
    pub(crate) fn add_gramian(&self, sum: &mut TileMatrix) {
        for row in 0..self.width {
            let left = self.panel(row);
            for column in row..self.width {
                add_product(left, self.panel(column), sum.tile(row, column));
            }
        }
    }

    fn panel(&self, panel: usize) -> &[Lane] {
        &self.lanes[panel * Self::ROWS..][..self.n_rows]
    }
}
