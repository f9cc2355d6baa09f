//! Rate limiter shared by all requests of a client.
//!
//! [`RateLimiter`] guarantees that the server never receives more than `rate` requests in any one-second
//! window. The network can delay requests by different amounts, so requests that are sent evenly spaced
//! can still arrive bunched. Each request therefore counts until one second after its response or, if the
//! response is slow, after its assumed arrival.
//!
//! The `governor` crate doesn't fit. It spaces requests as they are sent, at a fixed quota, which limits
//! the rate at the client but not at the server. [`RateLimiter`] also adapts its interval: it doubles the
//! interval after a 429 response and reduces it by a tenth after every 50 successful responses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Time after which an unanswered request is assumed to have arrived at the server.
const MAX_TRANSIT: Duration = Duration::from_millis(200);
const SECOND: Duration = Duration::from_secs(1);
/// Maximum interval between requests after repeated 429 responses: one request every two seconds.
const MAX_INTERVAL: Duration = Duration::from_secs(2);
/// Maximum delay, in intervals, that later requests can make up for by being sent earlier. Timers always
/// fire slightly late, so without catching up, the delays would add up and lower the rate.
const MAX_CATCH_UP: u32 = 4;
/// Number of consecutive successful responses after which the interval is reduced by a tenth.
const SUCCESSES_TO_SPEED_UP: u32 = 50;

/// A rate limiter that sends requests in FIFO order at even intervals. Each request waits until one
/// second after the response to the request `rate` positions earlier, or after that request's assumed
/// arrival, if this is sooner.
#[derive(Debug)]
pub struct RateLimiter {
    clock: Clock,
    rate: usize,
    /// Held while waiting. Tokio's mutex is fair, so requests are sent in the order of the calls.
    turn: tokio::sync::Mutex<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// The last `rate` requests, oldest first.
    sent: VecDeque<Sent>,
    n_sent: u64,
    /// Interval between requests.
    interval: Duration,
    /// Time at which the next request is due.
    slot: Duration,
    /// No request is sent before this time, which is set by 429 responses.
    closed_until: Duration,
    /// Number of consecutive successful responses.
    successes: u32,
    /// Number of 429 responses since the last success. All those within one pause count as one.
    rate_limit_pauses: u32,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    sent_at: Duration,
    answered_at: Option<Duration>,
}

/// Permission to send one request. Drop it when the response headers arrive or the request fails.
#[derive(Debug)]
pub struct Permit {
    number: u64,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl RateLimiter {
    /// Creates a limiter that allows `rate` requests per second, at least 1.
    pub fn new(rate: u32, clock: Clock) -> Self {
        let rate = rate.max(1);
        let state = State {
            sent: VecDeque::with_capacity(rate as usize),
            n_sent: 0,
            interval: SECOND / rate,
            slot: Duration::ZERO,
            closed_until: Duration::ZERO,
            successes: 0,
            rate_limit_pauses: 0,
        };
        let state = Arc::new(Mutex::new(state));
        Self { clock, rate: rate as usize, turn: tokio::sync::Mutex::new(()), state }
    }

    /// Waits until the next request may be sent.
    pub async fn wait(&self) -> Permit {
        let _turn = self.turn.lock().await;
        loop {
            let now = self.clock.elapsed();
            let next = {
                let mut state = lock(&self.state);
                let next = state.next_slot(self.rate, now);
                if next <= now {
                    return self.issue(&mut state, now);
                }
                next
            };
            self.clock.sleep_until(next).await;
        }
    }

    fn issue(&self, state: &mut State, now: Duration) -> Permit {
        if state.sent.len() == self.rate {
            state.sent.pop_front();
        }
        state.sent.push_back(Sent { sent_at: now, answered_at: None });
        let earliest_slot = now.saturating_sub(state.interval * MAX_CATCH_UP);
        state.slot = state.slot.max(earliest_slot) + state.interval;
        state.n_sent += 1;
        Permit { number: state.n_sent, clock: self.clock, state: Arc::clone(&self.state) }
    }

    /// Records a 429 response: pauses all requests for `pause` and doubles the interval. Returns the
    /// number of such pauses since the last success.
    pub fn slow_down(&self, pause: Duration) -> u32 {
        let now = self.clock.elapsed();
        let mut state = lock(&self.state);
        // Concurrent requests are rejected together, so count them only once.
        if state.closed_until <= now {
            state.interval = (state.interval * 2).min(MAX_INTERVAL);
            state.rate_limit_pauses += 1;
        }
        state.closed_until = state.closed_until.max(now + pause);
        state.slot = state.slot.max(state.closed_until);
        state.successes = 0;
        state.rate_limit_pauses
    }

    /// Returns the time left in the current pause.
    pub fn remaining_pause(&self) -> Duration {
        lock(&self.state).closed_until.saturating_sub(self.clock.elapsed())
    }

    /// Records a successful response. Reduces the interval after 50 consecutive ones.
    pub fn record_success(&self) {
        let mut state = lock(&self.state);
        state.rate_limit_pauses = 0;
        state.successes += 1;
        if state.successes >= SUCCESSES_TO_SPEED_UP {
            state.successes = 0;
            state.interval = (state.interval * 9 / 10).max(SECOND / self.rate as u32);
        }
    }
}

impl State {
    /// Returns the earliest time at which the next request may be sent, given the responses so far.
    fn next_slot(&self, rate: usize, now: Duration) -> Duration {
        let mut next = self.closed_until.max(self.slot);
        if let Some(first) = self.sent.front().filter(|_| self.sent.len() == rate) {
            let latest_arrival = first.sent_at + MAX_TRANSIT;
            let arrived = first.answered_at.unwrap_or(latest_arrival).min(latest_arrival);
            // The response might still arrive in time to allow an earlier slot.
            let earliest = if first.answered_at.is_none() && now < first.sent_at + SECOND {
                first.sent_at
            } else {
                arrived
            };
            next = next.max(earliest + SECOND);
        }
        next
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = self.clock.elapsed();
        let mut state = lock(&self.state);
        let n_later = (state.n_sent - self.number) as usize;
        let index = state.sent.len().checked_sub(n_later + 1);
        if let Some(sent) = index.and_then(|index| state.sent.get_mut(index)) {
            sent.answered_at = Some(now);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `n` requests whose responses arrive after `latency`, and returns the times at which they
    /// were sent.
    async fn send(
        rate_limiter: &RateLimiter,
        clock: Clock,
        n: usize,
        latency: Duration,
    ) -> Vec<Duration> {
        let mut sent = Vec::new();
        let mut in_flight = tokio::task::JoinSet::new();
        for _ in 0..n {
            let permit = rate_limiter.wait().await;
            sent.push(clock.elapsed());
            in_flight.spawn(async move {
                clock.sleep(latency).await;
                drop(permit);
            });
        }
        sent
    }

    #[tokio::test(start_paused = true)]
    async fn never_exceeds_the_rate_in_any_one_second_window() {
        for latency in [0, 30, 400].map(Duration::from_millis) {
            let clock = Clock::starting_at(0, 1);
            let rate_limiter = RateLimiter::new(40, clock);
            let sent = send(&rate_limiter, clock, 400, latency).await;
            let longest = latency.min(MAX_TRANSIT);
            for pair in sent.windows(41) {
                assert!(pair[40] >= pair[0] + SECOND + longest, "{pair:?}");
            }
            // 400 requests take ten seconds at this rate, and each window adds the response time.
            let limit = Duration::from_secs(10) + longest * 10;
            assert!(sent[399] <= limit + Duration::from_millis(50), "{latency:?} {:?}", sent[399]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_down_pauses_all_requests_and_halves_the_rate_until_successes_restore_it() {
        let clock = Clock::starting_at(0, 1);
        let rate_limiter = RateLimiter::new(10, clock);
        send(&rate_limiter, clock, 2, Duration::ZERO).await;
        let slowed_at = clock.elapsed();
        rate_limiter.slow_down(Duration::from_secs(7));
        rate_limiter.slow_down(Duration::from_secs(3));
        let sent = send(&rate_limiter, clock, 3, Duration::ZERO).await;
        assert!(sent[0] >= slowed_at + Duration::from_secs(7), "{sent:?}");
        assert!(sent[2] >= sent[1] + Duration::from_millis(200), "{sent:?}");
        for _ in 0..SUCCESSES_TO_SPEED_UP * 8 {
            rate_limiter.record_success();
        }
        let sent = send(&rate_limiter, clock, 3, Duration::ZERO).await;
        assert!(sent[2] <= sent[1] + Duration::from_millis(101), "{sent:?}");
    }
}
