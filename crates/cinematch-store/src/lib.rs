//! What people keep with CineMatch, in one SQLite file: their watchlists.
//!
//! Writes are in write-ahead mode with `synchronous = FULL`: when a call returns, its change
//! survives a crash of the process and of the machine.

mod store;
mod watchlist;

pub use store::{Store, StoreError};
pub use watchlist::{Added, NewItem, WatchlistItem};

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
