//! Progress of requests to TMDB.

use std::cell::Cell;
use std::time::Duration;

use crate::output::{Output, Step, thousands};

/// Waits of at least this long are announced, even if no progress is shown.
const LONG_WAIT: Duration = Duration::from_secs(30);

/// Progress bar for a fetch.
pub struct FetchProgress {
    step: Step,
    message: &'static str,
    output: Output,
    /// True if the current wait was announced.
    announced: Cell<bool>,
}

impl FetchProgress {
    /// Shows a bar that counts `total` movies.
    pub fn new(output: &Output, total: u64, message: &'static str) -> Self {
        let step = output.count(message, total);
        Self { step, message, output: output.clone(), announced: Cell::new(false) }
    }

    /// Updates the number of finished and failed requests, and the time until the next request.
    pub fn update(&self, done: u64, failed: u64, waits: Duration) {
        self.step.set_position(done);
        if waits >= LONG_WAIT && !self.announced.replace(true) {
            self.output.warn(format_args!(
                "TMDB asked for a pause; requests resume in {} s. Press Ctrl-C to stop; fetched movies \
                 are stored",
                waits.as_secs()
            ));
        } else if waits.is_zero() {
            self.announced.set(false);
        }
        if failed > 0 {
            self.step.set_message(format!("{} ({} failed)", self.message, thousands(failed)));
        }
    }
}
