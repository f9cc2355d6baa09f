//! A circuit breaker.
//!
//! After several failures in a row the breaker opens and requests skip the dependency. After a delay, which
//! doubles with every failed probe, a single request probes the dependency.

use std::time::{Duration, Instant};

/// Number of consecutive failures that open the breaker.
const FAILURES: u32 = 5;
/// Delay before the first probe; doubles after every failed probe.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Maximum delay before a probe.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The breaker's decision about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Use the dependency.
    Ask,
    /// Probe the dependency and report the result to [`Breaker::tried`]; the request itself skips it.
    Try,
    /// Skip the dependency.
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, wait: Duration },
    Trying { wait: Duration },
}

/// A circuit breaker. Callers pass the current time.
#[derive(Debug)]
pub struct Breaker(State);

impl Breaker {
    /// Creates a breaker that is open and allows a probe at once.
    pub fn untried(now: Instant) -> Self {
        Self(State::Open { until: now, wait: FIRST_WAIT })
    }

    /// Returns the decision about a request at `now`.
    pub fn advice(&mut self, now: Instant) -> Advice {
        match self.0 {
            State::Closed { .. } => Advice::Ask,
            State::Open { until, wait } if now >= until => {
                self.0 = State::Trying { wait };
                Advice::Try
            }
            State::Open { .. } | State::Trying { .. } => Advice::Leave,
        }
    }

    /// True if requests skip the dependency.
    pub fn is_open(&self) -> bool {
        !matches!(self.0, State::Closed { .. })
    }

    /// Records a success.
    pub fn succeeded(&mut self) {
        // A late success does not close an open breaker; only a probe does.
        if let State::Closed { failures } = &mut self.0 {
            *failures = 0;
        }
    }

    /// Records a failure. Returns true if it opens the breaker.
    pub fn failed(&mut self, now: Instant) -> bool {
        let State::Closed { failures } = &mut self.0 else { return false };
        *failures += 1;
        if *failures < FAILURES {
            return false;
        }
        self.0 = State::Open { until: now + FIRST_WAIT, wait: FIRST_WAIT };
        true
    }

    /// Records the result of a probe.
    pub fn tried(&mut self, worked: bool, now: Instant) {
        let State::Trying { wait } = self.0 else { return };
        self.0 = if worked {
            State::Closed { failures: 0 }
        } else {
            let wait = (wait * 2).min(LONGEST_WAIT);
            State::Open { until: now + wait, wait }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a closed breaker and the time of its creation.
    fn closed() -> (Breaker, Instant) {
        let start = Instant::now();
        let mut breaker = Breaker::untried(start);
        assert_eq!(breaker.advice(start), Advice::Try);
        breaker.tried(true, start);
        (breaker, start)
    }

    #[test]
    fn opens_only_after_consecutive_failures() {
        let (mut breaker, start) = closed();
        for _ in 0..20 {
            for _ in 1..FAILURES {
                assert!(!breaker.failed(start));
            }
            breaker.succeeded();
        }
        assert_eq!(breaker.advice(start), Advice::Ask);
        let opened = (0..FAILURES + 3).filter(|_| breaker.failed(start)).count();
        assert_eq!(opened, 1, "it opens once");
        assert_eq!(breaker.advice(start), Advice::Leave);
        breaker.succeeded();
        assert!(breaker.is_open(), "an answer to an earlier question closes nothing");
    }

    #[test]
    fn allows_one_probe_at_a_time_with_exponential_backoff() {
        let (mut breaker, mut now) = closed();
        while !breaker.failed(now) {}
        let mut waits = Vec::new();
        for _ in 0..9 {
            let begun = now;
            while breaker.advice(now) == Advice::Leave {
                now += Duration::from_millis(50);
            }
            waits.push((now - begun).as_millis());
            assert_eq!(breaker.advice(now + LONGEST_WAIT), Advice::Leave, "somebody tries");
            breaker.tried(false, now);
        }
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
        now += LONGEST_WAIT;
        assert_eq!(breaker.advice(now), Advice::Try);
        breaker.tried(true, now);
        assert_eq!(breaker.advice(now), Advice::Ask);
        // The delay starts over after a successful probe.
        while !breaker.failed(now) {}
        assert_eq!(breaker.advice(now + FIRST_WAIT), Advice::Try);
    }
}
