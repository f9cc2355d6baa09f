//! Recommendation models, one folder per family: `knn` has `item-knn` and `user-knn`, `ease` has `ease` and `edlae`.
//!
//! A fitted model is immutable. It computes scores from a user's history (fold-in), so the user need not be
//! part of the training data. Collaborative models learn from [`Implicit`] feedback. All models implement
//! [`Model`].
//!
//! # Adding a model
//!
//! 1. Create a folder with the parameters and the fitted model, and implement the crate's `ModelParams` and
//!    `FittedModel` traits (`interface.rs`). The traits have no default methods, so the compiler reports
//!    anything missing: parameter ranges, fitting, the seed, the `cinematch tune` search space, movies added
//!    after training, and the on-disk archive.
//! 2. Declare the module in this file, import its types in `registry.rs`, and add one line to the list there.
//!
//! The registry drives names, JSON, training, tuning, evaluation, the command line and artifacts. The
//! conformance suite in `tests.rs` and the round trip in `bundle/generations/tests.rs` iterate over it.

pub(crate) mod archive;
pub mod biased_mf;
mod blocks;
pub mod cold_start;
pub mod content;
mod contributions;
pub(crate) mod draw;
pub mod ease;
pub(crate) mod experience;
mod factors;
mod gram;
pub mod hybrid;
pub mod ials;
mod implicit;
mod interface;
mod item_item;
pub mod knn;
mod log_scale;
mod model;
pub mod popular;
mod registry;
pub mod spec;
pub mod svd;
pub mod taste;
pub mod trend;

pub use contributions::Contributions;
pub use implicit::{Confidence, Implicit};
pub use interface::{FitCause, ParameterError, TrainingSet};
pub use item_item::ItemItem;
pub use model::{Model, Scaling};
pub use registry::Fitted;
pub use spec::{FitError, Spec};

#[cfg(test)]
mod tests;
