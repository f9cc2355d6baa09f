//! iALS: factors of users and movies from implicit feedback, fitted by alternating least squares.
//!
//! The model is that of Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
//! 2008, with the objective of Rendle, Krichene, Zhang and Koren, "Revisiting the Performance of iALS on Item
//! Recommendation Benchmarks", 2021:
//!
//! ```text
//! Σ observed c·(⟨w,h⟩ − 1)²  +  α₀ Σ all ⟨w,h⟩²  +  λ Σ (n + α₀·N)^ν ‖·‖²
//! ```
//!
//! For a user w, n is the total weight Σ c of the observed movies, and N is the number of movies; for a
//! movie h, n and N refer to users. Each half-step solves one d × d system per row, exactly or
//! approximately ([`Solver`]). Fold-in always uses the exact solution.
//!
//! - **Shapes**: users × d and movies × d factors; the model stores only the movies' factors.
//! - **Time** per epoch with U users, I movies and nnz observations: 2·nnz·d·(d + 16) + (U + I)·d³/3
//!   FLOPs with the exact solver, (s + 1)·(8·nnz·d + 2·(U + I)·d²) with s steps of conjugate gradients.
//! - **Memory**: 4·d·(U + I) bytes, and with conjugate gradients 4·d bytes per entry of the longest row
//!   in every thread.
//! - **Errors**: a parameter outside its range ([`IalsParams::check`]).
//! - **Seed**: determines the initial factors of the movies. The same seed gives the same bytes with any
//!   number of threads.
//!
//! The archive is the dense array `factors`, one row per movie.

mod blocks;
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
