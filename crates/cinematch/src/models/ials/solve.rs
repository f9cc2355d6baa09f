//! Exact solver for a row's linear system (`α₀HᵀH` + Σ c·hhᵀ + ridge)·w = Σ c·h.

use crate::linalg::{Factor, Lane, TILE, TileMatrix};
use crate::models::factors::{Factors, Panels};

/// A row of the matrix, with its regularization.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Columns of the entries, in ascending order.
    pub columns: &'a [u32],
    /// Weight c of each entry.
    pub weights: &'a [f32],
    /// Regularization λ (n + α₀·N)^ν.
    pub ridge: f32,
}

/// Solves one row's system at a time, reusing its buffers.
pub(crate) struct RowSolver {
    matrix: TileMatrix,
    factor: Factor,
    panels: Panels,
    rhs: Vec<Lane>,
}

impl RowSolver {
    /// Creates a solver for rows of `width` lanes.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            matrix: TileMatrix::zeros(0),
            factor: Factor::default(),
            panels: Panels::new(width),
            rhs: vec![[0.0; TILE]; width],
        }
    }

    /// Writes the row's solution to `solution`. `n·d·(d + 16) + d³/3` FLOPs.
    pub(crate) fn solve(
        &mut self,
        background: &TileMatrix,
        columns: &Factors,
        row: Row<'_>,
        solution: &mut [Lane],
    ) {
        self.assemble(background, columns, row);
        solution.copy_from_slice(&self.rhs);
        self.solve_all(std::iter::once(solution));
    }

    /// Multiplies each of `vectors` by the inverse of the row's matrix.
    pub(crate) fn apply_inverse<'v>(
        &mut self,
        background: &TileMatrix,
        columns: &Factors,
        row: Row<'_>,
        vectors: impl Iterator<Item = &'v mut [Lane]>,
    ) {
        self.assemble(background, columns, row);
        self.solve_all(vectors);
    }

    /// Builds both sides of the row's system in one pass, because reading scattered factor rows dominates the
    /// run time.
    fn assemble(&mut self, background: &TileMatrix, columns: &Factors, row: Row<'_>) {
        let Self { matrix, panels, rhs: right, .. } = self;
        matrix.copy_from(background);
        matrix.add_to_diagonal(row.ridge);
        right.fill([0.0; TILE]);
        let mut gathered = columns.gather(row.columns);
        for weights in row.weights.chunks(Panels::ROWS) {
            panels.clear();
            for (weight, lanes) in weights.iter().zip(&mut gathered) {
                panels.push(lanes, weight.sqrt());
                for (sum, lane) in right.iter_mut().zip(lanes) {
                    for (sum, value) in sum.iter_mut().zip(lane) {
                        *sum += weight * value;
                    }
                }
            }
            panels.add_gramian(matrix);
        }
    }

    fn solve_all<'v>(&mut self, vectors: impl Iterator<Item = &'v mut [Lane]>) {
        // The ridge is positive, so only NaN values can fail here.
        let factored = self.matrix.factor(&mut self.factor).is_ok();
        for vector in vectors {
            if factored {
                self.factor.solve(&self.matrix, vector.as_flattened_mut());
            } else {
                vector.as_flattened_mut().fill(f32::NAN);
            }
        }
    }
}
