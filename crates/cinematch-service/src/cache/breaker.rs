//! A circuit breaker: what failed again and again is left alone for a while, and then tried by one, not
//! by all.

use std::time::{Duration, Instant};

/// So many failures one after another open it.
const FAILURES: u32 = 5;
/// How long it is left alone at first; twice as long after every try in vain.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest of these.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// What to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Ask.
    Ask,
    /// Try whether it is there again, and tell [`Breaker::tried`]; this request goes without.
    Try,
    /// Go without.
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, wait: Duration },
    Trying { wait: Duration },
}

/// The breaker. Time comes in as an argument.
#[derive(Debug)]
pub struct Breaker(State);

impl Breaker {
    /// Of something that was not asked yet: to be tried first.
    pub fn untried(now: Instant) -> Self {
        Self(State::Open { until: now, wait: FIRST_WAIT })
    }

    /// What to do now.
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

    /// Whether nobody asks.
    pub fn is_open(&self) -> bool {
        !matches!(self.0, State::Closed { .. })
    }

    /// There was an answer.
    pub fn succeeded(&mut self) {
        // One that comes after it was opened says little: it is tried when it is due.
        if let State::Closed { failures } = &mut self.0 {
            *failures = 0;
        }
    }

    /// There was none; whether that opens it.
    pub fn failed(&mut self, now: Instant) -> bool {
        let State::Closed { failures } = &mut self.0 else { return false };
        *failures += 1;
        if *failures < FAILURES {
            return false;
        }
        self.0 = State::Open { until: now + FIRST_WAIT, wait: FIRST_WAIT };
        true
    }

    /// What came of a try.
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

    /// A breaker that is asked, and the moment it began.
    fn closed() -> (Breaker, Instant) {
        let start = Instant::now();
        let mut breaker = Breaker::untried(start);
        assert_eq!(breaker.advice(start), Advice::Try);
        breaker.tried(true, start);
        (breaker, start)
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
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
    fn one_tries_at_a_time_and_ever_more_seldom() {
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
        // And the next time it begins anew.
        while !breaker.failed(now) {}
        assert_eq!(breaker.advice(now + FIRST_WAIT), Advice::Try);
    }
}
