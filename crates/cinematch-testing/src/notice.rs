//! Reports tests that did not run.

use std::io::Write;

/// Prints a notice that `test` did not run, with the reason. Writes directly to standard error, bypassing the
/// test harness's output capture.
pub fn did_not_run(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "\n!!! {test} DID NOT RUN: {why} !!!\n");
}
