//! CineMatch's library: from MovieLens' and TMDb's files to explained recommendations. Pure and
//! synchronous: no network, SQL, HTTP or async types.
//!
//! Data moves one way: `sources → catalog → features → models → retrieval → ranking`; `bundle`
//! keeps what was trained.

pub mod bundle;
pub mod catalog;
pub mod digits;
pub mod evaluation;
pub mod features;
pub mod files;
pub mod ids;
pub mod imports;
mod linalg;
pub mod models;
pub mod ranking;
pub mod rating;
pub mod retrieval;
pub mod search;
pub mod sources;
