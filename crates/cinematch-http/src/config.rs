//! Settings of access to the server.

use std::num::NonZeroU32;

use axum::http::StatusCode;

use crate::problem::Problem;

/// Settings of access to the server.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// Whether people sign in.
    pub mode: AccessMode,
    /// Further names under which the server is reached, without port; in open mode requests to other
    /// names are refused.
    pub allowed_hosts: Vec<String>,
    /// Requests per second and client, with bursts of five seconds' worth; `None`: any number.
    pub rate_limit: Option<NonZeroU32>,
    /// True if all requests come from a reverse proxy that speaks HTTPS to clients and adds the client's
    /// address as the last element of `X-Forwarded-For`.
    pub behind_proxy: bool,
}

/// Whether people sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessMode {
    /// A household at its own machine: profiles without passwords.
    #[default]
    Open,
    /// Accounts with passwords, and API keys.
    Accounts,
}

impl AccessConfig {
    /// Returns a 403 with `detail` unless the server runs in `mode`.
    pub fn only_in(&self, mode: AccessMode, detail: &str) -> Result<(), Problem> {
        if self.mode == mode {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}
