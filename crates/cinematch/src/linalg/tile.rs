//! Units of the kernels: lanes and tiles.

/// Number of rows and of columns of a tile.
pub(crate) const TILE: usize = 16;

/// A row of a panel: one vector register with AVX-512.
pub(crate) type Lane = [f32; TILE];

/// A square matrix of values, stored row by row.
pub(crate) type Tile = [Lane; TILE];

/// A tile of zeros.
pub(crate) const ZERO: Tile = [[0.0; TILE]; TILE];
