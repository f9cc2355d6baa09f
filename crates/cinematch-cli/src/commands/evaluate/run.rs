//! Timings of a run.

use std::collections::BTreeMap;

use serde::Serialize;

/// Timings, which differ between two runs on the same input.
#[derive(Debug, Default, Serialize)]
pub struct Run {
    /// Mean seconds to fit a model once, by name.
    pub fit_seconds: BTreeMap<String, f64>,
    /// Seconds of the whole run.
    pub seconds: f64,
}
