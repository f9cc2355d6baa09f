//! What `/metrics` tells Prometheus. Events are counted where it happens, by the macros of `metrics`;
//! here it is named, described and written out.

use std::fmt::Write;
use std::sync::OnceLock;
use std::time::Duration;

use cinematch_store::JobKind;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use cinematch_service::Service;

/// Of requests and of rankings: from a tenth of a millisecond on.
const FAST: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Of jobs: from a second to hours.
const SLOW: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 14400.0];

/// How often what was counted is put in its buckets, where nobody asks for it.
const UPKEEP: Duration = Duration::from_secs(5);

/// One a process, as the macros want it.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count; from the second call on, nothing.
pub fn start() {
    RECORDER.get_or_init(|| {
        let suffix = |name: &str| Matcher::Suffix(name.to_owned());
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(suffix("_seconds"), &FAST)
            .and_then(|builder| builder.set_buckets_for_metric(suffix("job_seconds"), &SLOW));
        let recorder = builder.ok()?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        begin_at_zero();
        Some(handle)
    });
}

/// Puts what was counted in its buckets from time to time, so that it takes no more room. Runs until
/// aborted.
pub async fn watch() {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        if let Some(Some(handle)) = RECORDER.get() {
            handle.run_upkeep();
        }
    }
}

/// What is counted from the first time on: an increase from nothing is none to Prometheus.
fn begin_at_zero() {
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
    describe_counter!("cinematch_http_requests_total", "Requests answered");
    describe_histogram!(
        "cinematch_http_request_seconds",
        Unit::Seconds,
        "From a request's head to its reply"
    );
    describe_gauge!("cinematch_http_in_flight", "Requests under way");
    describe_histogram!("cinematch_rank_seconds", Unit::Seconds, "Ranking alone, by model");
    describe_gauge!("cinematch_model_generation", "The generation in service");
    describe_gauge!(
        "cinematch_model_age_seconds",
        Unit::Seconds,
        "Since the model in service was trained"
    );
    describe_counter!(
        "cinematch_model_swaps_total",
        "Generations put into service beside the first"
    );
    describe_counter!(
        "cinematch_model_refused_total",
        "Generations found and not put into service"
    );
    describe_counter!(
        "cinematch_cache_requests_total",
        "Replies looked for in the cache, by tier and result"
    );
    describe_gauge!("cinematch_cache_bytes", Unit::Bytes, "Replies kept in memory");
    describe_gauge!(
        "cinematch_cache_breaker_open",
        "1 while Redis is not asked because it does not answer"
    );
    describe_counter!("cinematch_jobs_total", "Attempts at jobs that ended, by outcome");
    describe_gauge!("cinematch_jobs_queued", "Jobs that wait");
    describe_gauge!("cinematch_jobs_running", "1 while a job runs, on whichever server");
    describe_histogram!(
        "cinematch_job_seconds",
        Unit::Seconds,
        "From a job's beginning to its end"
    );
    describe_gauge!("cinematch_store_up", "1 if the database answered just now");
    describe_gauge!("cinematch_uptime_seconds", Unit::Seconds, "Since the start");
}

/// All that is known now, in Prometheus' text format.
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
    service.cache().tell();
    let mut text = text();
    // Of the model in service alone: series once made are there until the process ends.
    let (model_id, generation) = (&bundle.manifest.model_id, bundle.generation);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "# HELP cinematch_model_info 1 for the model in service\n\
         # TYPE cinematch_model_info gauge\n\
         cinematch_model_info{{model_id=\"{model_id}\",generation=\"{generation}\"}} 1\n"
    );
    text
}

/// What is known of the process alone.
pub fn text() -> String {
    let recorded = RECORDER.get().and_then(Option::as_ref).map(PrometheusHandle::render);
    let mut text = recorded.unwrap_or_default();
    if let Some(Process { resident_bytes, cpu_seconds }) = Process::now() {
        let _ = write!(
            text,
            "# HELP process_resident_memory_bytes Memory in use\n\
             # TYPE process_resident_memory_bytes gauge\n\
             process_resident_memory_bytes {resident_bytes}\n\
             # HELP process_cpu_seconds_total Processor time used\n\
             # TYPE process_cpu_seconds_total counter\n\
             process_cpu_seconds_total {cpu_seconds}\n"
        );
    }
    text
}

/// What Linux says of this process.
struct Process {
    resident_bytes: f64,
    cpu_seconds: f64,
}

impl Process {
    fn now() -> Option<Self> {
        let memory = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: f64 = memory.split(' ').nth(1)?.parse().ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The program's name is in brackets and may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        let ticks = ticks()? + ticks()?;
        let (page, second) = (rustix::param::page_size(), rustix::param::clock_ticks_per_second());
        Some(Self { resident_bytes: pages * page as f64, cpu_seconds: ticks / second as f64 })
    }
}
