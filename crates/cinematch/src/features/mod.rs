//! Feature matrices of movies, one row per movie:
//!
//! - *plain* rows, TF-IDF | genres | numeric, equal to scikit-learn's ([`plain`]);
//! - *ranking* rows, whose dot products are similarities of movies as users perceive them
//!   ([`ranking`]).

mod categorical;
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
