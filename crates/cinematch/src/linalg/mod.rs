//! Dense linear algebra for the models: f32 for the hot loops, using 16 × 16 tiles, and f64 for small
//! eigenproblems.
//!
//! A *lane* is 16 values, a *panel* is k lanes, and a *tile* is 16 lanes. One kernel adds products of panels
//! to a tile, and the other algorithms are built on it. Symmetric matrices store the tiles on and above the
//! diagonal. With this layout, neither Cholesky decomposition nor inversion transposes a tile.

mod aligned;
mod cholesky;
mod eigen;
mod inverse;
#[allow(unsafe_code, reason = "vector instructions, chosen at run time; see the module docs")]
mod kernel;
mod solve;
mod tile;

pub(crate) use aligned::Lanes;
pub(crate) use cholesky::{Factor, NotPositive, TileMatrix};
pub(crate) use eigen::{dot, eigendecomposition};
pub(crate) use inverse::BlockMatrix;
pub(crate) use kernel::{add_combination, add_gradient, add_product, prefetch};
pub(crate) use solve::solve;
pub(crate) use tile::{Lane, TILE, Tile, ZERO};
