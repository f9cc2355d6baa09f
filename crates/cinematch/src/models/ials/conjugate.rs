//! Approximate solver for a row's system: a few conjugate gradient steps from the current factors.
//!
//! The method follows Takács, Pilászy and Tikk, "Applications of the Conjugate Gradient Method for Implicit
//! Feedback Collaborative Filtering", 2011. The matrix is never formed: multiplying it by a vector takes one
//! pass over the gathered factors of the row's columns and one over `α₀HᵀH`.

use super::solve::Row;
use crate::linalg::{Lane, Lanes, TILE, add_combination, add_gradient};
use crate::models::factors::Factors;

/// Solves one row's system at a time, reusing its buffers.
pub(crate) struct Descent {
    steps: usize,
    gathered: Gathered,
    gradient: Vec<Lane>,
    direction: Vec<Lane>,
    product: Vec<Lane>,
}

impl Descent {
    /// Creates a solver for rows of `width` lanes.
    pub(crate) fn new(width: usize, steps: usize) -> Self {
        let zeros = vec![[0.0; TILE]; width];
        Self {
            steps,
            gathered: Gathered { n_groups: 0, lanes: Lanes::zeros(0), weights: Vec::new() },
            gradient: zeros.clone(),
            direction: zeros.clone(),
            product: zeros,
        }
    }

    /// Moves `solution` toward the row's solution. `background` is the full matrix `α₀HᵀH`.
    /// (steps + 1)·(4·n·d + 2·d²) FLOPs.
    pub(crate) fn descend(
        &mut self,
        background: &[Lane],
        columns: &Factors,
        row: Row<'_>,
        solution: &mut [Lane],
    ) {
        let Self { steps, gathered, gradient, direction, product } = self;
        gathered.reset();
        let mut multiply = |at: &[Lane], target: f32, product: &mut [Lane]| {
            for (product, at) in product.iter_mut().zip(at) {
                *product = at.map(|value| row.ridge * value);
            }
            add_combination(background, at.as_flattened(), product);
            gathered.add_gradient(columns, row, at, target, product);
        };
        // The gradient is A·w − b. A target of 1 contributes b.
        multiply(solution, 1.0, gradient);
        for (direction, gradient) in direction.iter_mut().zip(&*gradient) {
            *direction = gradient.map(|value| -value);
        }
        let mut square = dot(gradient, gradient);
        for step in 1..=*steps {
            // Converged.
            if square < f32::MIN_POSITIVE {
                break;
            }
            multiply(direction, 0.0, product);
            let length = square / dot(direction, product);
            add(length, direction, solution);
            if step == *steps {
                break;
            }
            add(length, product, gradient);
            let previous = std::mem::replace(&mut square, dot(gradient, gradient));
            let momentum = square / previous;
            for (direction, gradient) in direction.iter_mut().zip(&*gradient) {
                for (direction, gradient) in direction.iter_mut().zip(gradient) {
                    *direction = momentum * *direction - gradient;
                }
            }
        }
    }
}

fn dot(a: &[Lane], b: &[Lane]) -> f32 {
    let mut sums = [0.0; TILE];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

fn add(factor: f32, values: &[Lane], sum: &mut [Lane]) {
    for (sum, values) in sum.iter_mut().zip(values) {
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += factor * value;
        }
    }
}

/// Gathered factors of a row's columns, in groups of 16 with one tile per lane, and their weights.
struct Gathered {
    n_groups: usize,
    lanes: Lanes,
    weights: Vec<Lane>,
}

impl Gathered {
    /// Discards the gathered columns so that the next call gathers those of another row.
    fn reset(&mut self) {
        self.n_groups = 0;
    }

    /// Adds Σ c·(⟨h, at⟩ − target)·h over the row's columns. The first call for a row gathers its columns.
    fn add_gradient(
        &mut self,
        columns: &Factors,
        row: Row<'_>,
        at: &[Lane],
        target: f32,
        sum: &mut [Lane],
    ) {
        let width = at.len();
        if self.n_groups > 0 {
            let tiles = &self.lanes.as_chunks().0[..self.n_groups * width];
            add_gradient(tiles, &self.weights, at, target, sum);
            return;
        }
        self.n_groups = row.columns.len().div_ceil(TILE);
        self.weights.clear();
        self.weights.resize(self.n_groups, [0.0; TILE]);
        self.weights.as_flattened_mut()[..row.weights.len()].copy_from_slice(row.weights);
        if self.lanes.len() < self.n_groups * width * TILE {
            self.lanes = Lanes::zeros(self.n_groups * width * TILE);
        }
        let tiles = &mut self.lanes.as_chunks_mut::<TILE>().0[..self.n_groups * width];
        let mut gathered = columns.gather(row.columns);
        for (group, weights) in tiles.chunks_exact_mut(width).zip(&self.weights) {
            // Unused slots in the last group have weight 0.
            for (slot, lanes) in (0..TILE).zip(&mut gathered) {
                for (tile, lane) in group.iter_mut().zip(lanes) {
                    tile[slot] = *lane;
                }
            }
            // The gradient is added while the group is in the L1 cache.
            add_gradient(group, std::slice::from_ref(weights), at, target, sum);
        }
    }
}
