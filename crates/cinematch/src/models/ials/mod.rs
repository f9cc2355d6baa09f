//! iALS: factors of users and movies from implicit feedback, fitted by alternating least squares.
//!
//! Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008, with the
//! objective of Rendle, Krichene, Zhang and Koren, "Revisiting the Performance of iALS on Item
//! Recommendation Benchmarks", 2021:
//!
//! ```text
//! Σ observed c·(⟨w,h⟩ − 1)²  +  α₀ Σ all ⟨w,h⟩²  +  λ Σ (n + α₀·N)^ν ‖·‖²
//! ```
//!
//! where a user w has n = Σ c observed of N movies, and a movie h likewise of users. Each half-step
//! solves one d × d system per row, exactly or approximately ([`Solver`]). A history is folded in by
//! the exact solution.
//!
//! - **Shapes**: users × d and movies × d factors; only the movies' factors are kept.
//! - **Time** per epoch with U users, I movies and nnz observations: 2·nnz·d·(d + 16) + (U + I)·d³/3
//!   FLOPs exactly, (s + 1)·(8·nnz·d + 2·(U + I)·d²) with s steps of conjugate gradients.
//! - **Memory**: 4·d·(U + I) bytes, and with conjugate gradients 4·d bytes per entry of the longest row
//!   in every thread.
//! - **Errors**: a parameter outside its range ([`IalsParams::check`]).
//! - **Seed**: draws the first factors of the movies. The same seed gives the same bytes at any number of
//!   threads.
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
