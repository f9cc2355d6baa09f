//! Server settings, validated at startup.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use cinematch_http::config::{AccessConfig, AccessMode};
use cinematch_service::cache::CacheConfig;
use cinematch_service::jobs::JobsConfig;
use cinematch_store::Address;

/// Server settings: listener, paths, access, cache and jobs.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 picks a free one.
    pub port: u16,
    /// Directory that holds the published generations.
    pub artifacts: PathBuf,
    /// Address of the database that stores user data.
    pub database: Address,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Access mode, allowed hosts, rate limit and reverse proxy.
    pub access: AccessConfig,
    /// Reply cache settings: in-memory capacity and Redis address.
    pub cache: CacheConfig,
    /// Worker command and schedules for background jobs.
    pub jobs: JobsConfig,
    /// Time during which the server keeps accepting requests after a stop signal. The readiness probe already fails
    /// then, so load balancers can route requests elsewhere.
    pub stop_delay: Duration,
}

/// Origins of common front-end development servers.
pub const DEVELOPMENT_ORIGINS: [&str; 4] = [
    "http://localhost:5173",
    "http://127.0.0.1:5173",
    "http://localhost:3000",
    "http://127.0.0.1:3000",
];

/// An invalid server setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Open mode on a non-loopback address, which would give the whole network full access.
    #[error(
        "refusing to listen on {host}: open mode has no passwords, so it is limited to this machine. Listen on \
         127.0.0.1, or require users to sign in with `--access accounts`; `cinematch user add` creates \
         accounts and `cinematch key create` creates API keys"
    )]
    OpenToOthers {
        /// The configured listen address.
        host: IpAddr,
    },
    /// A CORS origin is malformed.
    #[error("`{origin}` is not an origin; expected something like http://localhost:5173")]
    Origin {
        /// The configured origin.
        origin: String,
    },
}

impl ConfigError {
    /// Returns the `cinematch serve` flags that the error is about, without leading dashes.
    pub fn flags(&self) -> &'static [&'static str] {
        match self {
            Self::OpenToOthers { .. } => &["host", "access"],
            Self::Origin { .. } => &["cors-origins"],
        }
    }
}

impl ServerConfig {
    /// Validates the settings: open mode requires a loopback address, and CORS origins must be well formed.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.access.mode == AccessMode::Open && !self.host.is_loopback() {
            return Err(ConfigError::OpenToOthers { host: self.host });
        }
        self.origins().map(|_| ())
    }

    /// Returns the CORS origins as header values.
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
    fn rejects_open_mode_beyond_loopback_and_malformed_origins() {
        assert!(config("127.0.0.1", "http://localhost:5173").check().is_ok());
        assert!(config("::1", "https://films.example/").check().is_ok());
        let mut exposed = config("0.0.0.0", "http://localhost:5173");
        let error = exposed.check().unwrap_err().to_string();
        assert!(error.contains("--access accounts"), "{error}");
        exposed.access.mode = AccessMode::Accounts;
        assert!(exposed.check().is_ok());
        assert!(config("127.0.0.1", "*").check().is_err());
    }
}
