//! Test databases: an SQLite file, or a new database on the PostgreSQL server that `cargo xtask test` starts.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use cinematch_store::{Address, Ownership, Store};

/// A database that starts out empty.
pub struct Database {
    pub address: Address,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// Creates an SQLite database in a temporary folder.
    pub fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::File(folder.path().join("sub/people.db"));
        Self { address, _folder: Some(folder) }
    }

    /// Creates a PostgreSQL database. If there is no server, prints a notice to standard error and returns
    /// `None`.
    pub async fn postgres(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("CINEMATCH_TEST_POSTGRES") else {
            let why = "CINEMATCH_TEST_POSTGRES is not set; `cargo xtask test` starts a server";
            let _ =
                writeln!(std::io::stderr(), "\n!!! {test} DID NOT RUN ON POSTGRESQL: {why} !!!\n");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("story_{}_{number}", std::process::id());
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Some(Self { address: Address::Postgres(url), _folder: None })
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.address, Ownership::Exclusive).await.unwrap()
    }
}

/// Returns one empty database of each available kind.
#[allow(dead_code, reason = "not every test file uses it")]
pub async fn databases(test: &str) -> Vec<Database> {
    let mut databases = vec![Database::file()];
    databases.extend(Database::postgres(test).await);
    databases
}
