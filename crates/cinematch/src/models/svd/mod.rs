//! PureSVD: the truncated singular value decomposition of the users × movies matrix of weights.
//!
//! PureSVD (Cremonesi, Koren and Turrin, "Performance of Recommender Algorithms on Top-N Recommendation Tasks",
//! 2010) treats missing ratings as 0 and approximates the weights X by U·Σ·Vᵀ, the matrix of rank d that minimizes
//! ‖X − U·Σ·Vᵀ‖. A user with the weights x has the scores x·V·Vᵀ, so fold-in needs V only, and movie i in the history
//! contributes xᵢ·⟨vᵢ, vⱼ⟩ to the score of movie j.
//!
//! V is computed by randomized subspace iteration (Halko, Martinsson and Tropp, "Finding Structure with Randomness",
//! 2011): k random vectors, at least twice as many as needed, are repeatedly multiplied by `XᵀX` and made
//! orthonormal, until the first d of them no longer turn. The result equals `scipy.sparse.linalg.svds` to 1e-4.
//!
//! - **Shapes**: V is movies × d. k is 2·d, rounded up to a multiple of 16.
//! - **Time** per iteration with I movies and nnz observations: 4·nnz·k + 3·I·k² FLOPs, plus the eigendecomposition
//!   of a k × k matrix. With 64 factors, MovieLens latest-small takes fewer than 20 iterations. Synthetic data of the
//!   size of MovieLens 32M took 32 iterations, in 70 seconds on two cores.
//! - **Memory**: 4·k·(U + 3·I) bytes while fitting with U users, then 8·d·I bytes.
//! - **Errors**: a parameter is outside its range.
//! - **Seed**: determines the random vectors. The largest entry of each column of V is positive. The same seed gives
//!   the same bytes regardless of the number of threads.
//!
//! Movies without observations have zero rows in V. A movie added after training is folded in (Berry, Dumais and
//! O'Brien, "Using Linear Algebra for Intelligent Information Retrieval", 1995), combined with the factors of similar
//! movies as for iALS.
//!
//! The archive has the dense arrays `factors` (V, one row per movie) and `singular_values` (one row).

mod entry;
mod extend;
mod model;
mod params;
mod training;

pub use model::Svd;
pub use params::SvdParams;

#[cfg(test)]
mod tests;
