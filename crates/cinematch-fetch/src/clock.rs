//! A clock that is passed as an argument so that tests can run faster than real time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A clock that starts at a given time and runs at real time or a multiple of it. Sleeps scale with the
/// speed: at a speed of 40, a forty-minute fetch takes one minute.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    /// Unix time at the start, in seconds.
    epoch: Duration,
    speed: u32,
}

impl Clock {
    /// Creates a clock that starts at the system time and runs at `speed` times real time.
    pub fn system(speed: u32) -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), epoch, speed: speed.max(1) }
    }

    /// Returns the clock moved forward by `seconds`.
    #[must_use]
    pub fn advanced_by(mut self, seconds: i64) -> Self {
        self.epoch += Duration::from_secs(seconds.max(0).cast_unsigned());
        self
    }

    /// Creates a clock that starts at the Unix time `unix`, in seconds, and runs at `speed` times real
    /// time.
    pub fn starting_at(unix: i64, speed: u32) -> Self {
        let epoch = Duration::from_secs(unix.max(0).cast_unsigned());
        Self { started: Instant::now(), epoch, speed: speed.max(1) }
    }

    /// Returns the time that has passed on this clock since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed() * self.speed
    }

    /// Returns the current Unix time in seconds, according to this clock.
    pub fn unix(&self) -> i64 {
        (self.epoch + self.elapsed()).as_secs().cast_signed()
    }

    /// Converts a duration on this clock to real time, with a minimum of one second. Use it for network
    /// timeouts, which run in real time.
    pub fn timeout(&self, length: Duration) -> Duration {
        (length / self.speed).max(Duration::from_secs(1))
    }

    /// Sleeps until `elapsed` has passed on this clock since the start.
    pub async fn sleep_until(&self, elapsed: Duration) {
        tokio::time::sleep_until(self.started + elapsed / self.speed).await;
    }

    /// Sleeps for `length` on this clock.
    pub async fn sleep(&self, length: Duration) {
        self.sleep_until(self.elapsed() + length).await;
    }
}
