//! Fetches CineMatch's input data: MovieLens releases from GroupLens and movie facts from TMDb.
//!
//! - [`movielens`] downloads a release, checks its MD5 and replaces the installed one in one step.
//! - [`tmdb`] requests movies from TMDb's API, stores every response in `tmdb.db` and writes
//!   `tmdb_metadata.csv` from it.
//!
//! Both measure time with a [`clock::Clock`] passed by the caller, so that tests can run a fetch of
//! forty minutes in one minute.

pub mod clock;
mod http;
pub mod movielens;
mod rate_limiter;
pub mod tmdb;
