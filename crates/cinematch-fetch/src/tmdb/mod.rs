//! TMDb: a client of its API, and a store that keeps every response.
//!
//! [`api`] retries one request until it is answered; [`fetch`] sends many requests and saves every
//! response to the [`store`] as it arrives; [`tables`] writes `tmdb_metadata.csv` and
//! `watch_providers.csv` from the store.

pub mod api;
pub mod fetch;
mod lenient;
mod movie;
mod providers;
pub mod store;
pub mod tables;
pub mod token;
mod verdict;
