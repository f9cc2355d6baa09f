//! The use cases of CineMatch, without HTTP.
//!
//! Each module implements one task of a user or an operator, such as recommending, searching, importing or
//! recording feedback. A use case is a function that takes a [`Service`] (or a [`Serving`] snapshot of it)
//! and a typed request, and returns a typed reply or a [`ServiceError`]. The JSON API and the web pages both
//! call these functions; neither calls the other.
//!
//! The service owns the loaded bundle, the reply cache, the store handle and the clock, and reloads the
//! bundle when a new generation is published.

pub mod access;
pub mod actions;
pub mod assessed_watchlist;
pub mod browse;
pub mod cache;
mod canonical;
pub mod catalog;
pub mod clock;
pub mod error;
pub mod export;
pub mod feedback;
pub mod groups;
pub mod home;
pub mod imports;
pub mod item;
pub mod jobs;
pub mod listing;
pub mod models;
pub mod movie_fit;
pub mod names;
pub mod onboarding;
mod optional;
pub mod personal;
pub mod preferences;
pub mod profile;
pub mod recommend;
pub mod reload;
pub mod search;
pub mod secrets;
pub mod selection;
pub mod service;
pub mod serving;
pub mod similar;
pub mod taste_summary;
pub mod trace;
pub mod user_view;
pub mod watchlist;

pub use clock::Clock;
pub use error::ServiceError;
pub use service::{OpenError, Service, ServiceConfig};
pub use serving::Serving;
