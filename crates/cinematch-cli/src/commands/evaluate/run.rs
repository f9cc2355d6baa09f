//! Timings of `evaluate`.

use std::collections::BTreeMap;

use serde::Serialize;

/// Timings, kept apart from the results because they differ between runs on the same input.
#[derive(Debug, Default, Serialize)]
pub struct Run {
    /// Mean seconds to fit a model once, by name.
    pub fit_seconds: BTreeMap<String, f64>,
    /// Seconds of the whole run.
    pub seconds: f64,
}
