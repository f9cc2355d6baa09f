//! Films → numbers. Two matrices, one row a film:
//!
//! - the *plain* rows, TF-IDF | genres | numeric, exactly as scikit-learn makes them ([`plain`]);
//! - the *ranking* rows, whose dot product is how alike two films are to a person ([`ranking`]).

mod categorical;
pub mod matrix;
pub mod numeric;
pub mod patterns;
pub mod plain;
pub mod ranking;
pub mod tags;
pub mod text;

pub use categorical::GenreBinarizer;
pub use matrix::CsrMatrix;
