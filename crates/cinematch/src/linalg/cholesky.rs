//! Tiled Cholesky decomposition for symmetric positive definite systems with a few hundred unknowns.

use super::aligned::Lanes;
use super::kernel::{add_product, subtract_product};
use super::tile::{TILE, Tile, ZERO};

/// A symmetric matrix with n · 16 rows, storing the tiles on and above the diagonal in row-major order.
#[derive(Clone, Debug)]
pub(crate) struct TileMatrix {
    n: usize,
    tiles: Vec<Tile>,
}

/// Error returned when a matrix to factor or invert is not positive definite in f32 arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the matrix is not positive definite: pivot {pivot} is not positive")]
pub struct NotPositive {
    /// First row whose pivot is not positive.
    pub pivot: usize,
}

impl TileMatrix {
    /// Returns a matrix of zeros with `n` tiles per side.
    pub(crate) fn zeros(n: usize) -> Self {
        Self { n, tiles: vec![ZERO; n * (n + 1) / 2] }
    }

    /// Returns the tile in tile row `row` and tile column `column`, where `row ≤ column`.
    pub(crate) fn tile(&mut self, row: usize, column: usize) -> &mut Tile {
        let index = self.tile_index(row, column);
        &mut self.tiles[index]
    }

    /// Multiplies every entry by `factor`.
    pub(crate) fn scale(&mut self, factor: f32) {
        self.tiles
            .as_flattened_mut()
            .as_flattened_mut()
            .iter_mut()
            .for_each(|value| *value *= factor);
    }

    /// Adds `other`, which must have the same size.
    pub(crate) fn add(&mut self, other: &Self) {
        let values = self.tiles.as_flattened_mut().as_flattened_mut();
        let others = other.tiles.as_flattened().as_flattened();
        values.iter_mut().zip(others).for_each(|(value, other)| *value += other);
    }

    /// Returns the trace of the product with `other`, a matrix of the same size: Σ aᵢⱼ·bᵢⱼ over all entries.
    pub(crate) fn trace_of_product(&self, other: &Self) -> f64 {
        let mut trace = 0.0;
        for row in 0..self.n {
            for column in row..self.n {
                let index = self.tile_index(row, column);
                let (a, b) = (self.tiles[index].as_flattened(), other.tiles[index].as_flattened());
                let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                trace += if row == column { sum } else { 2.0 * sum };
            }
        }
        trace
    }

    /// Returns the full matrix in row-major order: n · 16 rows of n lanes.
    pub(crate) fn rows(&self) -> Lanes {
        let mut lanes = Lanes::zeros(self.n * self.n * TILE);
        for (row, lanes) in lanes.chunks_exact_mut(self.n).enumerate() {
            let (tile_row, within) = (row / TILE, row % TILE);
            for (column, to) in lanes.iter_mut().enumerate() {
                let tile = &self.tiles[self.tile_index(tile_row.min(column), tile_row.max(column))];
                *to = if tile_row <= column { tile[within] } else { tile.map(|lane| lane[within]) };
            }
        }
        lanes
    }

    /// Copies `other`, reusing the allocated memory.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.n = other.n;
        self.tiles.clone_from(&other.tiles);
    }

    /// Adds `value` to every diagonal entry.
    pub(crate) fn add_to_diagonal(&mut self, value: f32) {
        for at in 0..self.n {
            for (column, row) in self.tile(at, at).iter_mut().enumerate() {
                row[column] += value;
            }
        }
    }

    fn tile_index(&self, row: usize, column: usize) -> usize {
        row * self.n - row * (row + 1) / 2 + column
    }

    /// Returns an earlier tile to read and a later tile to modify.
    fn tile_pair(&mut self, read: usize, change: usize) -> (&Tile, &mut Tile) {
        let (before, after) = self.tiles.split_at_mut(change);
        (&before[read], &mut after[0])
    }

    /// Factors the matrix in place into A = `UᵀU` and stores U⁻ᵀ of each diagonal tile in `factor`.
    /// n³/3 FLOPs for n rows.
    ///
    /// # Errors
    /// Returns an error if the matrix is not positive definite.
    pub(crate) fn factor(&mut self, factor: &mut Factor) -> Result<(), NotPositive> {
        factor.inverses.resize(self.n, ZERO);
        for row in 0..self.n {
            let diagonal = self.tile_index(row, row);
            let inverse = &mut factor.inverses[row];
            *inverse = inverse_of_root(&self.tiles[diagonal])
                .map_err(|pivot| NotPositive { pivot: row * TILE + pivot })?;
            let transposed_inverse = transposed(inverse);
            for column in row + 1..self.n {
                let index = self.tile_index(row, column);
                let right = self.tiles[index];
                self.tiles[index] = ZERO;
                add_product(&transposed_inverse, &right, &mut self.tiles[index]);
            }
            for lower in row + 1..self.n {
                let left = self.tile_index(row, lower);
                for column in lower..self.n {
                    let right = self.tiles[self.tile_index(row, column)];
                    let change = self.tile_index(lower, column);
                    let (left, tile) = self.tile_pair(left, change);
                    subtract_product(left, &right, tile);
                }
            }
        }
        Ok(())
    }
}

/// Inverses of a factored matrix's diagonal tiles, needed for solving.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factor {
    inverses: Vec<Tile>,
}

impl Factor {
    /// Solves A·x = b in place: `values` holds b on entry and x on return. `matrix` is A as
    /// [factored](TileMatrix::factor). 2·n² FLOPs.
    pub(crate) fn solve(&self, matrix: &TileMatrix, values: &mut [f32]) {
        let n = matrix.n;
        let (lanes, _) = values.as_chunks_mut::<TILE>();
        for row in 0..n {
            // Forward substitution: U⁻ᵀ of the tile times the remaining right-hand side.
            let left = lanes[row];
            let inverse = &self.inverses[row];
            let solved: [f32; TILE] = std::array::from_fn(|i| dot(&inverse[i], &left));
            lanes[row] = solved;
            for column in row + 1..n {
                let tile = &matrix.tiles[matrix.tile_index(row, column)];
                for (values, factor) in tile.iter().zip(solved) {
                    for (lane, value) in lanes[column].iter_mut().zip(values) {
                        *lane -= factor * value;
                    }
                }
            }
        }
        for row in (0..n).rev() {
            let mut left = lanes[row];
            for column in row + 1..n {
                let tile = &matrix.tiles[matrix.tile_index(row, column)];
                for (left, values) in left.iter_mut().zip(tile) {
                    *left -= dot(values, &lanes[column]);
                }
            }
            let mut solved = [0.0; TILE];
            for (values, factor) in self.inverses[row].iter().zip(left) {
                for (solved, value) in solved.iter_mut().zip(values) {
                    *solved += factor * value;
                }
            }
            lanes[row] = solved;
        }
    }
}

fn dot(a: &[f32; TILE], b: &[f32; TILE]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Returns U⁻ᵀ, where `UᵀU` is the symmetric tile, by elimination on the tile augmented with the identity.
/// The error is the index of the first pivot that is not positive.
fn inverse_of_root(tile: &Tile) -> Result<Tile, usize> {
    let mut left = *tile;
    let mut right = ZERO;
    for (index, row) in right.iter_mut().enumerate() {
        row[index] = 1.0;
    }
    for at in 0..TILE {
        let pivot = left[at][at];
        if pivot.is_nan() || pivot <= 0.0 {
            return Err(at);
        }
        let scale = pivot.sqrt().recip();
        let scaled = |row: [f32; TILE]| row.map(|value| value * scale);
        (left[at], right[at]) = (scaled(left[at]), scaled(right[at]));
        let (left_row, right_row) = (left[at], right[at]);
        for lower in at + 1..TILE {
            let factor = left_row[lower];
            for column in 0..TILE {
                left[lower][column] -= factor * left_row[column];
                right[lower][column] -= factor * right_row[column];
            }
        }
    }
    Ok(right)
}

fn transposed(tile: &Tile) -> Tile {
    std::array::from_fn(|row| std::array::from_fn(|column| tile[column][row]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns A = `MᵀM` + I for a small pseudorandom M, both as tiles and as full rows.
    fn sample(n_tiles: usize) -> (TileMatrix, Vec<Vec<f64>>) {
        let n = n_tiles * TILE;
        let value = |row: usize, column: usize| ((row * 31 + column * 17) % 13) as f64 / 13.0 - 0.5;
        let entry = |i: usize, j: usize| {
            let sum: f64 = (0..n).map(|k| value(k, i) * value(k, j)).sum();
            if i == j { sum + 1.0 } else { sum }
        };
        let full: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
        let mut matrix = TileMatrix::zeros(n_tiles);
        for row in 0..n_tiles {
            for column in row..n_tiles {
                let tile = matrix.tile(row, column);
                for (i, lane) in tile.iter_mut().enumerate() {
                    for (j, value) in lane.iter_mut().enumerate() {
                        *value = full[row * TILE + i][column * TILE + j] as f32;
                    }
                }
            }
        }
        (matrix, full)
    }

    #[test]
    fn solves_systems_of_one_and_several_tiles() {
        for n_tiles in [1, 2, 5] {
            let (mut matrix, full) = sample(n_tiles);
            let n = n_tiles * TILE;
            let expected: Vec<f64> = (0..n).map(|at| (at % 7) as f64 - 3.0).collect();
            let product =
                |row: &Vec<f64>| row.iter().zip(&expected).map(|(a, x)| a * x).sum::<f64>();
            let mut values: Vec<f32> = full.iter().map(|row| product(row) as f32).collect();
            let matrix_rows = matrix.rows();
            let mut factor = Factor::default();
            matrix.factor(&mut factor).unwrap();
            factor.solve(&matrix, &mut values);
            for (row, full) in matrix_rows.as_flattened().chunks(n).zip(&full) {
                assert!(row.iter().zip(full).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4));
            }
            for (value, expected) in values.iter().zip(&expected) {
                assert!((f64::from(*value) - expected).abs() < 1e-3, "{value} {expected}");
            }
        }
    }

    #[test]
    fn rejects_a_matrix_that_is_not_positive_definite() {
        let (mut matrix, _) = sample(2);
        matrix.tile(1, 1)[3][3] = -1.0;
        let refused = matrix.factor(&mut Factor::default());
        assert_eq!(refused, Err(NotPositive { pivot: TILE + 3 }));
    }
}
