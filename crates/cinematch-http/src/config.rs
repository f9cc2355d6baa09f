//! Access control settings.

use std::num::NonZeroU32;

use axum::http::StatusCode;
pub use cinematch_service::access::AccessMode;

use crate::problem::Problem;

/// Access control settings: mode, allowed hosts, rate limit and reverse proxy.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// Access mode: open, or with accounts.
    pub mode: AccessMode,
    /// Additional host names that requests may use, without ports. In open mode, requests to any host other than
    /// these and localhost are rejected with a 403.
    pub allowed_hosts: Vec<String>,
    /// Maximum number of requests per second from each client, with bursts of up to five times that many. `None`
    /// disables the limit.
    pub rate_limit: Option<NonZeroU32>,
    /// True if all requests come through a reverse proxy that terminates HTTPS and appends the client's address
    /// to `X-Forwarded-For`.
    pub behind_proxy: bool,
}

impl AccessConfig {
    /// Returns a 403 error with `detail` unless the server runs in `mode`.
    pub fn require_mode(&self, mode: AccessMode, detail: &str) -> Result<(), Problem> {
        if self.mode == mode {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}
