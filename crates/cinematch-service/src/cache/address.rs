//! Redis address parsing.

use std::fmt;

use redis::{ConnectionInfo, IntoConnectionInfo};

/// Address of a Redis server. `Display` and `Debug` omit the password.
#[derive(Clone)]
pub struct RedisAddress(ConnectionInfo);

/// An invalid Redis address. The message does not quote the address, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; expected redis://[[user]:password@]host[:port][/database] or unix:///path/to/redis.sock"
)]
pub struct RedisAddressError(&'static str);

impl RedisAddressError {
    /// Error for an address that has a valid scheme but cannot be parsed.
    pub(super) const UNUSABLE: Self = Self("the Redis address cannot be parsed");
}

impl RedisAddress {
    /// Parses an address of the form `redis://…` or `unix://…`.
    pub fn parse(text: &str) -> Result<Self, RedisAddressError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("redis" | "unix" | "redis+unix") => {}
            Some("rediss" | "valkeys") => {
                return Err(RedisAddressError(
                    "TLS connections to Redis are not supported: run Redis on this machine or on a private \
                     network, or use a tunnel such as stunnel",
                ));
            }
            _ => {
                return Err(RedisAddressError(
                    "the Redis address does not start with redis:// or unix://",
                ));
            }
        }
        text.into_connection_info().map(Self).map_err(|_| RedisAddressError::UNUSABLE)
    }

    /// Returns the connection settings for the driver.
    pub(super) fn info(&self) -> ConnectionInfo {
        self.0.clone()
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.0.addr() {
            redis::ConnectionAddr::Unix(_) => "unix",
            _ => "redis",
        };
        write!(f, "{scheme}://{}/{}", self.0.addr(), self.0.redis_settings().db())
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_addresses_and_never_displays_the_password() {
        let shown = |text: &str| RedisAddress::parse(text).map(|address| format!("{address:?}"));
        let canary = "redis://ada:hunter2@cache.example:6380/3";
        assert_eq!(shown(canary).unwrap(), "redis://cache.example:6380/3");
        assert_eq!(shown("REDIS://:hunter2@localhost").unwrap(), "redis://localhost:6379/0");
        let socket = shown("unix:///run/redis.sock?db=2&pass=hunter2").unwrap();
        assert!(socket.starts_with("unix:///run/redis.sock"), "{socket}");
        for (wrong, why) in [
            ("rediss://ada:hunter2@cache.example", "stunnel"),
            ("cache.example:6379", "redis://"),
            ("http://hunter2", "redis://"),
            ("redis://h/hunter2", "cannot be parsed"),
            ("redis://", "cannot be parsed"),
            ("", "redis://"),
        ] {
            let error = shown(wrong).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
    }
}
