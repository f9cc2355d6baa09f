//! Biased matrix factorization: predicted stars, each with an interval of calibrated coverage.
//!
//! ```text
//! r̂ = μ + bᵤ + bᵢ + ⟨pᵤ, qᵢ⟩
//! Σ (r − r̂)²  +  λ Σ (n + n₀)·(‖pᵤ‖² + ‖qᵢ‖²)  +  λ_b Σ (bᵤ² + bᵢ²)
//! ```
//!
//! The model is that of Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender
//! Systems", 2009. It is fitted by alternating least squares with regularization that grows with the n
//! ratings of a row (Zhou, Wilkinson, Schreiber and Pan, "Large-scale Parallel Collaborative Filtering
//! for the Netflix Prize", 2008). n₀ keeps the factors of short rows small: without it, predictions for
//! users with ten ratings are worse than those of biases alone. A half-step solves exactly for the bias and
//! the factors of a row together; fold-in computes the same solution for a history.
//!
//! Intervals are computed by split conformal prediction; see [`Prediction`]. The users that intervals are
//! calibrated on are not used for training.
//!
//! - **Shapes**: users × f and movies × f rows with f = d + 2; the model stores only the movies' rows.
//! - **Units**: stars, 0.5 to 5.
//! - **Time** per epoch with U users, I movies and nnz ratings: 2·nnz·f·(f + 16) + (U + I)·f³/3 FLOPs.
//! - **Memory**: 4·f·(U + I) bytes, f rounded up to a multiple of 16.
//! - **Errors**: a parameter outside its range ([`BiasedMfParams::check`]).
//! - **Seed**: determines the initial factors of the movies and the users to calibrate on. The same seed gives
//!   the same bytes with any number of threads.
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
