//! What can be wrong with a database.

use std::path::PathBuf;

use cinematch::files::FileError;

/// A database that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another server has it open.
    #[error(
        "{} is in use by another CineMatch server; stop that one, or name another file with \
         --database", path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The folder or the lock cannot be made.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be opened.
    #[error("cannot open the database {address}: {cause}")]
    Open {
        /// Where it is, without a password.
        address: String,
        /// What the driver said.
        cause: sqlx::Error,
    },
    /// Its schema cannot be brought up to date.
    #[error(
        "cannot bring the database {address} up to date: {cause}. If a newer CineMatch wrote it, use \
         that one"
    )]
    Migrate {
        /// Where it is, without a password.
        address: String,
        /// What is wrong.
        cause: sqlx::migrate::MigrateError,
    },
    /// There is no file to read.
    #[error("{} not found: {what_to_do}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// How to go on.
        what_to_do: &'static str,
    },
    /// A file that is no backup.
    #[error("{} is no backup of CineMatch: {reason}", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something would be overwritten.
    #[error("{address} has people's data already; --replace puts what comes in its place")]
    NotEmpty {
        /// Where.
        address: String,
    },
    /// An email address that a profile has already.
    #[error("there is a profile with this email address already")]
    EmailTaken,
    /// A profile that was there a moment ago.
    #[error("this profile was forgotten")]
    Forgotten,
    /// A query failed.
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
    /// A row that this version cannot have written.
    #[error("the database holds what CineMatch cannot have written: {what}")]
    Damaged {
        /// What and where.
        what: String,
    },
}

impl StoreError {
    /// Whether the database cannot be reached, or is too busy: it may be there again soon.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Query(
                sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    // An answer that was cut off in the middle.
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::WorkerCrashed
            )
        ) || matches!(self, Self::Query(sqlx::Error::Database(error))
        // PostgreSQL's class 57, operator intervention, and 53, insufficient resources.
        if error.code().is_some_and(|code| {
            code.starts_with("57") || code.starts_with("53") || is_of_the_disk(&code)
        }))
    }
}

/// Whether a code is `SQLite`'s for a full disk, or for one that does not do what it is told; `PostgreSQL`'s have
/// five characters.
fn is_of_the_disk(code: &str) -> bool {
    const FULL: u32 = 13;
    const IO: u32 = 10;
    // The lower byte is the kind, the upper ones say more.
    code.len() < 5 && code.parse().is_ok_and(|code: u32| code == FULL || code & 0xff == IO)
}
