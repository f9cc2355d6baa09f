//! The database file: opened, migrated, owned by one process.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cinematch::files::{self, FileError};
use cinematch::ids::MovieId;
use rustc_hash::FxHashMap;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::Mutex;

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
    #[error("cannot open the database {}: {cause}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        cause: sqlx::Error,
    },
    /// Its schema cannot be brought up to date.
    #[error(
        "cannot bring the database {} up to date: {cause}. If a newer CineMatch wrote it, use that \
         one", path.display()
    )]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: sqlx::migrate::MigrateError,
    },
    /// A query failed.
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
}

/// An open database; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: sqlx::SqlitePool,
    /// The films on everybody's watchlist, so that recommendations need not ask the disk. This
    /// process is the only writer, and writes here after the disk.
    listed: RwLock<Listed>,
    /// One write at a time, so that disk and memory see changes in one order.
    writing: Mutex<()>,
    /// Held as long as the store lives.
    _lock: File,
}

/// Films by user.
pub(crate) type Listed = FxHashMap<String, Vec<MovieId>>;

impl Store {
    /// Opens or makes the database and brings its schema up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = files::lock_beside(path).map_err(|error| match error.cause.kind() {
            ErrorKind::WouldBlock => StoreError::Busy { path: path.to_owned() },
            _ => error.into(),
        })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let open_error = |cause| StoreError::Open { path: path.to_owned(), cause };
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(open_error)?;
        sqlx::migrate!()
            .run(&pool)
            .await
            .map_err(|cause| StoreError::Migrate { path: path.to_owned(), cause })?;
        let rows: Vec<(String, u32)> =
            sqlx::query_as("SELECT user_id, movie_id FROM watchlist ORDER BY position")
                .fetch_all(&pool)
                .await?;
        let mut listed = Listed::default();
        for (user_id, movie_id) in rows {
            listed.entry(user_id).or_default().push(MovieId(movie_id));
        }
        let (listed, writing) = (RwLock::new(listed), Mutex::new(()));
        Ok(Self { shared: Arc::new(Shared { pool, listed, writing, _lock: lock }) })
    }

    pub(crate) fn pool(&self) -> &sqlx::SqlitePool {
        &self.shared.pool
    }

    /// Runs a change of disk and memory to its end, also when the caller goes away meanwhile.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let _one_at_a_time = store.shared.writing.lock().await;
            change.await
        });
        match task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Reads the films on watchlists.
    pub(crate) fn read_listed<T>(&self, read: impl FnOnce(&Listed) -> T) -> T {
        read(&self.shared.listed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the films on watchlists, in memory.
    pub(crate) fn write_listed(&self, write: impl FnOnce(&mut Listed)) {
        write(&mut self.shared.listed.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for open queries and closes the file.
    pub async fn close(&self) {
        self.pool().close().await;
    }
}
