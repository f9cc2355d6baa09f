//! Notices of tests that do not run.

use std::io::Write;

/// Prints a notice that a test did not run. Writes to standard error directly, past the test harness's capture.
pub fn did_not_run(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "\n!!! {test} DID NOT RUN: {why} !!!\n");
}
