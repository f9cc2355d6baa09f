//! Where people's data is: a file, or a `PostgreSQL` database.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// What stands for itself in the path of an address.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Where people's data is. Shown, it has no password.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An `SQLite` file.
    File(PathBuf),
    /// A `PostgreSQL` database.
    Postgres(Url),
}

/// An address that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{reason}; expected postgres://user:password@host:5432/database, or sqlite:FILE for a file"
)]
pub struct AddressError {
    reason: String,
}

impl Address {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite:FILE` or the path of a file. What cannot be read
    /// is not quoted: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => {
                let reason =
                    |cause: url::ParseError| format!("the database's address is no URL: {cause}");
                let url =
                    Url::parse(text).map_err(|cause| AddressError { reason: reason(cause) })?;
                if url.path().trim_matches('/').is_empty() {
                    let reason = "the address names no database".to_owned();
                    return Err(AddressError { reason });
                }
                Ok(Self::Postgres(url))
            }
            "sqlite" => {
                let path = text["sqlite:".len()..].trim_start_matches("//");
                Ok(Self::File(PathBuf::from(path)))
            }
            // One letter is a drive.
            other if other.len() > 1 && text.contains("://") => Err(AddressError {
                reason: format!("`{other}` is no database that CineMatch knows"),
            }),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }

    /// The same of what must be an address and no path: whoever leaves out the scheme means no file of
    /// that name.
    pub fn parse_url(text: &str) -> Result<Self, AddressError> {
        let known = ["postgres:", "postgresql:", "sqlite:"];
        let start = text.get(..11).unwrap_or(text).to_ascii_lowercase();
        if !known.iter().any(|scheme| start.starts_with(scheme)) {
            let reason =
                "the database's address does not begin with postgres:// or sqlite:".to_owned();
            return Err(AddressError { reason });
        }
        Self::parse(text)
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// What is handed to the driver.
    pub(crate) fn to_driver(&self) -> String {
        match self {
            Self::File(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let path = path.to_string_lossy();
                format!("sqlite://{}?mode=rwc", utf8_percent_encode(&path, PATH))
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
    fn addresses_are_told_apart_and_shown_without_their_password() {
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
        let driven = Address::File(PathBuf::from("/tmp/a b?#%.db")).to_driver();
        assert_eq!(driven, "sqlite:///tmp/a%20b%3F%23%25.db?mode=rwc");
    }
}
