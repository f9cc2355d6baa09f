//! Durations of the steps of a training run.

use std::collections::BTreeMap;
use std::time::Instant;

/// Measures the duration of each step in milliseconds.
pub(crate) struct StepTimer {
    last: Instant,
    /// Duration of each finished step in milliseconds, by name.
    pub steps: BTreeMap<String, f64>,
}

impl StepTimer {
    /// Starts the first step.
    pub(crate) fn new() -> Self {
        Self { last: Instant::now(), steps: BTreeMap::new() }
    }

    /// Records the duration of the step `name` and starts the next step.
    pub(crate) fn step(&mut self, name: &str) {
        let elapsed = self.last.elapsed().as_secs_f64() * 1e3;
        self.steps.insert(name.to_owned(), (elapsed * 1e3).round() / 1e3);
        self.last = Instant::now();
    }
}
