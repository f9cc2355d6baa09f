//! Typo-tolerant search over titles, alternative titles, people and keywords.
//!
//! Query words may be misspelled and in any order, the last word may be incomplete, and a year ranks movies
//! of that year higher. [`SearchIndex::search`] compares each query word with every distinct word of the
//! catalog by edit distance and sums the matches per movie. There is no index of misspellings: most words
//! are rejected by length and letters alone, so a query takes about a millisecond on a catalog with a few
//! hundred thousand distinct words.
//!
//! A movie must match all query words; with three or more words, one may be missing.

mod distance;
mod index;

pub use index::{Hit, SearchIndex};

#[cfg(test)]
mod tests;
