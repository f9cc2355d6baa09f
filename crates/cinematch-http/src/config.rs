//! Settings of access control.

use std::num::NonZeroU32;

use axum::http::StatusCode;

use crate::problem::Problem;

/// Settings of access control: mode, allowed hosts, rate limit and reverse proxy.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// Access mode: open, or with accounts.
    pub mode: AccessMode,
    /// Additional host names of the server, without port. In open mode, requests for any host but these and
    /// localhost are rejected with a 403.
    pub allowed_hosts: Vec<String>,
    /// Maximum number of requests per second and client, with bursts of up to five times that number; `None`
    /// disables the limit.
    pub rate_limit: Option<NonZeroU32>,
    /// True if all requests come through a reverse proxy that terminates HTTPS and appends the client's address
    /// to `X-Forwarded-For`.
    pub behind_proxy: bool,
}

/// Method of identifying callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessMode {
    /// Profiles without passwords; the server is reachable from its own machine only.
    #[default]
    Open,
    /// Accounts with passwords, and API keys for clients.
    Accounts,
}

impl AccessConfig {
    /// Returns a 403 with `detail` unless the server runs in `mode`.
    pub fn require_mode(&self, mode: AccessMode, detail: &str) -> Result<(), Problem> {
        if self.mode == mode {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}
