//! The database connection: opening, schema migrations, locking and transactions.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Once};
use std::time::Duration;

use cinematch::files::{self, FileError};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor};
use tokio::sync::Mutex;

use crate::address::Address;
use crate::cache::HistoryCache;
use crate::error::StoreError;

/// Result of an operation of the store, not yet available.
///
/// Every public operation returns a boxed future, so that its statements are compiled in this crate
/// and not again in each crate that awaits it.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A transaction on either database.
pub(crate) type Transaction = sqlx::Transaction<'static, Any>;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Maximum number of connections to a database server.
const MAX_CONNECTIONS: u32 = 8;

/// Time limit for getting a connection to a database.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings for every `SQLite` connection. `secure_delete` overwrites deleted rows, so a deleted profile leaves
/// no trace in the file.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
                       PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                       PRAGMA secure_delete = ON";

/// Determines how an `SQLite` file is shared with other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// This process locks the file, which allows it to cache users' histories.
    Exclusive,
    /// A server may have the file open. Only for data that servers do not cache: accounts, keys and jobs.
    Shared,
}

/// An open database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: AnyPool,
    /// Cache of users' histories; `None` if other processes may write.
    history_cache: Option<HistoryCache>,
    /// Serializes writes to an `SQLite` file, which allows only one writer at a time. Waiting here is fairer than
    /// polling the file's lock.
    write_lock: Option<Mutex<()>>,
    /// Lock file next to the `SQLite` file, held until the store is dropped.
    _lock: Option<File>,
}

impl Store {
    /// Opens or creates the database and upgrades its schema.
    pub fn open(address: &Address, ownership: Ownership) -> StoreFuture<'_, Self> {
        Box::pin(async move {
            match address {
                Address::File(path) => Self::open_file(address, path, ownership).await,
                Address::Postgres(_) => {
                    // If the server refuses connections, a pool retries until its timeout.
                    let connection = connect_once(address).await?;
                    connection.close().await.map_err(open_error(address))?;
                    let options = AnyPoolOptions::new()
                        .max_connections(MAX_CONNECTIONS)
                        .acquire_timeout(CONNECT_TIMEOUT);
                    let pool = connect(address, options).await?;
                    let store = Self::new(pool, None, false, false);
                    store.migrate(address, &POSTGRES).await?;
                    Ok(store)
                }
            }
        })
    }

    async fn open_file(
        address: &Address,
        path: &Path,
        ownership: Ownership,
    ) -> Result<Self, StoreError> {
        // Lock the target of a symbolic link, which may be open under another name.
        let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let lock = match (lock_exclusively(path, &resolved), ownership) {
            (Ok(lock), _) => Some(lock),
            (Err(StoreError::Busy { .. }), Ownership::Shared) => None,
            (Err(error), _) => return Err(error),
        };
        create_private_file(path)?;
        // If the file is not a database, a pool retries until its timeout; a single connection fails immediately.
        let mut connection = connect_once(address).await?;
        let result = connection.execute(PRAGMAS).await.map(|_| ());
        connection.close().await.and(result).map_err(open_error(address))?;
        let options = AnyPoolOptions::new()
            .max_connections(4)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(PRAGMAS).await.map(|_| ()) })
            })
            .before_acquire(|connection, _| {
                // SQLite rolls back by itself when the disk is full, but the driver still counts the
                // transaction as open.
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            });
        let pool = connect(address, options).await?;
        let store = Self::new(pool, lock, true, ownership == Ownership::Exclusive);
        store.migrate(address, &SQLITE).await?;
        Ok(store)
    }

    fn new(pool: AnyPool, lock: Option<File>, is_file: bool, is_owner: bool) -> Self {
        let history_cache = is_owner.then(HistoryCache::default);
        let write_lock = is_file.then(Mutex::default);
        Self { shared: Arc::new(Shared { pool, history_cache, write_lock, _lock: lock }) }
    }

    async fn migrate(&self, address: &Address, migrator: &Migrator) -> Result<(), StoreError> {
        let open_error = |cause| StoreError::Migrate { address: address.to_string(), cause };
        migrator.run(self.pool()).await.map_err(open_error)
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.shared.pool
    }

    pub(crate) fn history_cache(&self) -> Option<&HistoryCache> {
        self.shared.history_cache.as_ref()
    }

    /// Returns true for an `SQLite` file, and false for a database server.
    pub(crate) fn is_file(&self) -> bool {
        self.shared.write_lock.is_some()
    }

    /// Begins a write transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        // An SQLite transaction that starts with a read fails to write if another process has written since.
        let transaction = if self.is_file() {
            self.pool().begin_with("BEGIN IMMEDIATE").await?
        } else {
            self.pool().begin().await?
        };
        Ok(transaction)
    }

    /// Begins a read-only transaction on a consistent snapshot.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, StoreError> {
        let begin = if self.is_file() {
            "BEGIN"
        } else {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        };
        Ok(self.pool().begin_with(begin).await?)
    }

    /// Runs `write`, which changes the data of `user`, and invalidates their cached history. The change runs to
    /// completion even if the caller is canceled.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        user: &str,
        write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (store, user) = (self.clone(), user.to_owned());
        let task = tokio::spawn(async move {
            let _guard = match &store.shared.write_lock {
                Some(lock) => Some(lock.lock().await),
                None => None,
            };
            let result = write.await;
            if let Some(cache) = store.history_cache() {
                cache.invalidate(&user);
            }
            result
        });
        match task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Waits for running queries and closes the database.
    pub async fn close(&self) {
        self.pool().close().await;
    }
}

async fn connect(address: &Address, options: AnyPoolOptions) -> Result<AnyPool, StoreError> {
    options.connect_with(driver(address)?).await.map_err(open_error(address))
}

/// Locks an `SQLite` file against other servers. `resolved` is `path` without symbolic links.
pub(crate) fn lock_exclusively(path: &Path, resolved: &Path) -> Result<File, StoreError> {
    files::lock_sibling(resolved).map_err(|error| match error.cause.kind() {
        ErrorKind::WouldBlock => StoreError::Busy { path: path.to_owned() },
        _ => error.into(),
    })
}

/// Creates the file if it is missing, with access only for its owner. `SQLite` creates its log files with the
/// same permissions.
fn create_private_file(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let created = File::options().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(FileError::at("create", path)(error).into())
        }
        _ => Ok(()),
    }
}

/// Opens a single connection, outside a pool and without upgrading the schema. Waits at most five seconds for a
/// database server.
pub(crate) async fn connect_once(address: &Address) -> Result<AnyConnection, StoreError> {
    let unreachable =
        |reason: String| StoreError::Unreachable { address: address.to_string(), reason };
    let driver = driver(address)?;
    let connecting = AnyConnection::connect_with(&driver);
    if let Address::File(_) = address {
        return connecting.await.map_err(open_error(address));
    }
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Err(sqlx::Error::Io(cause))) => Err(unreachable(cause.to_string())),
        Ok(result) => result.map_err(open_error(address)),
        Err(_) => Err(unreachable(format!("no reply within {} s", CONNECT_TIMEOUT.as_secs()))),
    }
}

fn driver(address: &Address) -> Result<AnyConnectOptions, StoreError> {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(sqlx::any::install_default_drivers);
    AnyConnectOptions::from_str(&address.driver_url()).map_err(open_error(address))
}

fn open_error(address: &Address) -> impl FnOnce(sqlx::Error) -> StoreError {
    let address = address.to_string();
    move |cause| StoreError::Open { address, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn survives_transactions_that_the_database_rolled_back() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::File(folder.path().join("people.db"));
        let store = Store::open(&address, Ownership::Exclusive).await.unwrap();
        // One more transaction than the pool has connections.
        for _ in 0..5 {
            let mut transaction = store.begin().await.unwrap();
            // SQLite rolls back by itself when the disk is full.
            sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
            drop(transaction);
        }
        store
            .set_preferences("ada".into(), crate::records::preferences::Preferences::default(), 1)
            .await
            .unwrap();
    }
}
