//! The modules of a crate and the names each takes from the others, read from the source tokens.
//!
//! Serves two checks: `cargo xtask tidy` refuses import circles, and `cargo xtask test NAME` finds out which external
//! programs a test reaches. It is a reading of `use` declarations and qualified paths, not a compiler: method calls and
//! macros that build paths are invisible to it.

mod graph;
mod scan;

pub use graph::Modules;
