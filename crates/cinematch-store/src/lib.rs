//! Stores user data in an `SQLite` file or in `PostgreSQL`: profiles, preferences, feedback,
//! watchlists, imports, sessions, API keys and background jobs.
//!
//! Both databases have the same tables and run the same statements. A user is identified by a key: a
//! name chosen by a front end, or a profile ID in decimal. The caller passes in times and random
//! values.
//!
//! `SQLite` runs in write-ahead mode with `synchronous = FULL`: once a call has returned, its change
//! survives a crash of the process or the machine.

mod access;
mod address;
mod cache;
mod check;
mod error;
mod export;
mod feedback;
mod history;
mod imports;
mod jobs;
mod preferences;
mod records;
mod rows;
mod store;
mod timestamp;
mod transfer;
mod undo;
mod users;
mod watchlist;

pub use access::{ApiKey, NewKey, Scope};
pub use address::{Address, AddressError};
pub use check::{DatabaseCheck, check_database};
pub use error::StoreError;
pub use export::UserExport;
pub use imports::{ImportChanges, ImportRecord, ImportedMovie, PastImport};
pub use jobs::{Failure, Job, JobKind, JobState};
pub use records::feedback::{FeedbackUpdate, MovieFeedback, Reaction};
pub use records::history::{DataVersion, UserHistory};
pub use records::preferences::Preferences;
pub use store::{Ownership, Store, StoreFuture};
pub use timestamp::{now_millis, rfc3339};
pub use transfer::{Existing, Restored, RowCounts, backup, copy, restore};
pub use undo::{InvalidSnapshot, MovieSnapshot, WatchlistSnapshot};
pub use users::{Account, Identified, NewProfile, Owner, Profile, Receipt, is_email};
pub use watchlist::{AddOutcome, NewWatchlistItem, WatchlistItem};
