//! The async runtime and the clock for commands.

use anyhow::{Context, Result};
use cinematch::date::Date;

/// Runs a future on a new runtime with `workers` threads; `None` starts one thread per core.
pub fn block_on<T>(workers: Option<usize>, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().context("cannot start the runtime")?.block_on(future)
}

/// Returns the current time in RFC 3339, UTC, to the second.
pub fn now() -> String {
    cinematch_store::rfc3339(cinematch_store::now_millis())
}

/// Returns the current date in UTC.
pub fn today() -> Date {
    Date::from_unix_seconds(cinematch_store::now_millis() / 1000)
}
