//! CineMatch's HTTP server. It serves the JSON API and the web pages on one listener, with access control, limits,
//! observability and graceful shutdown. Each request uses a single generation from start to finish, even if another
//! one is promoted in the meantime.

mod config;
mod drain_body;
#[cfg(test)]
mod frontends;
mod guard;
mod health;
mod home;
mod monitor;
mod observe;
mod router;
mod serve;
mod state;
mod swappable_router;
#[cfg(test)]
mod testing;
mod trace;

pub use config::{ConfigError, DEVELOPMENT_ORIGINS, ServerConfig};
pub use router::openapi_json;
pub use serve::{serve, serve_when_ready};
pub use state::{AppState, StartError};
