//! Typo-tolerant search over titles, alternative titles, people and keywords.
//!
//! Query words may be misspelled and in any order, the last word may be incomplete, and movies from a
//! year given in the query rank higher. [`SearchIndex::search`] compares each query word with every
//! distinct word in the catalog by edit distance and sums the matches for each movie. It needs no index
//! of misspellings: length and letters alone rule out most words, so a query takes about a millisecond on
//! a catalog with a few hundred thousand distinct words.
//!
//! A movie must match every query word, except that one word may be missing from a query of three or
//! more.

mod distance;
mod index;

pub use index::{Hit, SearchIndex};

#[cfg(test)]
mod tests;
