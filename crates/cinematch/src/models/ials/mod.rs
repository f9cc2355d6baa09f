//! iALS: user and movie factors learned from implicit feedback by alternating least squares.
//!
//! The model follows Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008,
//! with the objective from Rendle, Krichene, Zhang and Koren, "Revisiting the Performance of iALS on Item
//! Recommendation Benchmarks", 2021:
//!
//! ```text
//! Σ observed c·(⟨w,h⟩ − 1)²  +  α₀ Σ all ⟨w,h⟩²  +  λ Σ (n + α₀·N)^ν ‖·‖²
//! ```
//!
//! For a user w, n is the total weight Σ c of the observed movies, and N is the number of movies; for a movie
//! h, n and N refer to users. Each half-step solves one d × d system per row, either exactly or approximately
//! ([`Solver`]). Fold-in always uses the exact solution.
//!
//! - **Shapes**: user factors are users × d and movie factors movies × d; the model stores only the movie
//!   factors.
//! - **Time** per epoch with U users, I movies and nnz observations: 2·nnz·d·(d + 16) + (U + I)·d³/3 FLOPs
//!   with the exact solver, or (s + 1)·(8·nnz·d + 2·(U + I)·d²) with s conjugate gradient steps.
//! - **Memory**: 4·d·(U + I) bytes. Conjugate gradients also need 4·d bytes per thread for each entry of the
//!   longest row.
//! - **Errors**: a parameter is outside its range ([`IalsParams::check`]).
//! - **Seed**: determines the initial movie factors. The same seed gives the same bytes regardless of the
//!   number of threads.
//!
//! The archive is the dense array `factors`, one row per movie.

mod conjugate;
mod entry;
mod extend;
mod model;
mod params;
mod solve;
mod training;

pub use super::factors::Factors;
pub use model::Ials;
pub use params::{CheckedIalsParams, IalsParams, Solver};
pub use training::Training;
