//! Time as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A clock that starts at a given moment and runs at the world's speed, or faster: a fetch of forty
/// minutes can be watched in one, with all its waiting in proportion.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    /// Seconds since 1970 when it started.
    epoch: Duration,
    speed: u32,
}

impl Clock {
    /// The time of day, at `speed` seconds a second.
    pub fn system(speed: u32) -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), epoch, speed: speed.max(1) }
    }

    /// The same clock, ahead by so many seconds.
    #[must_use]
    pub fn ahead(mut self, seconds: i64) -> Self {
        self.epoch += Duration::from_secs(seconds.max(0).cast_unsigned());
        self
    }

    /// A clock that starts at `unix` seconds since 1970.
    pub fn starting_at(unix: i64, speed: u32) -> Self {
        let epoch = Duration::from_secs(unix.max(0).cast_unsigned());
        Self { started: Instant::now(), epoch, speed: speed.max(1) }
    }

    /// Time since the clock started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed() * self.speed
    }

    /// Seconds since 1970.
    pub fn unix(&self) -> i64 {
        (self.epoch + self.elapsed()).as_secs().cast_signed()
    }

    /// So much of this clock's time in the world's, but a second at least: for time-outs, which the
    /// network keeps by the world's clock.
    pub fn time_out(&self, length: Duration) -> Duration {
        (length / self.speed).max(Duration::from_secs(1))
    }

    /// Waits until the clock has run for `elapsed`.
    pub async fn sleep_until(&self, elapsed: Duration) {
        tokio::time::sleep_until(self.started + elapsed / self.speed).await;
    }

    /// Waits for `length` of this clock's time.
    pub async fn sleep(&self, length: Duration) {
        self.sleep_until(self.elapsed() + length).await;
    }
}
