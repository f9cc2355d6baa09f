//! Errors from database operations.

use std::path::PathBuf;

use cinematch::files::FileError;

/// An error from a database operation.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another server has the file open.
    #[error(
        "{} is in use by another CineMatch server; stop that server, or choose another file with \
         --database", path.display()
    )]
    Busy {
        /// Path of the file.
        path: PathBuf,
    },
    /// The folder or the lock file cannot be created.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database cannot be opened.
    #[error("cannot open the database {address}: {cause}")]
    Open {
        /// Address of the database, without its password.
        address: String,
        /// Error from the database driver.
        cause: sqlx::Error,
    },
    /// The schema cannot be upgraded.
    #[error(
        "cannot upgrade the schema of the database {address}: {cause}. If a newer version of CineMatch \
         wrote it, run that version"
    )]
    Migrate {
        /// Address of the database, without its password.
        address: String,
        /// Error from the schema migration.
        cause: sqlx::migrate::MigrateError,
    },
    /// The file to read does not exist.
    #[error("{} not found: {hint}", path.display())]
    Missing {
        /// Path of the file.
        path: PathBuf,
        /// Advice on what to do next.
        hint: &'static str,
    },
    /// The file is not a backup, or must not be replaced by one.
    #[error("{} is not a CineMatch backup: {reason}", path.display())]
    NotABackup {
        /// Path of the file.
        path: PathBuf,
        /// Reason for the refusal.
        reason: String,
    },
    /// Existing data would be overwritten.
    #[error("{address} already contains data; pass --replace to overwrite it")]
    NotEmpty {
        /// Address of the database, or path of the file.
        address: String,
    },
    /// A profile with this email address already exists.
    #[error("a profile with this email address already exists")]
    EmailTaken,
    /// The profile was deleted while the request was in progress.
    #[error("this profile was deleted")]
    ProfileDeleted,
    /// The database server does not accept connections.
    #[error(
        "the database server of {address} cannot be reached: {reason}. Check that it is running, and the \
         host and port"
    )]
    Unreachable {
        /// Address of the database, without its password.
        address: String,
        /// Reason from the operating system, or the time waited.
        reason: String,
    },
    /// The file to restore into is damaged.
    #[error(
        "{} is damaged: {reason}; pass --replace to move it aside and restore the backup", path.display()
    )]
    DamagedFile {
        /// Path of the file.
        path: PathBuf,
        /// The damage found.
        reason: String,
    },
    /// A restore failed after the damaged file was renamed.
    #[error("{cause}. The damaged database is now {}", moved_aside.display())]
    MovedAside {
        /// New path of the damaged file.
        moved_aside: PathBuf,
        /// Reason for the failure. The message contains it, so it is not a source of the error.
        cause: Box<StoreError>,
    },
    /// A query failed, or the database is unreachable. The message contains the cause, which is therefore
    /// not a source of the error.
    #[error("database error: {}", describe(.0))]
    Query(sqlx::Error),
    /// A column contains a value that CineMatch never writes.
    #[error("the database is damaged: invalid value {value}")]
    Damaged {
        /// The value and its column.
        value: String,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Query(error)
    }
}

fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => {
            "no connection became free in time; the database is unreachable or overloaded"
                .to_owned()
        }
        other => other.to_string(),
    }
}

impl StoreError {
    /// Returns true if the database is unreachable, overloaded or out of disk space, so a later attempt
    /// may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Query(
                sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    // A truncated response.
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::WorkerCrashed
            )
        ) || matches!(self, Self::Query(sqlx::Error::Database(error))
        // PostgreSQL error classes 57 (operator intervention) and 53 (insufficient resources).
        if error.code().is_some_and(|code| {
            code.starts_with("57") || code.starts_with("53") || is_sqlite_disk_error(&code)
        }))
    }
}

/// Returns true for the codes `SQLITE_FULL` and `SQLITE_IOERR`. `PostgreSQL` codes have five characters.
fn is_sqlite_disk_error(code: &str) -> bool {
    const FULL: u32 = 13;
    const IO: u32 = 10;
    // The lower byte of an extended code is the primary code.
    code.len() < 5 && code.parse().is_ok_and(|code: u32| code == FULL || code & 0xff == IO)
}
