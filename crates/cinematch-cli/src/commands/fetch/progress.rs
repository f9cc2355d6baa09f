//! How far a fetch has come, on a terminal.

use crate::output::{Output, Step, thousands};

/// The line that shows it.
pub struct Shown {
    step: Step,
    what: &'static str,
}

impl Shown {
    /// Of `total` films.
    pub fn new(output: &Output, total: u64, what: &'static str) -> Self {
        Self { step: output.count(what, total), what }
    }

    /// So many are done, of which so many failed.
    pub fn at(&self, done: u64, failed: u64) {
        self.step.at(done);
        if failed > 0 {
            self.step.say(format!("{} ({} failed)", self.what, thousands(failed)));
        }
    }
}
