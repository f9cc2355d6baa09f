//! What people keep with CineMatch: profiles, preferences, what they said of films, watchlists,
//! sessions and keys. In one `SQLite` file, or in `PostgreSQL`: the same tables, the same statements.
//!
//! People are named by a key: whatever name a front end gives them, or a profile's number.
//!
//! In `SQLite` writes are in write-ahead mode with `synchronous = FULL`: when a call returns, its
//! change survives a crash of the process and of the machine. Time and randomness come in as
//! arguments.

mod access;
mod address;
mod error;
mod examine;
mod export;
mod feedback;
mod imports;
mod jobs;
mod preferences;
mod rows;
mod store;
mod taste;
mod transfer;
mod undo;
mod users;
mod watchlist;

pub use access::{ApiKey, NewKey, Scope};
pub use address::{Address, AddressError};
pub use error::StoreError;
pub use examine::{Examined, examine};
pub use export::Everything;
pub use feedback::{MovieFeedback, Reaction, Said};
pub use imports::{Changes, ImportRecord, ImportedMovie, PastImport};
pub use jobs::{Failure, Job, JobKind, JobState};
pub use preferences::Preferences;
pub use store::{Ownership, Store};
pub use taste::{Stamp, Taste};
pub use transfer::{Copied, Existing, backup, copy, restore};
pub use undo::{Before, NotBefore, Place};
pub use users::{Account, Identified, NewProfile, Owner, Profile, Receipt, is_email};
pub use watchlist::{Added, NewItem, WatchlistItem};

/// Returns the current time in milliseconds since 1970.
pub fn now_millis() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, |time| time.as_millis() as i64)
}

/// A moment, in milliseconds since 1970, as RFC 3339 in UTC to the second.
pub fn rfc3339(milliseconds: i64) -> String {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    let moment = OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(1000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_read_as_people_write_them() {
        assert_eq!(super::rfc3339(1_767_225_599_999), "2025-12-31T23:59:59Z");
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00Z");
    }
}
