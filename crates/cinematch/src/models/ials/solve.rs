//! One row's system: (`α₀HᵀH` + Σ c·hhᵀ + ridge)·w = Σ c·h.

use super::factors::{Factors, Panels};
use crate::linalg::{Factor, Lane, TILE, TileMatrix};

/// Solves rows one after the other in the same memory.
pub struct RowSolver {
    matrix: TileMatrix,
    factor: Factor,
    panels: Option<Panels>,
}

impl RowSolver {
    pub fn new() -> Self {
        Self { matrix: TileMatrix::zeros(0), factor: Factor::default(), panels: None }
    }

    /// Replaces `solution` by the solution for a row that has these columns with these weights.
    pub fn solve(
        &mut self,
        background: &TileMatrix,
        ridge: f32,
        columns: &Factors,
        (indices, weights): (&[u32], &[f32]),
        solution: &mut [Lane],
    ) {
        let mut right = vec![[0.0; TILE]; solution.len()];
        for (column, weight) in indices.iter().zip(weights) {
            for (sum, lane) in right.iter_mut().zip(columns.row(*column as usize)) {
                for (sum, value) in sum.iter_mut().zip(lane) {
                    *sum += weight * value;
                }
            }
        }
        solution.copy_from_slice(&right);
        let rows = std::iter::once(solution);
        self.apply_inverse(background, ridge, columns, (indices, weights), rows);
    }

    /// Multiplies each of `vectors` by the inverse of a row's matrix.
    pub fn apply_inverse<'v>(
        &mut self,
        background: &TileMatrix,
        ridge: f32,
        columns: &Factors,
        (indices, weights): (&[u32], &[f32]),
        vectors: impl Iterator<Item = &'v mut [Lane]>,
    ) {
        let panels = self.panels.get_or_insert_with(|| Panels::new(columns.width()));
        self.matrix.copy_from(background);
        self.matrix.add_to_diagonal(ridge);
        for (indices, weights) in indices.chunks(Panels::ROWS).zip(weights.chunks(Panels::ROWS)) {
            panels.clear();
            for (column, weight) in indices.iter().zip(weights) {
                panels.push(columns.row(*column as usize), weight.sqrt());
            }
            panels.add_gramian(&mut self.matrix);
        }
        // The ridge is above 0, so that only values which are no numbers can fail here.
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
