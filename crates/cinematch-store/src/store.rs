//! The database: opened, brought up to date, owned.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Once};
use std::time::Duration;

use cinematch::files::{self, FileError};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Transaction};
use tokio::sync::Mutex;

use crate::taste::Tastes;
use crate::{Address, StoreError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections to a database server; a server of recommendations computes more than it asks.
const CONNECTIONS: u32 = 8;

/// How long a database server may take to answer a new connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is deleted is overwritten: whoever asks to be forgotten is.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
                       PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                       PRAGMA secure_delete = ON";

/// Whether others may write meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// An `SQLite` file is this process' alone, so that what people said can be kept in memory.
    Alone,
    /// A server may have it open: for what no server keeps in memory, accounts and keys.
    Beside,
}

/// An open database; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: AnyPool,
    /// Where one process owns the data, what people said is kept in memory.
    tastes: Option<Tastes>,
    /// `SQLite` takes one writer at a time; waiting here is fairer than polling its lock.
    writing: Option<Mutex<()>>,
    /// Held as long as the store lives.
    _lock: Option<File>,
}

impl Store {
    /// Opens or makes the database and brings its schema up to date.
    pub async fn open(address: &Address, ownership: Ownership) -> Result<Self, StoreError> {
        match address {
            Address::File(path) => Self::open_file(address, path, ownership).await,
            Address::Postgres(_) => {
                let options =
                    AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
                let pool = connect(address, options).await?;
                let store = Self::new(pool, None, false, false);
                store.bring_up_to_date(address, &POSTGRES).await?;
                Ok(store)
            }
        }
    }

    async fn open_file(
        address: &Address,
        path: &Path,
        ownership: Ownership,
    ) -> Result<Self, StoreError> {
        // A link to a file that another server has is that file.
        let followed = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let lock = match (files::lock_beside(&followed), ownership) {
            (Ok(lock), _) => Some(lock),
            (Err(error), Ownership::Alone) if error.cause.kind() == ErrorKind::WouldBlock => {
                return Err(StoreError::Busy { path: path.to_owned() });
            }
            (Err(error), Ownership::Beside) if error.cause.kind() == ErrorKind::WouldBlock => None,
            (Err(error), _) => return Err(error.into()),
        };
        keep_private(path)?;
        // A pool would try a file that is no database again and again: one connection says so at once.
        let mut first = connect_once(address).await?;
        let opened = first.execute(PRAGMAS).await.map(|_| ());
        first.close().await.and(opened).map_err(failed(address))?;
        let options = AnyPoolOptions::new()
            .max_connections(4)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(PRAGMAS).await.map(|_| ()) })
            })
            .before_acquire(|connection, _| {
                // SQLite ends a transaction itself when the disk is full; the driver goes on counting it.
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            });
        let pool = connect(address, options).await?;
        let store = Self::new(pool, lock, true, ownership == Ownership::Alone);
        store.bring_up_to_date(address, &SQLITE).await?;
        Ok(store)
    }

    fn new(pool: AnyPool, lock: Option<File>, is_file: bool, is_owner: bool) -> Self {
        let tastes = is_owner.then(Tastes::default);
        let writing = is_file.then(Mutex::default);
        Self { shared: Arc::new(Shared { pool, tastes, writing, _lock: lock }) }
    }

    async fn bring_up_to_date(
        &self,
        address: &Address,
        steps: &Migrator,
    ) -> Result<(), StoreError> {
        let failed = |cause| StoreError::Migrate { address: address.to_string(), cause };
        steps.run(self.pool()).await.map_err(failed)
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.shared.pool
    }

    pub(crate) fn tastes(&self) -> Option<&Tastes> {
        self.shared.tastes.as_ref()
    }

    /// Whether it is a file of one's own and no server.
    pub(crate) fn is_file(&self) -> bool {
        self.shared.writing.is_some()
    }

    /// A transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        // A transaction that begins by reading could not write after another process did.
        let transaction = if self.is_file() {
            self.pool().begin_with("BEGIN IMMEDIATE").await?
        } else {
            self.pool().begin().await?
        };
        Ok(transaction)
    }

    /// A transaction that reads everything as it stands at one moment.
    pub(crate) async fn begin_reading(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = if self.is_file() {
            "BEGIN"
        } else {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        };
        Ok(self.pool().begin_with(begin).await?)
    }

    /// Runs a change of what is known of `user` to its end, also when the caller goes away meanwhile.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        user: &str,
        change: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (store, user) = (self.clone(), user.to_owned());
        let task = tokio::spawn(async move {
            let _one_at_a_time = match &store.shared.writing {
                Some(writing) => Some(writing.lock().await),
                None => None,
            };
            let changed = change.await;
            if let Some(tastes) = store.tastes() {
                tastes.forget(&user);
            }
            changed
        });
        match task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Waits for open queries and closes the database.
    pub async fn close(&self) {
        self.pool().close().await;
    }
}

async fn connect(address: &Address, options: AnyPoolOptions) -> Result<AnyPool, StoreError> {
    options.connect_with(driver(address)?).await.map_err(failed(address))
}

/// Makes a file that is not there yet, for its owner alone: what `SQLite` makes beside it is as private.
fn keep_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = File::options().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(FileError::at("create", path)(error).into())
        }
        _ => Ok(()),
    }
}

/// One connection, for what is asked once.
pub(crate) async fn connect_once(address: &Address) -> Result<AnyConnection, StoreError> {
    AnyConnection::connect_with(&driver(address)?).await.map_err(failed(address))
}

fn driver(address: &Address) -> Result<AnyConnectOptions, StoreError> {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(sqlx::any::install_default_drivers);
    AnyConnectOptions::from_str(&address.to_driver()).map_err(failed(address))
}

fn failed(address: &Address) -> impl FnOnce(sqlx::Error) -> StoreError {
    let address = address.to_string();
    move |cause| StoreError::Open { address, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_the_database_ended_costs_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::File(folder.path().join("people.db"));
        let store = Store::open(&address, Ownership::Alone).await.unwrap();
        // As often as there are connections, and once more.
        for _ in 0..5 {
            let mut transaction = store.begin().await.unwrap();
            // What SQLite does by itself when the disk is full.
            sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
            drop(transaction);
        }
        store.set_preferences("ada", crate::Preferences::default(), 1).await.unwrap();
    }
}
