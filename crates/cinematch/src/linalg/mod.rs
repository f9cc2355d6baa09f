//! Dense linear algebra that the models' time goes into, in f32 and square tiles of 16: one kernel
//! adds products of panels to a tile, everything else is bookkeeping around it.
//!
//! A *panel* is k rows of 16 values; a *tile* is 16 of them. Symmetric matrices keep the tiles on
//! and above the diagonal, and so laid out, neither Cholesky's method nor an inversion ever turns a
//! tile round.

mod aligned;
mod cholesky;
mod inverse;
#[allow(unsafe_code, reason = "vector instructions, chosen at run time; see the module's page")]
mod kernel;

pub use aligned::Lanes;
pub use cholesky::{Factor, NotPositive, TileMatrix};
pub use inverse::BlockMatrix;
pub use kernel::{
    add_combination, add_gradient, add_product, instruction_set, prefetch, subtract_product,
};

/// The side of a tile.
pub const TILE: usize = 16;

/// A row of a panel: one vector register where registers are widest.
pub type Lane = [f32; TILE];

/// A square of values, row by row.
pub type Tile = [Lane; TILE];

/// A tile of zeros.
pub const ZERO: Tile = [[0.0; TILE]; TILE];
