//! Database addresses: an `SQLite` file or a `PostgreSQL` URL.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Characters to percent-encode in the path of a URL.
const PATH_ENCODE_SET: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Database address. `Display` and `Debug` omit the password.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// Path of an `SQLite` file.
    File(PathBuf),
    /// URL of a `PostgreSQL` database.
    Postgres(Url),
}

/// An address that cannot be parsed. Its message never quotes the address, which may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{reason}; expected postgres://user:password@host:5432/database, or sqlite:FILE for a file"
)]
pub struct AddressError {
    reason: String,
}

impl Address {
    /// Parses `postgres://…`, `postgresql://…`, `sqlite:FILE` or a file path.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => {
                let reason = |cause: url::ParseError| format!("invalid database URL: {cause}");
                let url =
                    Url::parse(text).map_err(|cause| AddressError { reason: reason(cause) })?;
                if url.path().trim_matches('/').is_empty() {
                    let reason = "the database URL does not name a database".to_owned();
                    return Err(AddressError { reason });
                }
                Ok(Self::Postgres(url))
            }
            "sqlite" => {
                let path = text["sqlite:".len()..].trim_start_matches("//");
                Ok(Self::File(PathBuf::from(path)))
            }
            // A one-letter scheme is a drive letter.
            other if other.len() > 1 && text.contains("://") => {
                Err(AddressError { reason: format!("unsupported database `{other}`") })
            }
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }

    /// Parses an address that must have a scheme, for settings where a missing scheme is a mistake rather
    /// than a file path.
    pub fn parse_url(text: &str) -> Result<Self, AddressError> {
        let schemes = ["postgres:", "postgresql:", "sqlite:"];
        let prefix = text.get(..11).unwrap_or(text).to_ascii_lowercase();
        if !schemes.iter().any(|scheme| prefix.starts_with(scheme)) {
            let reason = "the database URL does not start with postgres:// or sqlite:";
            return Err(AddressError { reason: reason.to_owned() });
        }
        Self::parse(text)
    }

    /// Returns the path of an `SQLite` file, or `None` for other databases.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// Returns the URL in the form the driver expects, including the password.
    pub(crate) fn driver_url(&self) -> String {
        match self {
            Self::File(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let path = path.to_string_lossy();
                format!("sqlite://{}?mode=rwc", utf8_percent_encode(&path, PATH_ENCODE_SET))
            }
            Self::Postgres(url) => url.to_string(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let host = url.host_str().unwrap_or("localhost");
                write!(f, "postgres://{host}{port}{}", url.path())
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_each_kind_of_address_and_never_displays_a_password() {
        let shown = |text: &str| Address::parse(text).map(|address| format!("{address:?}"));
        let canary = "postgres://ada:hunter2@db.example:5433/films?password=hunter2";
        assert_eq!(shown(canary).unwrap(), "postgres://db.example:5433/films");
        assert_eq!(shown("postgresql:///films").unwrap(), "postgres://localhost/films");
        assert_eq!(shown("sqlite:data/x.db").unwrap(), "data/x.db");
        assert_eq!(shown("sqlite:///x.db").unwrap(), "/x.db");
        assert_eq!(shown("data/a b.db").unwrap(), "data/a b.db");
        for wrong in
            ["postgres://hunter2@", "postgres://h:hunter2/x", "mysql://hunter2", "postgres://host"]
        {
            let error = shown(wrong).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && error.contains("postgres://user"), "{error}");
        }
        for wrong in ["ada:hunter2@db.example/films", "hunter2", "", "é"] {
            let error = Address::parse_url(wrong).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && error.contains("postgres://user"), "{error}");
        }
        assert!(Address::parse_url("PostgreSQL://h/films").is_ok());
        let driven = Address::File(PathBuf::from("/tmp/a b?#%.db")).driver_url();
        assert_eq!(driven, "sqlite:///tmp/a%20b%3F%23%25.db?mode=rwc");
    }
}
