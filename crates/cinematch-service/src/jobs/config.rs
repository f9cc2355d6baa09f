//! Settings of background jobs.

use std::time::Duration;

use cinematch_store::JobKind;

use super::schedule::Schedule;
use super::worker::WorkerCommand;

/// What runs in the background, and how.
#[derive(Clone, Debug, Default)]
pub struct JobsConfig {
    /// What does the work; `None`: this server runs no jobs.
    pub worker: Option<WorkerCommand>,
    /// When a model is trained anew.
    pub retrain: Option<Schedule>,
    /// When new films are looked for.
    pub update: Option<Schedule>,
    /// How time goes by.
    pub pace: Pace,
}

/// How time goes by for jobs.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the queue is looked at, and a running job says that it goes on.
    pub beat: Duration,
    /// A job whose beat stands still for so long has lost its process.
    pub lost_after: Duration,
    /// How long after the first failure a job is tried again; then twice as long, and so on.
    pub retry: Duration,
    /// At the longest.
    pub longest_retry: Duration,
    /// How often a job is begun at the most.
    pub attempts: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(1),
            lost_after: Duration::from_secs(15),
            retry: Duration::from_mins(1),
            longest_retry: Duration::from_hours(1),
            attempts: 5,
        }
    }
}

impl Pace {
    /// All work `speed` times as fast.
    #[must_use]
    pub fn times(self, speed: f64) -> Self {
        let faster = |time: Duration| time.div_f64(speed.max(1e-3));
        Self {
            beat: faster(self.beat).max(Duration::from_millis(20)),
            lost_after: faster(self.lost_after).max(Duration::from_millis(500)),
            retry: faster(self.retry),
            longest_retry: faster(self.longest_retry),
            attempts: self.attempts,
        }
    }

    /// How long a worker goes on without hearing of its server: not as long as others take to believe it gone.
    pub fn patience(&self) -> Duration {
        (self.lost_after * 2 / 3).max(Duration::from_secs(5))
    }

    /// When a job is tried again that failed at `at`, for the `attempt`th time.
    pub fn again(&self, attempt: i64, at: i64) -> Option<i64> {
        if attempt >= self.attempts {
            return None;
        }
        let doubled = self.retry.saturating_mul(1 << attempt.clamp(1, 20).saturating_sub(1));
        Some(at + doubled.min(self.longest_retry).as_millis() as i64)
    }
}

impl JobsConfig {
    /// When such a job is due.
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
    fn attempts_are_further_and_further_apart_and_end() {
        let pace = Pace::default();
        let waits: Vec<Option<i64>> = (1..=6).map(|attempt| pace.again(attempt, 0)).collect();
        assert_eq!(waits[..4], [Some(60_000), Some(120_000), Some(240_000), Some(480_000)]);
        assert_eq!(waits[4..], [None, None]);
        let patient = Pace { attempts: 100, ..pace };
        assert_eq!(patient.again(60, 5), Some(3_600_005));
    }
}
