//! Exact solver for a row's linear system (`YᵀY` + R)·x = Σ e·y, where R is the row's regularization and e
//! are the residuals of its ratings.

use super::params::BiasedMfParams;
use crate::linalg::{Factor, Lane, TILE, TileMatrix};
use crate::models::factors::{Factors, Panels};

/// Side of the model to solve for. A user's row is `[bᵤ, 1, pᵤ]` and a movie's row is `[1, bᵢ, qᵢ]`, so their
/// dot product is the prediction without μ.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    /// Users, with the movies fixed.
    User,
    /// Movies, with the users fixed.
    Movie,
}

impl Side {
    /// Returns the index of the bias within a row.
    pub(crate) fn bias(self) -> usize {
        self as usize
    }

    /// Returns the index of the constant 1 within a row, which multiplies the other side's bias.
    pub(crate) fn constant(self) -> usize {
        1 - self as usize
    }
}

/// Solves one row's system at a time, reusing its buffers.
pub(super) struct RowSolver<'a> {
    params: BiasedMfParams,
    side: Side,
    /// Rows on the other side.
    columns: &'a Factors,
    panels: Panels,
    matrix: TileMatrix,
    factor: Factor,
    rhs: Vec<Lane>,
}

impl<'a> RowSolver<'a> {
    /// Creates a solver for the rows on `side`.
    pub(crate) fn new(params: BiasedMfParams, side: Side, columns: &'a Factors) -> Self {
        let width = columns.width();
        Self {
            params,
            side,
            columns,
            panels: Panels::new(width),
            matrix: TileMatrix::zeros(width),
            factor: Factor::default(),
            rhs: vec![[0.0; TILE]; width],
        }
    }

    /// Builds and factors a row's system. Each rating is a column and the number of stars minus μ.
    /// 2·n·d² + d³/3 FLOPs.
    pub(crate) fn prepare(&mut self, ratings: impl ExactSizeIterator<Item = (usize, f32)>) {
        let (bias, constant) = (self.side.bias(), self.side.constant());
        let mut n_remaining = ratings.len();
        let ridge = self.params.ridge(n_remaining);
        self.matrix.scale(0.0);
        // The row's padding is regularized too, so it stays 0.
        self.matrix.add_to_diagonal(ridge);
        self.matrix.tile(0, 0)[bias][bias] = self.params.bias_regularization;
        self.rhs.fill([0.0; TILE]);
        self.panels.clear();
        for (column, stars) in ratings {
            let row = self.columns.row(column);
            let rest = stars - row[0][constant];
            for (sum, lane) in self.rhs.iter_mut().zip(row) {
                for (sum, value) in sum.iter_mut().zip(lane) {
                    *sum += rest * value;
                }
            }
            self.panels.push(row, 1.0);
            n_remaining -= 1;
            if n_remaining.is_multiple_of(Panels::ROWS) {
                self.panels.add_gramian(&mut self.matrix);
                self.panels.clear();
            }
        }
        self.remove_unknown(constant);
        // The parameter range checks ensure that the regularization is large enough for positive pivots.
        self.matrix.factor(&mut self.factor).expect("the system is positive definite");
    }

    /// Writes the solution of the prepared system to `row`.
    pub(crate) fn solve(&mut self, row: &mut [Lane]) {
        row.copy_from_slice(&self.rhs);
        self.apply_inverse(row);
        row[0][self.side.constant()] = 1.0;
    }

    /// Multiplies `values` by the inverse of the prepared matrix, with the entry for the constant 1 set to 0.
    pub(crate) fn apply_inverse(&self, values: &mut [Lane]) {
        values[0][self.side.constant()] = 0.0;
        self.factor.solve(&self.matrix, values.as_flattened_mut());
    }

    /// Removes an unknown from the system by replacing its row and column with those of the identity matrix.
    fn remove_unknown(&mut self, unknown: usize) {
        for column in 0..self.rhs.len() {
            self.matrix.tile(0, column)[unknown].fill(0.0);
        }
        let tile = self.matrix.tile(0, 0);
        for row in tile.iter_mut() {
            row[unknown] = 0.0;
        }
        tile[unknown][unknown] = 1.0;
    }
}
