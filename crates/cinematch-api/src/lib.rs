//! The JSON API: one module per resource, and the `OpenAPI` document.

mod auth;
mod browse;
mod catalog;
pub mod document;
mod feedback;
mod groups;
mod import;
#[cfg(test)]
mod invariants;
mod jobs;
mod models;
mod preferences;
mod recommendations;
mod routes;
mod search;
mod similar;
#[cfg(test)]
mod testing;
mod users;
mod watchlist;

pub use routes::{guarded, public};
