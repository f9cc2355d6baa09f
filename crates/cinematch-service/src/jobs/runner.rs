//! The job runner: claims queued jobs, monitors their worker processes and schedules retries.

use std::time::Duration;

use cinematch_store::{Failure, Job, JobKind, StoreError};
use metrics::{counter, gauge, histogram};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::config::JobsConfig;
use super::worker::{Event, Worker, WorkerCommand};
use crate::service::Service;

/// Polls the queue and runs jobs until aborted. Returns immediately if no worker command is configured.
pub async fn watch(service: Service) {
    let config = service.jobs().clone();
    let Some(command) = config.worker.clone() else { return };
    let name = worker_name();
    let mut ticks = interval(config.timing.heartbeat_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut remote = RemoteHeartbeat::default();
    loop {
        ticks.tick().await;
        let poll = Poll { service: &service, config: &config, command: &command, name: &name };
        if let Err(error) = poll.run_once(&mut remote).await {
            // Retry at the next tick. Heartbeats may have been missed during the outage, so forget the last one.
            remote = RemoteHeartbeat::default();
            tracing::warn!(%error, "cannot read the job queue; retrying");
        }
    }
}

/// Returns a unique name for this server process. A random suffix keeps names distinct even if every server is
/// process 1 in its container.
fn worker_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "server" } else { host };
    let random = crate::secrets::random_name().unwrap_or_default();
    format!("{host}:{}:{random}", std::process::id())
}

/// Last observed heartbeat of a job running on another server.
#[derive(Default)]
struct RemoteHeartbeat {
    last_seen: Option<(i64, i64, Instant)>,
}

impl RemoteHeartbeat {
    /// Returns true if the job's heartbeat hasn't changed for `heartbeat_timeout`, as measured by this process's
    /// monotonic clock.
    fn is_lost(&mut self, job: &Job, heartbeat_timeout: Duration) -> bool {
        match self.last_seen {
            Some((id, heartbeat, since)) if (id, heartbeat) == (job.id, job.heartbeat) => {
                since.elapsed() >= heartbeat_timeout
            }
            _ => {
                self.last_seen = Some((job.id, job.heartbeat, Instant::now()));
                false
            }
        }
    }
}

/// One poll of the queue: enqueues scheduled jobs, and claims and runs a queued job.
struct Poll<'a> {
    service: &'a Service,
    config: &'a JobsConfig,
    command: &'a WorkerCommand,
    name: &'a str,
}

impl Poll<'_> {
    async fn run_once(&self, remote: &mut RemoteHeartbeat) -> Result<(), StoreError> {
        let store = self.service.store();
        for kind in JobKind::ALL {
            let due =
                self.config.schedule(kind).and_then(|schedule| schedule.last(self.service.now()));
            if let Some(slot) = due
                && store.enqueue_scheduled_job(kind, slot, self.service.now()).await?
            {
                tracing::info!(job = kind.name(), "queued a scheduled job");
            }
        }
        gauge!("cinematch_jobs_queued").set(store.n_queued_jobs().await? as f64);
        if let Some(job) = store.running_job().await? {
            gauge!("cinematch_jobs_running").set(1.0);
            if remote.is_lost(&job, self.config.timing.heartbeat_timeout) {
                let error =
                    format!("no heartbeat from worker {}", job.worker.as_deref().unwrap_or("?"));
                let retry_at = self.retry_at(&job);
                self.record_failure(&job, Some(job.heartbeat), &error, retry_at).await?;
            }
            return Ok(());
        }
        gauge!("cinematch_jobs_running").set(0.0);
        match store.claim_job(self.name, self.service.now()).await? {
            Some(job) => self.run(job).await,
            None => Ok(()),
        }
    }

    /// Returns the time of the next attempt after a failure now, or `None` after the last attempt.
    fn retry_at(&self, job: &Job) -> Option<i64> {
        self.config.timing.retry_at(job.attempt, self.service.now())
    }

    /// Records a failed attempt in the database, the log and the metrics. `retry_at` is the time of the next
    /// attempt.
    async fn record_failure(
        &self,
        job: &Job,
        stalled_heartbeat: Option<i64>,
        error: &str,
        retry_at: Option<i64>,
    ) -> Result<(), StoreError> {
        let failed_at = self.service.now();
        let failure = Failure { stalled_heartbeat, error, failed_at, retry_at };
        if self.service.store().fail_job(job, failure).await? {
            let (job_id, kind, attempt) = (job.id, job.kind.name(), job.attempt);
            let again = retry_at.map(cinematch_store::rfc3339);
            tracing::error!(job = job_id, kind, attempt, error, again, "a job failed");
            counter!("cinematch_jobs_total", "kind" => kind, "outcome" => "failed").increment(1);
        }
        Ok(())
    }

    async fn run(&self, job: Job) -> Result<(), StoreError> {
        let (id, kind) = (job.id, job.kind);
        gauge!("cinematch_jobs_running").set(1.0);
        gauge!("cinematch_jobs_queued").set(self.service.store().n_queued_jobs().await? as f64);
        let started = Instant::now();
        let mut worker =
            match Worker::start(self.command, kind, self.config.timing.signal_timeout()) {
                Ok(worker) => worker,
                Err(error) => {
                    let error = format!("cannot start {}: {error}", self.command.program.display());
                    return self.record_failure(&job, None, &error, self.retry_at(&job)).await;
                }
            };
        let (attempt, pid) = (job.attempt, worker.pid());
        tracing::info!(job = id, kind = kind.name(), attempt, pid, "a job started");
        let outcome = match self.follow(&job, &mut worker).await {
            JobEnd::Lost => {
                // Another server has taken over the job. Dropping the worker kills its process.
                tracing::warn!(
                    job = id,
                    "another server took over the job; stopping its worker process here"
                );
                return Ok(());
            }
            JobEnd::Ended(outcome) => outcome,
        };
        let status = worker.wait().await;
        histogram!("cinematch_job_seconds", "kind" => kind.name())
            .record(started.elapsed().as_secs_f64());
        match (status, outcome) {
            (Ok(()), Some(outcome)) => {
                let text = outcome.to_string();
                self.retry_until_recorded(|| {
                    let store = self.service.store();
                    store.complete_job(id, self.name, &text, self.service.now())
                })
                .await;
                let seconds = started.elapsed().as_secs();
                tracing::info!(
                    job = id,
                    kind = kind.name(),
                    seconds,
                    outcome = text,
                    "a job finished"
                );
                counter!("cinematch_jobs_total", "kind" => kind.name(), "outcome" => "done")
                    .increment(1);
                Ok(())
            }
            (Ok(()), None) => {
                let error = "the worker process exited without a result";
                self.record_failure(&job, None, error, self.retry_at(&job)).await
            }
            (Err(failure), _) => {
                let retry_at = if failure.is_permanent { None } else { self.retry_at(&job) };
                self.record_failure(&job, None, &failure.message, retry_at).await
            }
        }
    }

    /// Retries `record` for up to `heartbeat_timeout` so that a short database outage doesn't cause a finished job
    /// to run again.
    async fn retry_until_recorded<F>(&self, record: impl Fn() -> F)
    where
        F: Future<Output = Result<bool, StoreError>>,
    {
        let deadline = Instant::now() + self.config.timing.heartbeat_timeout;
        while let Err(error) = record().await {
            if Instant::now() >= deadline {
                tracing::error!(%error, "cannot record the result of a job; the job will run again");
                return;
            }
            tokio::time::sleep(self.config.timing.heartbeat_interval).await;
        }
    }

    async fn follow(&self, job: &Job, worker: &mut Worker) -> JobEnd {
        let mut ticks = interval(self.config.timing.heartbeat_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut stage, mut permille, mut outcome) = (None::<String>, 0, None);
        loop {
            tokio::select! {
                event = worker.next() => match event {
                    Some(Event::Stage { stage: current_stage, share }) => {
                        stage = Some(current_stage);
                        permille = (share.clamp(0.0, 1.0) * 1000.0) as i64;
                    }
                    Some(Event::Outcome { outcome: value }) => outcome = Some(value),
                    None => return JobEnd::Ended(outcome),
                },
                _ = ticks.tick() => {
                    let store = self.service.store();
                    match store.heartbeat_job(job.id, self.name, stage.as_deref(), permille).await {
                        Ok(true) => worker.keep_alive().await,
                        Ok(false) => return JobEnd::Lost,
                        Err(error) => tracing::warn!(%error, job = job.id, "cannot record a job's heartbeat"),
                    }
                }
            }
        }
    }
}

enum JobEnd {
    /// The worker's output ended, with or without an outcome.
    Ended(Option<serde_json::Value>),
    /// Another server has taken over the job.
    Lost,
}
