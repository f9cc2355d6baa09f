//! Biased matrix factorization: predicts ratings, each with an interval of calibrated coverage.
//!
//! ```text
//! r̂ = μ + bᵤ + bᵢ + ⟨pᵤ, qᵢ⟩
//! Σ (r − r̂)²  +  λ Σ (n + n₀)·(‖pᵤ‖² + ‖qᵢ‖²)  +  λ_b Σ (bᵤ² + bᵢ²)
//! ```
//!
//! The model follows Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender Systems", 2009.
//! It is fitted by alternating least squares, with regularization that grows with n, the rating count
//! of a user or movie (Zhou, Wilkinson, Schreiber and Pan, "Large-scale Parallel Collaborative Filtering for
//! the Netflix Prize", 2008). n₀ keeps factors small when there are few ratings: without it, predictions for
//! users with ten ratings are worse than predictions from the biases alone. A half-step solves exactly for
//! the bias and factors of each row together; fold-in computes the same solution for a history.
//!
//! Intervals are computed by split conformal prediction; see [`Prediction`]. Users reserved for calibrating
//! the intervals are not used for training.
//!
//! - **Shapes**: matrices of users × f and movies × f, where f = d + 2; the model stores only the movie
//!   matrix.
//! - **Units**: stars, 0.5 to 5.
//! - **Time** per epoch with U users, I movies and nnz ratings: 2·nnz·f·(f + 16) + (U + I)·f³/3 FLOPs.
//! - **Memory**: 4·f·(U + I) bytes, with f rounded up to a multiple of 16.
//! - **Errors**: a parameter is outside its range ([`BiasedMfParams::check`]).
//! - **Seed**: determines the initial movie factors and which users to calibrate on. The same seed gives the
//!   same bytes regardless of the number of threads.
//!
//! The archive contains the dense arrays `films` (one row `[1, bias, factors]` per movie), `mean`, `counts`
//! (training ratings per movie) and `quantiles` (5 × 5).

mod calibration;
mod entry;
mod extend;
mod interval;
mod model;
mod params;
mod solve;
mod training;

pub use model::{BiasedMf, Prediction};
pub use params::{BiasedMfParams, CheckedBiasedMfParams};

#[cfg(test)]
mod tests;
