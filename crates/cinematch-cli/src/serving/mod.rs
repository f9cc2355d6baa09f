//! Starts the HTTP server: flags, listener, background jobs and telemetry, shared by `serve`, `demo`, `ping`
//! and `config check`.

mod background;
mod flags;
mod listen;
mod telemetry;

pub use flags::ServeFlags;
pub use listen::{Listen, ListenAddress, ReservedPort, listen, stop_signal};
