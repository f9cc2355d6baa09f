//! Creates a separate database for each test on a `PostgreSQL` server.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyPool, AssertSqlSafe};

/// Creates a database on the `PostgreSQL` server at `server` and returns its address. The user in `server` needs
/// permission to create databases.
///
/// Database names contain the process ID and a counter, so that test binaries can share a server.
pub async fn new_database(server: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("cinematch_{}_{number}", std::process::id());
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(server).await.unwrap();
    let sql = format!("CREATE DATABASE {name}");
    sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    pool.close().await;
    let (start, _) = server.rsplit_once('/').unwrap();
    format!("{start}/{name}")
}
