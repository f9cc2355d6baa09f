//! The HTTP server of CineMatch: the JSON API and the pages behind one listener, with access control,
//! limits, observability and shutdown. A request sees one generation of the model from beginning to end.

mod config;
mod drain_body;
mod front;
mod guard;
mod health;
mod home;
mod monitor;
mod observe;
mod router;
mod serve;
mod state;
mod trace;

pub use config::{ConfigError, DEVELOPMENT_ORIGINS, ServerConfig};
pub use router::openapi_json;
pub use serve::{serve, serve_when_ready};
pub use state::{AppState, StartError};
