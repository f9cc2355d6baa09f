//! The HTTP server of CineMatch: serves the JSON API and the web pages on one listener, with access control,
//! limits, observability and graceful shutdown. Each request uses a single generation from start to end, even if
//! another one is promoted meanwhile.

mod config;
mod drain_body;
mod guard;
mod health;
mod home;
mod monitor;
mod observe;
mod router;
mod serve;
mod state;
mod swappable_router;
mod trace;

pub use config::{ConfigError, DEVELOPMENT_ORIGINS, ServerConfig};
pub use router::openapi_json;
pub use serve::{serve, serve_when_ready};
pub use state::{AppState, StartError};
