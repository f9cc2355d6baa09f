//! What an operator sets, checked at start-up.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_service::cache::CacheConfig;
use cinematch_service::jobs::JobsConfig;
use cinematch_store::Address;

/// The server's settings.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The folder of trained models.
    pub artifacts: PathBuf,
    /// People's data.
    pub database: Address,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Who may do what.
    pub access: AccessConfig,
    /// The reply cache.
    pub cache: CacheConfig,
    /// Background jobs.
    pub jobs: JobsConfig,
    /// Time for which the server keeps taking requests after it was told to stop. It already reports that it
    /// is not ready, so that a load balancer can send requests elsewhere.
    pub stop_delay: Duration,
}

/// Origins of the usual development servers.
pub const DEVELOPMENT_ORIGINS: [&str; 4] = [
    "http://localhost:5173",
    "http://127.0.0.1:5173",
    "http://localhost:3000",
    "http://127.0.0.1:3000",
];

/// Settings that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Everybody on the network could read and change everybody's lists.
    #[error(
        "refusing to listen on {host}: in open mode, without passwords, the server is for this machine \
         only. Listen on 127.0.0.1, or let people sign in: `--access accounts`, with \
         `cinematch user add` and `cinematch key create`"
    )]
    OpenToOthers {
        /// The address.
        host: IpAddr,
    },
    /// Not an origin.
    #[error("`{origin}` is not an origin; expected something like http://localhost:5173")]
    Origin {
        /// What was given.
        origin: String,
    },
}

impl ConfigError {
    /// The flags of `cinematch serve` that it is about, without their dashes.
    pub fn flags(&self) -> &'static [&'static str] {
        match self {
            Self::OpenToOthers { .. } => &["host", "access"],
            Self::Origin { .. } => &["cors-origins"],
        }
    }
}

impl ServerConfig {
    /// Checks what one field alone does not tell.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.access.mode == AccessMode::Open && !self.host.is_loopback() {
            return Err(ConfigError::OpenToOthers { host: self.host });
        }
        self.origins().map(|_| ())
    }

    /// The origins as header values.
    pub(crate) fn origins(&self) -> Result<Vec<HeaderValue>, ConfigError> {
        let parse = |origin: &String| {
            let has_scheme = origin.starts_with("http://") || origin.starts_with("https://");
            HeaderValue::from_str(origin.trim_end_matches('/'))
                .ok()
                .filter(|_| has_scheme)
                .ok_or_else(|| ConfigError::Origin { origin: origin.clone() })
        };
        self.cors_origins.iter().map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(host: &str, origin: &str) -> ServerConfig {
        ServerConfig {
            host: host.parse().unwrap(),
            port: 0,
            artifacts: PathBuf::new(),
            database: Address::File(PathBuf::new()),
            cors_origins: vec![origin.to_owned()],
            access: AccessConfig::default(),
            jobs: JobsConfig::default(),
            stop_delay: Duration::ZERO,
            cache: CacheConfig::default(),
        }
    }

    #[test]
    fn open_mode_is_for_loopback_and_origins_are_origins() {
        assert!(config("127.0.0.1", "http://localhost:5173").check().is_ok());
        assert!(config("::1", "https://films.example/").check().is_ok());
        let mut others = config("0.0.0.0", "http://localhost:5173");
        let refused = others.check().unwrap_err().to_string();
        assert!(refused.contains("--access accounts"), "{refused}");
        others.access.mode = AccessMode::Accounts;
        assert!(others.check().is_ok());
        assert!(config("127.0.0.1", "*").check().is_err());
    }
}
