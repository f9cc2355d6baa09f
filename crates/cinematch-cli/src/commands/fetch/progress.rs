//! How far a fetch has come, on a terminal.

use std::cell::Cell;
use std::time::Duration;

use crate::output::{Output, Step, thousands};

/// A wait that people should know of, even where no progress is shown.
const LONG: Duration = Duration::from_secs(30);

/// The line that shows it.
pub struct Shown {
    step: Step,
    what: &'static str,
    output: Output,
    /// Whether it was said that this takes long.
    told: Cell<bool>,
}

impl Shown {
    /// Of `total` films.
    pub fn new(output: &Output, total: u64, what: &'static str) -> Self {
        let step = output.count(what, total);
        Self { step, what, output: output.clone(), told: Cell::new(false) }
    }

    /// So many are done, of which so many failed; nothing happens for so long.
    pub fn at(&self, done: u64, failed: u64, waits: Duration) {
        self.step.at(done);
        if waits >= LONG && !self.told.replace(true) {
            self.output.warn(format_args!(
                "TMDb makes everybody wait: it goes on in {} s. Ctrl-C ends it; what was fetched stays",
                waits.as_secs()
            ));
        } else if waits.is_zero() {
            self.told.set(false);
        }
        if failed > 0 {
            self.step.say(format!("{} ({} failed)", self.what, thousands(failed)));
        }
    }
}
