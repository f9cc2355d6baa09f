//! One rate for all requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// A request whose answer has not come after this long has arrived.
const LONGEST_WAY: Duration = Duration::from_millis(200);
const SECOND: Duration = Duration::from_secs(1);
/// Told to slow down again and again, this is the slowest: one request in two seconds.
const SLOWEST: Duration = Duration::from_secs(2);
/// Who was woken late lets the next ones go so much sooner: a timer that is always a little late would
/// otherwise make all requests late, each by a little more.
const CATCH_UP: u32 = 4;
/// Answers in a row, without a complaint, after which the pace picks up by a tenth.
const CONFIDENCE: u32 = 50;

/// Lets requests go so that a server never counts more than `rate` of them in any one second, however
/// they bunch up on the way: the request that is `rate`th after another goes no sooner than a second
/// after that one was answered (or has surely arrived). They go evenly, first come, first served.
#[derive(Debug)]
pub struct Pace {
    clock: Clock,
    rate: usize,
    /// Held while waiting: the lock is fair, so requests go in the order they asked.
    turn: tokio::sync::Mutex<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// The last `rate` requests, oldest first.
    sent: VecDeque<Sent>,
    n_sent: u64,
    /// Between two requests.
    interval: Duration,
    /// When the next one would go if all went on time.
    slot: Duration,
    /// Nobody goes before.
    closed_until: Duration,
    content: u32,
    /// Complaints since the last answer without one; those of one pause are one.
    complaints: u32,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Duration,
    answered: Option<Duration>,
}

/// Leave to send one request; dropped when its answer has begun, or will not come.
#[derive(Debug)]
pub struct Leave {
    number: u64,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl Pace {
    /// At most `rate` requests, 1 and up, in any second.
    pub fn new(rate: u32, clock: Clock) -> Self {
        let rate = rate.max(1);
        let state = State {
            sent: VecDeque::with_capacity(rate as usize),
            n_sent: 0,
            interval: SECOND / rate,
            slot: Duration::ZERO,
            closed_until: Duration::ZERO,
            content: 0,
            complaints: 0,
        };
        let state = Arc::new(Mutex::new(state));
        Self { clock, rate: rate as usize, turn: tokio::sync::Mutex::new(()), state }
    }

    /// Waits for this request's turn.
    pub async fn wait(&self) -> Leave {
        let _turn = self.turn.lock().await;
        loop {
            let now = self.clock.elapsed();
            let next = {
                let mut state = locked(&self.state);
                let next = state.next(self.rate, now);
                if next <= now {
                    return self.leave(&mut state, now);
                }
                next
            };
            self.clock.sleep_until(next).await;
        }
    }

    fn leave(&self, state: &mut State, now: Duration) -> Leave {
        if state.sent.len() == self.rate {
            state.sent.pop_front();
        }
        state.sent.push_back(Sent { at: now, answered: None });
        let late = now.saturating_sub(state.interval * CATCH_UP);
        state.slot = state.slot.max(late) + state.interval;
        state.n_sent += 1;
        Leave { number: state.n_sent, clock: self.clock, state: Arc::clone(&self.state) }
    }

    /// The server complained: nobody goes for `pause`, and then half as often. How often it has
    /// complained since it was last content.
    pub fn slow_down(&self, pause: Duration) -> u32 {
        let now = self.clock.elapsed();
        let mut state = locked(&self.state);
        // Requests that were under way together complain together; that is one complaint.
        if state.closed_until <= now {
            state.interval = (state.interval * 2).min(SLOWEST);
            state.complaints += 1;
        }
        state.closed_until = state.closed_until.max(now + pause);
        state.slot = state.slot.max(state.closed_until);
        state.content = 0;
        state.complaints
    }

    /// How long nobody goes from now on, because the server said so.
    pub fn closed_for(&self) -> Duration {
        locked(&self.state).closed_until.saturating_sub(self.clock.elapsed())
    }

    /// The server answered without a complaint; after many of these the pace picks up again.
    pub fn content(&self) {
        let mut state = locked(&self.state);
        state.complaints = 0;
        state.content += 1;
        if state.content >= CONFIDENCE {
            state.content = 0;
            state.interval = (state.interval * 9 / 10).max(SECOND / self.rate as u32);
        }
    }
}

impl State {
    /// When the next request may go, as far as is known now.
    fn next(&self, rate: usize, now: Duration) -> Duration {
        let mut next = self.closed_until.max(self.slot);
        if let Some(first) = self.sent.front().filter(|_| self.sent.len() == rate) {
            let surely = first.at + LONGEST_WAY;
            let arrived = first.answered.unwrap_or(surely).min(surely);
            // An answer that is still to come may allow it sooner.
            let earliest = if first.answered.is_none() && now < first.at + SECOND {
                first.at
            } else {
                arrived
            };
            next = next.max(earliest + SECOND);
        }
        next
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let now = self.clock.elapsed();
        let mut state = locked(&self.state);
        let back = (state.n_sent - self.number) as usize;
        let place = state.sent.len().checked_sub(back + 1);
        if let Some(sent) = place.and_then(|place| state.sent.get_mut(place)) {
            sent.answered = Some(now);
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `n` requests whose answers take `latency`, and gives the times of sending.
    async fn send(pace: &Pace, clock: Clock, n: usize, latency: Duration) -> Vec<Duration> {
        let mut sent = Vec::new();
        let mut under_way = tokio::task::JoinSet::new();
        for _ in 0..n {
            let leave = pace.wait().await;
            sent.push(clock.elapsed());
            under_way.spawn(async move {
                clock.sleep(latency).await;
                drop(leave);
            });
        }
        sent
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_holds_more_than_the_rate() {
        for latency in [0, 30, 400].map(Duration::from_millis) {
            let clock = Clock::starting_at(0, 1);
            let pace = Pace::new(40, clock);
            let sent = send(&pace, clock, 400, latency).await;
            let longest = latency.min(LONGEST_WAY);
            for pair in sent.windows(41) {
                assert!(pair[40] >= pair[0] + SECOND + longest, "{pair:?}");
            }
            // 400 requests are ten seconds; the way of the answers is all that is added.
            let limit = Duration::from_secs(10) + longest * 10;
            assert!(sent[399] <= limit + Duration::from_millis(50), "{latency:?} {:?}", sent[399]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_complaint_stops_everyone_and_halves_the_pace_until_the_server_is_content() {
        let clock = Clock::starting_at(0, 1);
        let pace = Pace::new(10, clock);
        send(&pace, clock, 2, Duration::ZERO).await;
        let complained = clock.elapsed();
        pace.slow_down(Duration::from_secs(7));
        pace.slow_down(Duration::from_secs(3));
        let sent = send(&pace, clock, 3, Duration::ZERO).await;
        assert!(sent[0] >= complained + Duration::from_secs(7), "{sent:?}");
        assert!(sent[2] >= sent[1] + Duration::from_millis(200), "{sent:?}");
        for _ in 0..CONFIDENCE * 8 {
            pace.content();
        }
        let sent = send(&pace, clock, 3, Duration::ZERO).await;
        assert!(sent[2] <= sent[1] + Duration::from_millis(101), "{sent:?}");
    }
}
