//! Decoders for MovieLens and TMDB files, and for exports from other services.
//!
//! A decoder returns records *and* [problems](Problem). An invalid row is data, not an error: it is
//! dropped or repaired, then reported with its file, line and field. Only a file in the wrong format,
//! such as one with the wrong header, or one that ends in the middle of a row is an error.

pub mod history;
pub mod movielens;
pub(crate) mod problem;
pub mod ratings;
pub mod table;
pub mod title;
pub mod tmdb;
pub mod values;

pub(crate) use problem::excerpt;
pub use problem::{Decoded, Outcome, Problem, ProblemKind, SourceError, Unlisted};
