//! Rows of factors, padded to whole lanes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use crate::linalg::{Lane, Lanes, TILE, TileMatrix, add_product, prefetch};

/// n rows of d numbers. Each row starts at a lane; what is beyond d in its last one stays 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    n_factors: usize,
    /// Lanes a row.
    width: usize,
    lanes: Lanes,
}

impl Factors {
    /// Zeros.
    pub fn zeros(n_rows: usize, n_factors: usize) -> Self {
        let width = n_factors.div_ceil(TILE);
        Self { n_factors, width, lanes: Lanes::zeros(n_rows * width) }
    }

    /// Normal numbers, every row from a stream of its own.
    pub fn normal(n_rows: usize, n_factors: usize, deviation: f32, seed: u64) -> Self {
        let mut factors = Self::zeros(n_rows, n_factors);
        let width = factors.width;
        factors.lanes.par_chunks_mut(width).enumerate().for_each(|(row, lanes)| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(row as u64);
            let values = &mut lanes.as_flattened_mut()[..n_factors];
            for pair in values.chunks_mut(2) {
                // Box and Muller, 1958; the first number lies in (0, 1].
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

    /// Rows of d values each; `None` if there are not so many.
    pub fn from_values(n_rows: usize, n_factors: usize, values: &[f32]) -> Option<Self> {
        let mut factors = Self::zeros(n_rows, n_factors);
        for (row, values) in factors.rows_mut().zip(values.chunks(n_factors)) {
            row.as_flattened_mut()[..values.len()].copy_from_slice(values);
        }
        (values.len() == n_rows * n_factors).then_some(factors)
    }

    /// The first rows. O(numbers).
    #[must_use]
    pub fn first(&self, n_rows: usize) -> Self {
        let mut first = Self::zeros(n_rows, self.n_factors);
        let n_lanes = first.lanes.len();
        first.lanes.copy_from_slice(&self.lanes[..n_lanes]);
        first
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.lanes.len() / self.width
    }

    /// Numbers a row.
    pub fn n_factors(&self) -> usize {
        self.n_factors
    }

    /// Lanes a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The numbers of a row.
    pub fn values(&self, row: usize) -> &[f32] {
        &self.row(row).as_flattened()[..self.n_factors]
    }

    /// A row, padded.
    pub fn row(&self, row: usize) -> &[Lane] {
        &self.lanes[row * self.width..][..self.width]
    }

    /// The rows of these numbers, in this order. They lie anywhere in memory, so while one is used
    /// those that come soon are already on their way.
    pub fn gather<'a>(&'a self, rows: &'a [u32]) -> impl Iterator<Item = &'a [Lane]> {
        /// How far ahead: about as many lines as a core has under way at once.
        const LINES: usize = 64;
        let ahead = (LINES / self.width).max(1);
        let (width, lanes) = (self.width, &*self.lanes);
        let row = move |row: &u32| &lanes[*row as usize * width..][..width];
        let fetch = move |next: &u32| prefetch(row(next));
        rows.iter().take(ahead).for_each(fetch);
        rows.iter().enumerate().map(move |(place, this)| {
            rows.get(place + ahead).into_iter().for_each(fetch);
            row(this)
        })
    }

    /// Every row, padded.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [Lane]> {
        self.lanes.chunks_exact_mut(self.width)
    }

    /// ⟨row, other⟩.
    pub fn dot(&self, row: usize, other: &[Lane]) -> f32 {
        let mut sums = [0.0; TILE];
        for (a, b) in self.row(row).iter().zip(other) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += a * b;
            }
        }
        sums.iter().sum()
    }

    /// `FᵀF`. 2·n·d² FLOPs; the same bytes at any number of threads.
    pub fn gramian(&self) -> TileMatrix {
        /// Rows that are added up on their own.
        const RUN: usize = 4096;
        let runs: Vec<TileMatrix> = self
            .lanes
            .par_chunks(RUN * self.width)
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

/// Up to [`Panels::ROWS`] rows of factors, gathered: a panel for every 16 of their numbers.
pub struct Panels {
    width: usize,
    n_rows: usize,
    lanes: Lanes,
}

impl Panels {
    /// The most rows: few enough that all of them stay in the nearer caches.
    pub const ROWS: usize = 256;

    /// Without rows.
    pub fn new(width: usize) -> Self {
        Self { width, n_rows: 0, lanes: Lanes::zeros(width * Self::ROWS) }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.n_rows = 0;
    }

    /// Adds a row, scaled.
    pub fn push(&mut self, row: &[Lane], scale: f32) {
        for (panel, lane) in row.iter().enumerate() {
            self.lanes[panel * Self::ROWS + self.n_rows] = lane.map(|value| value * scale);
        }
        self.n_rows += 1;
    }

    /// Adds `RᵀR` of the rows R.
    pub fn add_gramian(&self, sum: &mut TileMatrix) {
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
