//! A separate database per test, in the `PostgreSQL` that `cargo xtask test` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::folder::did_not_run;

/// Returns the address of a new database, or `None` with a printed notice if `PostgreSQL` is not available.
pub fn database(test: &str) -> Option<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("CINEMATCH_TEST_POSTGRES") else {
        did_not_run(
            test,
            "no PostgreSQL in CINEMATCH_TEST_POSTGRES; `cargo xtask test` starts one",
        );
        return None;
    };
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("cinematch_{}_{number}", std::process::id());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&server).await.unwrap();
        let sql = format!("CREATE DATABASE {name}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
        pool.close().await;
    });
    let (start, _) = server.rsplit_once('/').unwrap();
    Some(format!("{start}/{name}"))
}

/// Returns server settings for every kind of database: the built-in file, and `PostgreSQL`.
pub fn databases(test: &str) -> Vec<Vec<(&'static str, String)>> {
    let mut settings = vec![Vec::new()];
    settings.extend(database(test).map(|url| vec![("DATABASE_URL", url)]));
    settings
}
