//! Import graph of a crate's modules, read from the tokens of its source files.
//!
//! `cargo xtask tidy` rejects import cycles, and `cargo xtask test NAME` determines the external programs that
//! a test needs. The graph covers `use` declarations and qualified paths, but not method calls or paths that
//! macros build.

mod graph;
mod scan;

pub use graph::Modules;
