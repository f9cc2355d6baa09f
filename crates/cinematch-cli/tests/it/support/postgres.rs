//! A separate database for each test, on the `PostgreSQL` server that `cargo xtask test` starts.

use cinematch_testing::{did_not_run, new_database};

/// Creates a database and returns its address. If `PostgreSQL` is unavailable, prints a notice and returns `None`.
pub fn database(test: &str) -> Option<String> {
    let Ok(server) = std::env::var("CINEMATCH_TEST_POSTGRES") else {
        let why = "CINEMATCH_TEST_POSTGRES is not set; `cargo xtask test` starts a server";
        did_not_run(test, why);
        return None;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Some(runtime.block_on(new_database(&server)))
}
