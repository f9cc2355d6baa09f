//! The JSON API: one module per resource, and the `OpenAPI` document.

mod auth;
mod browse;
mod catalog;
pub mod document;
mod feedback;
mod groups;
mod import;
mod jobs;
mod models;
mod preferences;
mod recommendations;
mod routes;
mod search;
mod similar;
mod users;
mod watchlist;

pub use routes::{guarded, public};
