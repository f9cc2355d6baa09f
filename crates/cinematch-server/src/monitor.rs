//! Prometheus metrics, as served at `/metrics`.
//!
//! Call sites record values with the `metrics` crate's macros. This module installs the recorder, describes
//! the metrics and renders them.

use std::fmt::Write;
use std::sync::OnceLock;
use std::time::Duration;

use cinematch_store::JobKind;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use cinematch_service::Service;

/// Histogram buckets for requests and rankings, in seconds, from 0.1 ms to 30 s.
const REQUEST_BUCKETS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Histogram buckets for jobs, in seconds, from 1 s to 4 h.
const JOB_BUCKETS: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 14400.0];

/// Interval at which pending histogram samples are moved into their buckets.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The process-wide recorder, which the `metrics` macros require.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the metrics recorder on the first call. Later calls have no effect.
pub fn start() {
    RECORDER.get_or_init(|| {
        let suffix = |name: &str| Matcher::Suffix(name.to_owned());
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(suffix("_seconds"), &REQUEST_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(suffix("job_seconds"), &JOB_BUCKETS)
            });
        let recorder = builder.ok()?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        register_counters();
        Some(handle)
    });
}

/// Periodically moves pending histogram samples into their buckets so that memory use stays bounded even if
/// `/metrics` is never requested. Runs until aborted.
pub async fn watch() {
    let mut ticks = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        ticks.tick().await;
        if let Some(Some(handle)) = RECORDER.get() {
            handle.run_upkeep();
        }
    }
}

/// Registers counters with the value 0, since Prometheus can't compute an increase for a series that first appears
/// with a nonzero value.
fn register_counters() {
    for kind in JobKind::ALL {
        for outcome in ["done", "failed"] {
            counter!("cinematch_jobs_total", "kind" => kind.name(), "outcome" => outcome)
                .increment(0);
        }
    }
    counter!("cinematch_model_swaps_total").increment(0);
    counter!("cinematch_model_refused_total").increment(0);
}

fn describe() {
    describe_counter!(
        "cinematch_http_requests_total",
        "Number of requests, by route, method and status"
    );
    describe_histogram!(
        "cinematch_http_request_seconds",
        Unit::Seconds,
        "Time from receiving a request to returning its response, by route"
    );
    describe_gauge!("cinematch_http_in_flight", "Requests in progress");
    describe_histogram!("cinematch_rank_seconds", Unit::Seconds, "Ranking duration, by model");
    describe_gauge!("cinematch_model_generation", "Number of the served generation");
    describe_gauge!("cinematch_model_age_seconds", Unit::Seconds, "Age of the served model");
    describe_counter!("cinematch_model_swaps_total", "Number of times a new generation was loaded");
    describe_counter!(
        "cinematch_model_refused_total",
        "Number of generations that could not be loaded"
    );
    describe_counter!("cinematch_cache_requests_total", "Cache lookups, by tier and result");
    describe_gauge!("cinematch_cache_bytes", Unit::Bytes, "Size of the in-memory reply cache");
    describe_gauge!(
        "cinematch_cache_breaker_open",
        "1 while lookups skip Redis because it isn't responding"
    );
    describe_counter!("cinematch_jobs_total", "Finished job attempts, by kind and outcome");
    describe_gauge!("cinematch_jobs_queued", "Queued jobs");
    describe_gauge!("cinematch_jobs_running", "1 while a job is running on any server");
    describe_histogram!("cinematch_job_seconds", Unit::Seconds, "Job attempt duration, by kind");
    describe_gauge!("cinematch_store_up", "1 if the database responds");
    describe_gauge!("cinematch_uptime_seconds", Unit::Seconds, "Time since the server started");
}

/// Updates the gauges for the model, the database and the cache, then renders all metrics in the Prometheus text
/// format.
pub async fn render(service: &Service, uptime: Duration) -> String {
    let bundle = service.bundle();
    let run = &bundle.manifest.run;
    let trained = run.trained_at.as_ref().unwrap_or(&run.created_at);
    if let Ok(trained) = chrono::DateTime::parse_from_rfc3339(trained) {
        let age = service.now() - trained.timestamp_millis();
        gauge!("cinematch_model_age_seconds").set(age.max(0) as f64 / 1e3);
    }
    gauge!("cinematch_model_generation").set(bundle.generation as f64);
    gauge!("cinematch_uptime_seconds").set(uptime.as_secs_f64());
    gauge!("cinematch_store_up").set(f64::from(service.is_store_up().await));
    service.cache().update_gauges();
    let mut text = text();
    // Written by hand because a recorded series would still be reported after the model is replaced.
    let (model_id, generation) = (&bundle.manifest.model_id, bundle.generation);
    // Writing to a `String` never fails.
    let _ = write!(
        text,
        "# HELP cinematch_model_info 1 for the served model\n\
         # TYPE cinematch_model_info gauge\n\
         cinematch_model_info{{model_id=\"{model_id}\",generation=\"{generation}\"}} 1\n"
    );
    text
}

/// Renders the recorded metrics, plus the process's memory and CPU use.
pub fn text() -> String {
    let recorded = RECORDER.get().and_then(Option::as_ref).map(PrometheusHandle::render);
    let mut text = recorded.unwrap_or_default();
    if let Some(Process { resident_bytes, cpu_seconds }) = Process::now() {
        let _ = write!(
            text,
            "# HELP process_resident_memory_bytes Resident memory in bytes\n\
             # TYPE process_resident_memory_bytes gauge\n\
             process_resident_memory_bytes {resident_bytes}\n\
             # HELP process_cpu_seconds_total CPU time used in seconds\n\
             # TYPE process_cpu_seconds_total counter\n\
             process_cpu_seconds_total {cpu_seconds}\n"
        );
    }
    text
}

/// This process's memory use in bytes and CPU time in seconds.
struct Process {
    resident_bytes: f64,
    cpu_seconds: f64,
}

impl Process {
    /// Reads the current values from `/proc`. Returns `None` on systems without it.
    fn now() -> Option<Self> {
        let memory = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: f64 = memory.split(' ').nth(1)?.parse().ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The program name is in parentheses and may itself contain spaces and parentheses.
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        let ticks = ticks()? + ticks()?;
        let (page, second) = (rustix::param::page_size(), rustix::param::clock_ticks_per_second());
        Some(Self { resident_bytes: pages * page as f64, cpu_seconds: ticks / second as f64 })
    }
}
