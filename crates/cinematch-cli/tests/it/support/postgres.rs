//! A separate database per test, on the `PostgreSQL` server that `cargo xtask test` starts.

use cinematch_testing::{did_not_run, new_database};

/// Returns the address of a new database, or `None` with a printed notice if `PostgreSQL` is not available.
pub fn database(test: &str) -> Option<String> {
    let Ok(server) = std::env::var("CINEMATCH_TEST_POSTGRES") else {
        let why = "CINEMATCH_TEST_POSTGRES is not set; `cargo xtask test` starts a server";
        did_not_run(test, why);
        return None;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Some(runtime.block_on(new_database(&server)))
}
