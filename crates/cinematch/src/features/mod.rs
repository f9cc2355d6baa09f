//! Feature matrices with one row per movie:
//!
//! - *plain* features (TF-IDF, genres and numeric columns), equal to scikit-learn's ([`plain`]);
//! - *ranking* features, whose dot products are the similarities of movies as users perceive them
//!   ([`ranking`]).

mod block;
mod categorical;
pub mod labels;
pub(crate) mod layout;
pub mod matrix;
pub mod numeric;
pub mod patterns;
pub mod plain;
pub mod ranking;
pub mod tags;
pub mod text;

pub use categorical::GenreBinarizer;
pub use matrix::CsrMatrix;
