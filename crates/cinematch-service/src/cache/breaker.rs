//! A circuit breaker.
//!
//! After several consecutive failures, the breaker opens and requests skip the dependency. After a delay, which
//! doubles with each failed probe, a single request probes the dependency.

use std::time::{Duration, Instant};

/// Number of consecutive failures that open the breaker.
const FAILURE_THRESHOLD: u32 = 5;
/// Delay before the first probe, which doubles with each failed probe.
const MIN_BACKOFF: Duration = Duration::from_millis(250);
/// Maximum delay before a probe.
const MAX_BACKOFF: Duration = Duration::from_secs(15);

/// The breaker's decision for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Use the dependency.
    Allow,
    /// Probe the dependency and report the result to [`Breaker::record_probe`]; the request itself skips it.
    Probe,
    /// Skip the dependency.
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, backoff: Duration },
    Probing { backoff: Duration },
}

/// A circuit breaker. Callers pass in the current time.
#[derive(Debug)]
pub struct Breaker(State);

impl Breaker {
    /// Creates an open breaker that allows a probe immediately.
    pub fn open_until(now: Instant) -> Self {
        Self(State::Open { until: now, backoff: MIN_BACKOFF })
    }

    /// Decides whether a request at `now` uses, probes or skips the dependency.
    pub fn decide(&mut self, now: Instant) -> Decision {
        match self.0 {
            State::Closed { .. } => Decision::Allow,
            State::Open { until, backoff } if now >= until => {
                self.0 = State::Probing { backoff };
                Decision::Probe
            }
            State::Open { .. } | State::Probing { .. } => Decision::Skip,
        }
    }

    /// Returns true if requests skip the dependency.
    pub fn is_open(&self) -> bool {
        !matches!(self.0, State::Closed { .. })
    }

    /// Records a success, which resets the count of consecutive failures.
    pub fn record_success(&mut self) {
        // A late success does not close an open breaker; only a probe does.
        if let State::Closed { failures } = &mut self.0 {
            *failures = 0;
        }
    }

    /// Records a failure. Returns true if it opens the breaker.
    pub fn record_failure(&mut self, now: Instant) -> bool {
        let State::Closed { failures } = &mut self.0 else { return false };
        *failures += 1;
        if *failures < FAILURE_THRESHOLD {
            return false;
        }
        self.0 = State::Open { until: now + MIN_BACKOFF, backoff: MIN_BACKOFF };
        true
    }

    /// Records the result of a probe.
    pub fn record_probe(&mut self, is_ok: bool, now: Instant) {
        let State::Probing { backoff } = self.0 else { return };
        self.0 = if is_ok {
            State::Closed { failures: 0 }
        } else {
            let backoff = (backoff * 2).min(MAX_BACKOFF);
            State::Open { until: now + backoff, backoff }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a closed breaker and the time at which it was created.
    fn closed() -> (Breaker, Instant) {
        let start = Instant::now();
        let mut breaker = Breaker::open_until(start);
        assert_eq!(breaker.decide(start), Decision::Probe);
        breaker.record_probe(true, start);
        (breaker, start)
    }

    #[test]
    fn opens_only_after_consecutive_failures() {
        let (mut breaker, start) = closed();
        for _ in 0..20 {
            for _ in 1..FAILURE_THRESHOLD {
                assert!(!breaker.record_failure(start));
            }
            breaker.record_success();
        }
        assert_eq!(breaker.decide(start), Decision::Allow);
        let opened = (0..FAILURE_THRESHOLD + 3).filter(|_| breaker.record_failure(start)).count();
        assert_eq!(opened, 1, "the breaker opens once");
        assert_eq!(breaker.decide(start), Decision::Skip);
        breaker.record_success();
        assert!(breaker.is_open(), "a late success does not close the breaker");
    }

    #[test]
    fn allows_one_probe_at_a_time_with_exponential_backoff() {
        let (mut breaker, mut now) = closed();
        while !breaker.record_failure(now) {}
        let mut waits = Vec::new();
        for _ in 0..9 {
            let start = now;
            while breaker.decide(now) == Decision::Skip {
                now += Duration::from_millis(50);
            }
            waits.push((now - start).as_millis());
            assert_eq!(
                breaker.decide(now + MAX_BACKOFF),
                Decision::Skip,
                "a probe is already running"
            );
            breaker.record_probe(false, now);
        }
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
        now += MAX_BACKOFF;
        assert_eq!(breaker.decide(now), Decision::Probe);
        breaker.record_probe(true, now);
        assert_eq!(breaker.decide(now), Decision::Allow);
        // The delay starts over after a successful probe.
        while !breaker.record_failure(now) {}
        assert_eq!(breaker.decide(now + MIN_BACKOFF), Decision::Probe);
    }
}
