//! A client for TMDB's API, and a store that keeps every response.
//!
//! [`api`] retries a single request until it gets a response, [`fetch`] sends many requests and saves
//! each response to the [`store`] as it arrives, and [`tables`] writes `tmdb_metadata.csv` and
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
