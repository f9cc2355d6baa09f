//! Fetches CineMatch's input data: MovieLens releases from GroupLens and movie metadata from TMDB.
//!
//! - [`movielens`] downloads a release, verifies its MD5 and atomically replaces the installed release.
//! - [`tmdb`] requests movies from TMDB's API, stores every response in `tmdb.db` and generates
//!   `tmdb_metadata.csv` from it.
//!
//! Both measure time with a [`clock::Clock`] passed by the caller, so tests can run a forty-minute fetch
//! in one minute.

pub mod clock;
mod http;
pub mod movielens;
mod rate_limiter;
pub mod tmdb;
