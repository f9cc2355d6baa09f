//! What an operator sets, checked at start-up.

use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::HeaderValue;

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
    pub database: PathBuf,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
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
        "refusing to listen on {host}: without sign-in the server is for this machine only. Listen \
         on 127.0.0.1 and put a reverse proxy that asks for a password in front of it"
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

impl ServerConfig {
    /// Checks what one field alone does not tell.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.host.is_loopback() {
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
            database: PathBuf::new(),
            cors_origins: vec![origin.to_owned()],
        }
    }

    #[test]
    fn only_loopback_and_only_origins() {
        assert!(config("127.0.0.1", "http://localhost:5173").check().is_ok());
        assert!(config("::1", "https://films.example/").check().is_ok());
        let open = config("0.0.0.0", "http://localhost:5173").check().unwrap_err().to_string();
        assert!(open.contains("127.0.0.1"), "{open}");
        assert!(config("127.0.0.1", "*").check().is_err());
    }
}
