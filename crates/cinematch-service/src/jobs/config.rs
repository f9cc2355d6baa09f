//! Worker command, schedules and timing for background jobs.

use std::time::Duration;

use cinematch_store::JobKind;

use super::schedule::Schedule;
use super::worker::WorkerCommand;

/// Worker command, schedules and timing for background jobs.
#[derive(Clone, Debug, Default)]
pub struct JobsConfig {
    /// Command that starts a worker process; `None` if this server doesn't run jobs.
    pub worker: Option<WorkerCommand>,
    /// Retraining schedule; `None` disables scheduled retraining.
    pub retrain: Option<Schedule>,
    /// Catalog update schedule; `None` disables scheduled updates.
    pub update: Option<Schedule>,
    /// Intervals, timeouts and retries.
    pub timing: JobTiming,
}

/// Intervals, timeouts and retries for jobs.
#[derive(Clone, Copy, Debug)]
pub struct JobTiming {
    /// Interval at which the queue is polled and a running job's heartbeat is recorded.
    pub heartbeat_interval: Duration,
    /// Time without a heartbeat after which a job's process is considered lost.
    pub heartbeat_timeout: Duration,
    /// Delay before the first retry, which doubles with each further failure.
    pub retry_delay: Duration,
    /// Maximum delay before a retry.
    pub max_retry_delay: Duration,
    /// Maximum number of attempts per job.
    pub max_attempts: i64,
}

impl Default for JobTiming {
    fn default() -> Self {
        Self {
            heartbeat_interval: Duration::from_secs(1),
            heartbeat_timeout: Duration::from_secs(15),
            retry_delay: Duration::from_mins(1),
            max_retry_delay: Duration::from_hours(1),
            max_attempts: 5,
        }
    }
}

impl JobTiming {
    /// Returns timing that is `speed` times as fast, with `max_attempts` unchanged.
    #[must_use]
    pub fn scaled(self, speed: f64) -> Self {
        let scale = |time: Duration| time.div_f64(speed.max(1e-3));
        Self {
            heartbeat_interval: scale(self.heartbeat_interval).max(Duration::from_millis(20)),
            heartbeat_timeout: scale(self.heartbeat_timeout).max(Duration::from_millis(500)),
            retry_delay: scale(self.retry_delay),
            max_retry_delay: scale(self.max_retry_delay),
            max_attempts: self.max_attempts,
        }
    }

    /// Returns how long a worker keeps running without a signal from its server: two thirds of `heartbeat_timeout`,
    /// but at least five seconds. With the default timing, a worker stops before another server takes over its job.
    pub fn signal_timeout(&self) -> Duration {
        (self.heartbeat_timeout * 2 / 3).max(Duration::from_secs(5))
    }

    /// Returns the time of the next attempt after attempt number `attempt` failed at `failed_at`. Both times are in
    /// milliseconds since 1970. Returns `None` after the last attempt.
    pub fn retry_at(&self, attempt: i64, failed_at: i64) -> Option<i64> {
        if attempt >= self.max_attempts {
            return None;
        }
        let delay = self.retry_delay.saturating_mul(1 << attempt.clamp(1, 20).saturating_sub(1));
        Some(failed_at + delay.min(self.max_retry_delay).as_millis() as i64)
    }
}

impl JobsConfig {
    /// Returns the schedule for jobs of `kind`, if there is one.
    pub fn schedule(&self, kind: JobKind) -> Option<&Schedule> {
        match kind {
            JobKind::Retrain => self.retrain.as_ref(),
            JobKind::Update => self.update.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_at_doubles_the_delay_and_returns_none_after_the_last_attempt() {
        let timing = JobTiming::default();
        let waits: Vec<Option<i64>> = (1..=6).map(|attempt| timing.retry_at(attempt, 0)).collect();
        assert_eq!(waits[..4], [Some(60_000), Some(120_000), Some(240_000), Some(480_000)]);
        assert_eq!(waits[4..], [None, None]);
        let patient = JobTiming { max_attempts: 100, ..timing };
        assert_eq!(patient.retry_at(60, 5), Some(3_600_005));
    }
}
