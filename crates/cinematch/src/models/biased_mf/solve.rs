//! One row's system: (`YᵀY` + R)·x = Σ e·y, where R holds the row's ridges and e is what its ratings
//! leave for x to explain.

use super::BiasedMfParams;
use crate::linalg::{Factor, Lane, TILE, TileMatrix};
use crate::models::ials::{Factors, Panels};

/// Whose rows are solved. A row is `[bᵤ, 1, pᵤ]` of a user and `[1, bᵢ, qᵢ]` of a film, so that
/// their dot product is all of the model but μ.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    /// Users, for films as they are.
    User,
    /// Films, for users as they are.
    Movie,
}

impl Side {
    /// Where a row keeps its bias.
    pub fn bias(self) -> usize {
        self as usize
    }

    /// Where a row holds 1, the bias of the other side's rows standing against it.
    pub fn one(self) -> usize {
        1 - self as usize
    }
}

/// Solves rows one after the other in the same memory.
pub struct RowSolver<'a> {
    params: BiasedMfParams,
    side: Side,
    /// The other side's rows.
    columns: &'a Factors,
    panels: Panels,
    matrix: TileMatrix,
    factor: Factor,
    right: Vec<Lane>,
}

impl<'a> RowSolver<'a> {
    /// Room for systems of rows of `side`.
    pub fn new(params: BiasedMfParams, side: Side, columns: &'a Factors) -> Self {
        let width = columns.width();
        Self {
            params,
            side,
            columns,
            panels: Panels::new(width),
            matrix: TileMatrix::zeros(width),
            factor: Factor::default(),
            right: vec![[0.0; TILE]; width],
        }
    }

    /// Factors the system of a row with these ratings: columns, and stars less μ. 2·n·d² + d³/3
    /// FLOPs.
    pub fn prepare(&mut self, ratings: impl ExactSizeIterator<Item = (usize, f32)>) {
        let (bias, one) = (self.side.bias(), self.side.one());
        let mut left = ratings.len();
        let ridge = self.params.ridge(left);
        self.matrix.scale(0.0);
        // The padding of a row gets a ridge, too, and stays 0.
        self.matrix.add_to_diagonal(ridge);
        self.matrix.tile(0, 0)[bias][bias] = self.params.bias_regularization;
        self.right.fill([0.0; TILE]);
        self.panels.clear();
        for (column, stars) in ratings {
            let row = self.columns.row(column);
            let rest = stars - row[0][one];
            for (sum, lane) in self.right.iter_mut().zip(row) {
                for (sum, value) in sum.iter_mut().zip(lane) {
                    *sum += rest * value;
                }
            }
            self.panels.push(row, 1.0);
            left -= 1;
            if left.is_multiple_of(Panels::ROWS) {
                self.panels.add_gramian(&mut self.matrix);
                self.panels.clear();
            }
        }
        self.pin(one);
        // Ridges are checked to be so large that rounding takes no pivot below 0.
        self.matrix.factor(&mut self.factor).expect("a positive definite system");
    }

    /// The solution of the prepared system, in a row's form.
    pub fn solve(&mut self, row: &mut [Lane]) {
        row.copy_from_slice(&self.right);
        self.apply_inverse(row);
        row[0][self.side.one()] = 1.0;
    }

    /// Multiplies by the inverse of the prepared matrix; nothing comes to where the 1 is.
    pub fn apply_inverse(&self, values: &mut [Lane]) {
        values[0][self.side.one()] = 0.0;
        self.factor.solve(&self.matrix, values.as_flattened_mut());
    }

    /// Takes an unknown out of the system.
    fn pin(&mut self, unknown: usize) {
        for column in 0..self.right.len() {
            self.matrix.tile(0, column)[unknown].fill(0.0);
        }
        let tile = self.matrix.tile(0, 0);
        for row in tile.iter_mut() {
            row[unknown] = 0.0;
        }
        tile[unknown][unknown] = 1.0;
    }
}
