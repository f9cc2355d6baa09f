//! Results of the `cinematch doctor` checks.

use serde::Serialize;

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The check passed.
    Ok,
    /// The check found a problem that needs attention.
    Warn,
    /// The check found something that is broken, or that will soon break.
    Fail,
}

/// Result of one check.
#[derive(Debug, Serialize)]
pub struct Check {
    /// Name, such as `data.table`; stable across versions.
    pub name: &'static str,
    /// Severity of the result.
    pub level: Level,
    /// Observation, such as `61,379 movies in data/movies_merged.csv`.
    pub found: String,
    /// Advice on what to do; `None` if the check passed.
    pub advice: Option<String>,
}

/// Results of all checks.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// Check results, in the order the checks ran.
    pub checks: Vec<Check>,
}

impl Findings {
    /// Adds a passed check.
    pub fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.checks.push(Check { name, level: Level::Ok, found: found.into(), advice: None });
    }

    /// Adds a warning.
    pub fn warn(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let advice = Some(advice.into());
        self.checks.push(Check { name, level: Level::Warn, found: found.into(), advice });
    }

    /// Adds a failure.
    pub fn fail(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let advice = Some(advice.into());
        self.checks.push(Check { name, level: Level::Fail, found: found.into(), advice });
    }

    /// Adds a warning if `is_problem`, otherwise a passed check.
    pub fn warn_if(&mut self, is_problem: bool, name: &'static str, found: String, advice: &str) {
        if is_problem { self.warn(name, found, advice) } else { self.ok(name, found) }
    }

    /// Returns the number of checks with the severity `level`.
    pub fn count(&self, level: Level) -> usize {
        self.checks.iter().filter(|check| check.level == level).count()
    }
}
