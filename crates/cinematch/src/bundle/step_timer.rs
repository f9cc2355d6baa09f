//! Measures how long each step of a training run takes.

use std::collections::BTreeMap;
use std::time::Instant;

/// Measures the duration of consecutive steps.
pub(crate) struct StepTimer {
    last: Instant,
    /// Durations of the finished steps in milliseconds, keyed by step name.
    pub steps: BTreeMap<String, f64>,
}

impl StepTimer {
    /// Starts the first step.
    pub(crate) fn new() -> Self {
        Self { last: Instant::now(), steps: BTreeMap::new() }
    }

    /// Records the time taken by the step `name` and starts the next one.
    pub(crate) fn step(&mut self, name: &str) {
        let elapsed = self.last.elapsed().as_secs_f64() * 1e3;
        self.steps.insert(name.to_owned(), (elapsed * 1e3).round() / 1e3);
        self.last = Instant::now();
    }
}
