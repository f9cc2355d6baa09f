//! The source of the current time.

use std::fmt;
use std::sync::Arc;

use cinematch_store::now_millis;

/// Source of the current time; clones share the source.
///
/// Every stored timestamp is taken from this clock, so tests can fix the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// Returns a clock that reads the system time.
    pub fn system() -> Self {
        Self(Arc::new(now_millis))
    }

    /// Returns a clock that always reads `milliseconds` since 1970.
    pub fn fixed(milliseconds: i64) -> Self {
        Self(Arc::new(move || milliseconds))
    }

    /// Returns the current time in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
