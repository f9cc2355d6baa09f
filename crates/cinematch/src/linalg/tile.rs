//! The units that kernels work on: lanes and tiles.

/// Number of rows and columns in a tile.
pub(crate) const TILE: usize = 16;

/// A row of a panel, which fits one vector register with AVX-512.
pub(crate) type Lane = [f32; TILE];

/// A square matrix in row-major order.
pub(crate) type Tile = [Lane; TILE];

/// A tile of zeros.
pub(crate) const ZERO: Tile = [[0.0; TILE]; TILE];
