//! Timings for `cinematch evaluate`.

use std::collections::BTreeMap;

use serde::Serialize;

/// Timings, kept apart from the results because they differ between runs on the same input.
#[derive(Debug, Default, Serialize)]
pub struct Run {
    /// Mean time to fit each model, in seconds, by model name.
    pub fit_seconds: BTreeMap<String, f64>,
    /// Duration of the whole run, in seconds.
    pub seconds: f64,
}
