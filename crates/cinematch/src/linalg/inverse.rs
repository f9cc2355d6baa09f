//! In-place inversion of symmetric positive definite matrices with tens of thousands of rows, using half the
//! memory of a full matrix.
//!
//! The algorithm is the block form of the sweep operator (Goodnight, "A Tutorial on the SWEEP Operator",
//! 1979). Sweeping a block of rows R with diagonal block D subtracts RᵀD⁻¹R from all other entries and
//! replaces R by D⁻¹R and D by −D⁻¹. After all blocks have been swept, the matrix is −A⁻¹. The cost is
//! n³ FLOPs, the same as for a Cholesky decomposition followed by an inversion, with nearly all of it spent
//! in one kernel.

use std::ops::Range;

use rayon::prelude::*;

use super::cholesky::NotPositive;
use super::kernel::{add_product, subtract_product};
use super::tile::{Lane, TILE, Tile};

/// Number of rows per block, large enough that a pass over the matrix is bound by arithmetic rather than
/// memory bandwidth.
const BLOCK: usize = 256;
/// Number of tile rows per block.
const TILES: usize = BLOCK / TILE;

/// A symmetric matrix. Rows are grouped into blocks of 256. A block is a sequence of 16-column panels,
/// starting with the panel that contains its first diagonal entry. Padding rows are rows of the identity
/// matrix.
#[derive(Clone, Debug)]
pub(crate) struct BlockMatrix {
    n: usize,
    /// Number of blocks.
    n_blocks: usize,
    lanes: Vec<Lane>,
}

impl BlockMatrix {
    /// Returns an `n` × `n` matrix of zeros, which takes about 2·n² bytes.
    pub(crate) fn zeros(n: usize) -> Self {
        let n_blocks = n.div_ceil(BLOCK);
        let n_panels = (1..=n_blocks).sum::<usize>() * TILES;
        let mut matrix = Self { n, n_blocks, lanes: vec![[0.0; TILE]; n_panels * BLOCK] };
        for row in n..n_blocks * BLOCK {
            *matrix.entry(row, row) = 1.0;
        }
        matrix
    }

    /// Returns the offset of the panel in block `block` and tile column `column`.
    fn panel(&self, block: usize, column: usize) -> usize {
        // Number of panels in the blocks above. Each block has 16 fewer than the previous one.
        let above = block * self.n_blocks - block * block.saturating_sub(1) / 2;
        (above * TILES + column - block * TILES) * BLOCK
    }

    /// Returns an entry that is on or above the diagonal, or in a diagonal block.
    fn entry(&mut self, row: usize, column: usize) -> &mut f32 {
        let lane = self.panel(row / BLOCK, column / TILE) + row % BLOCK;
        &mut self.lanes[lane][column % TILE]
    }

    /// Returns the entry at `row` and `column`.
    #[cfg(test)]
    fn get(&self, row: usize, column: usize) -> f32 {
        let (row, column) = (row.min(column), row.max(column));
        self.lanes[self.panel(row / BLOCK, column / TILE) + row % BLOCK][column % TILE]
    }

    /// Adds `of(row, value)` to every entry of the diagonal.
    pub(crate) fn add_to_diagonal(&mut self, change: impl Fn(usize, f32) -> f32) {
        for row in 0..self.n {
            let entry = self.entry(row, row);
            *entry += change(row, *entry);
        }
    }

    /// Fills the matrix, processing blocks of rows in parallel. `scratch` creates the state for a block.
    /// `fill` is called with that state, a row number, and the values of the row from the diagonal on, which
    /// are initially zero.
    pub(crate) fn fill_rows<S>(
        &mut self,
        scratch: impl Fn() -> S + Sync,
        fill: impl Fn(&mut S, usize, &mut [f32]) + Sync,
    ) {
        let n = self.n;
        self.blocks().into_par_iter().with_max_len(1).for_each(|(block, lanes)| {
            let first = block * BLOCK;
            let mut scratch = scratch();
            let mut values = vec![0.0; n - first];
            for row in first..n.min(first + BLOCK) {
                values.fill(0.0);
                fill(&mut scratch, row, &mut values[row - first..]);
                for (column, values) in values.chunks(TILE).enumerate() {
                    lanes[column * BLOCK + row - first][..values.len()].copy_from_slice(values);
                }
            }
            mirror(lanes);
        });
    }

    /// Returns the blocks with their indices.
    fn blocks(&mut self) -> Vec<(usize, &mut [Lane])> {
        let n_blocks = self.n_blocks;
        let mut rest = self.lanes.as_mut_slice();
        let take = |block| {
            let length = (n_blocks - block) * TILES * BLOCK;
            (block, rest.split_off_mut(..length).unwrap_or_default())
        };
        (0..n_blocks).map(take).collect()
    }

    /// Copies the full row `row`, on both sides of the diagonal, to `values`.
    ///
    /// # Panics
    /// Panics if the length of `values` differs from the number of rows.
    pub(crate) fn copy_row(&self, row: usize, values: &mut [f32]) {
        assert_eq!(values.len(), self.n, "`values` must have one entry per row");
        let block = row / BLOCK;
        for above in 0..block {
            let start = self.panel(above, row / TILE);
            let lanes = &self.lanes[start..start + BLOCK];
            for (value, lane) in values[above * BLOCK..].iter_mut().zip(lanes) {
                *value = lane[row % TILE];
            }
        }
        let start = block * BLOCK;
        for (tile, values) in values[start..].chunks_mut(TILE).enumerate() {
            let lane = &self.lanes[self.panel(block, start / TILE + tile) + row % BLOCK];
            values.copy_from_slice(&lane[..values.len()]);
        }
    }

    /// Inverts the matrix in place. Calls `progress` with the fraction completed, from 0 to 1.
    ///
    /// # Errors
    /// Returns an error if the matrix is not positive definite, in which case its contents are unspecified.
    pub(crate) fn invert(&mut self, progress: &mut dyn FnMut(f32)) -> Result<(), NotPositive> {
        let mut sweep = Sweep::new(self.n_blocks);
        for block in 0..self.n_blocks {
            sweep.run(self, block)?;
            progress((block + 1) as f32 / self.n_blocks as f32);
        }
        self.blocks().into_par_iter().for_each(|(_, lanes)| {
            lanes.as_flattened_mut().iter_mut().for_each(|value| *value = -*value);
            mirror(lanes);
        });
        Ok(())
    }
}

/// Copies the upper triangle of a block's diagonal square, which is stored in full, to the lower triangle.
fn mirror(lanes: &mut [Lane]) {
    for row in 0..BLOCK {
        for column in 0..row {
            let value = lanes[row / TILE * BLOCK + column][row % TILE];
            lanes[column / TILE * BLOCK + row][column % TILE] = value;
        }
    }
}

/// Buffers for sweeping, reused for all blocks.
struct Sweep {
    /// R: the block's rows of the full matrix, with one panel per tile column.
    rows: Vec<Lane>,
    /// D⁻¹R, in the same layout as `rows`.
    solved: Vec<Lane>,
}

impl Sweep {
    fn new(n_blocks: usize) -> Self {
        let capacity = n_blocks * TILES * BLOCK;
        Self { rows: vec![[0.0; TILE]; capacity], solved: vec![[0.0; TILE]; capacity] }
    }

    fn run(&mut self, matrix: &mut BlockMatrix, block: usize) -> Result<(), NotPositive> {
        let own: Range<usize> = block * TILES..(block + 1) * TILES;
        self.gather(matrix, block);
        let diagonal = inverse(&self.rows[own.start * BLOCK..own.end * BLOCK])
            .map_err(|pivot| NotPositive { pivot: block * BLOCK + pivot })?;

        let Self { rows, solved } = self;
        let (panels, rows) = (solved.par_chunks_mut(BLOCK), &*rows);
        panels.zip(rows.par_chunks(BLOCK)).enumerate().for_each(|(column, (solved, rows))| {
            if own.contains(&column) {
                // The block itself becomes −D⁻¹.
                let offset = (column - own.start) * BLOCK;
                solved.copy_from_slice(&diagonal[offset..offset + BLOCK]);
                solved.as_flattened_mut().iter_mut().for_each(|value| *value = -*value);
                return;
            }
            solved.as_flattened_mut().fill(0.0);
            let (tiles, _) = solved.as_chunks_mut::<TILE>();
            for (tile, left) in tiles.iter_mut().zip(diagonal.chunks_exact(BLOCK)) {
                add_product(left, rows, tile);
            }
        });

        let solved = &*solved;
        let places: Vec<(usize, usize)> = (0..matrix.n_blocks)
            .flat_map(|row| (row * TILES..matrix.n_blocks * TILES).map(move |column| (row, column)))
            .collect();
        matrix.lanes.par_chunks_mut(BLOCK).zip(places).for_each(|(panel, (row, column))| {
            let column_panel = &solved[column * BLOCK..(column + 1) * BLOCK];
            if row == block {
                panel.copy_from_slice(column_panel);
                return;
            }
            let (tiles, _): (&mut [Tile], _) = panel.as_chunks_mut::<TILE>();
            if own.contains(&column) {
                // The transpose of D⁻¹R, because these columns belong to rows above the block.
                for (at, tile) in tiles.iter_mut().enumerate() {
                    let from = (row * TILES + at) * BLOCK + (column - own.start) * TILE;
                    for (i, lane) in tile.iter_mut().enumerate() {
                        for (j, value) in lane.iter_mut().enumerate() {
                            *value = solved[from + j][i];
                        }
                    }
                }
                return;
            }
            let right = &rows[column * BLOCK..(column + 1) * BLOCK];
            for (at, tile) in tiles.iter_mut().enumerate() {
                let from = (row * TILES + at) * BLOCK;
                subtract_product(&solved[from..from + BLOCK], right, tile);
            }
        });
        Ok(())
    }

    /// Copies the block's rows of the full matrix to `rows`. Entries left of the diagonal come from the
    /// columns above it.
    fn gather(&mut self, matrix: &BlockMatrix, block: usize) {
        self.rows.par_chunks_mut(BLOCK).enumerate().for_each(|(column, rows)| {
            let above = column / TILES;
            if above >= block {
                let from = matrix.panel(block, column);
                rows.copy_from_slice(&matrix.lanes[from..from + BLOCK]);
                return;
            }
            let row = column % TILES * TILE;
            for (at, panel) in rows.chunks_exact_mut(TILE).enumerate() {
                let from = matrix.panel(above, block * TILES + at) + row;
                for (j, lane) in panel.iter_mut().enumerate() {
                    *lane = std::array::from_fn(|i| matrix.lanes[from + i][j]);
                }
            }
        });
    }
}

/// Inverts a diagonal block, given as panels, in f64 by sweeping one row at a time. The error is the index of
/// the first pivot that is not positive.
fn inverse(panels: &[Lane]) -> Result<Vec<Lane>, usize> {
    let mut full: Vec<Vec<f64>> = (0..BLOCK)
        .map(|row| {
            let row_panel = |column: usize| panels[column / TILE * BLOCK + row][column % TILE];
            (0..BLOCK).map(|column| row_panel(column).into()).collect()
        })
        .collect();
    for at in 0..BLOCK {
        let pivot = full[at][at];
        if pivot.is_nan() || pivot <= 0.0 {
            return Err(at);
        }
        let row = std::mem::take(&mut full[at]);
        for (index, other) in full.iter_mut().enumerate().filter(|(index, _)| *index != at) {
            let factor = row[index] / pivot;
            for (value, entry) in other.iter_mut().zip(&row) {
                *value -= factor * entry;
            }
            other[at] = factor;
        }
        full[at] = row.into_iter().map(|value| value / pivot).collect();
        full[at][at] = -1.0 / pivot;
    }
    let mut inverse = vec![[0.0; TILE]; panels.len()];
    for (row, values) in full.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            inverse[column / TILE * BLOCK + row][column % TILE] = -value as f32;
        }
    }
    Ok(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_with_the_inverse_is_the_identity() {
        for n in [1, 15, 256, 257, 700] {
            let value = |k: usize, i: usize| ((k * 31 + i * 17 + k * i) % 23) as f64 / 23.0 - 0.5;
            let entry = |i: usize, j: usize| {
                let sum: f64 = (0..40).map(|k| value(k, i) * value(k, j)).sum();
                (if i == j { sum + 2.0 + (i % 5) as f64 } else { sum }) as f32
            };
            let mut matrix = BlockMatrix::zeros(n);
            matrix.fill_rows(
                || (),
                |(), row, values| {
                    for (at, value) in values.iter_mut().enumerate() {
                        *value = entry(row, row + at);
                    }
                },
            );
            assert!((matrix.get(n - 1, 0) - entry(0, n - 1)).abs() < 1e-9);
            let mut done = 0.0;
            matrix.invert(&mut |share| done = share).unwrap();
            assert!((done - 1.0).abs() < 1e-6);
            let mut row = vec![0.0; n];
            for i in (0..n).step_by(37) {
                matrix.copy_row(i, &mut row);
                for j in (0..n).step_by(11) {
                    assert!((row[j] - matrix.get(i, j)).abs() < 1e-9);
                    let sum: f64 = (0..n).map(|k| f64::from(row[k]) * f64::from(entry(k, j))).sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((sum - expected).abs() < 1e-4, "{n}: {i} {j} {sum}");
                }
            }
        }
    }

    #[test]
    fn rejects_a_matrix_that_is_not_positive_definite() {
        let mut matrix = BlockMatrix::zeros(300);
        matrix.add_to_diagonal(|row, _| if row == 270 { -1.0 } else { 1.0 });
        assert_eq!(matrix.invert(&mut |_| ()), Err(NotPositive { pivot: 270 }));
    }
}
