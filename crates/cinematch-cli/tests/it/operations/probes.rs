//! Health probes and metrics, as orchestrators and Prometheus read them.

use std::process::Stdio;

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

/// Returns the value of `metric`, which includes its labels as they appear in the exposition.
fn value(text: &str, metric: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn metrics_are_labeled_by_route() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    for id in [1, 2, 3] {
        assert_eq!(server.get(&format!("/api/movies/{id}")).status, 200);
    }
    server.get("/api/movies/4000000").problem(404);
    server.get("/nowhere").problem(404);
    let metrics = server.get("/metrics");
    assert!(metrics.content_type.starts_with("text/plain"), "{}", metrics.content_type);
    let value_of = |metric: &str| value(&metrics.text, metric);
    let requests = |route: &str, status: u16| {
        value_of(&format!(
            "cinematch_http_requests_total{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}"
        ))
    };
    assert_eq!(requests("/api/movies/{movie_id}", 200), Some(3.0), "{}", metrics.text);
    assert_eq!(requests("/api/movies/{movie_id}", 404), Some(1.0));
    assert_eq!(requests("none", 404), Some(1.0));
    let route = "cinematch_http_request_seconds_count{route=\"/api/movies/{movie_id}\"}";
    assert_eq!(value_of(route), Some(4.0));
    assert_eq!(value_of("cinematch_model_generation"), Some(1.0));
    assert_eq!(value_of("cinematch_store_up"), Some(1.0));
    assert_eq!(value_of("cinematch_http_in_flight"), Some(1.0));
    assert!(value_of("process_resident_memory_bytes").unwrap() > 1e6);
    assert!(value_of("cinematch_model_age_seconds").unwrap() >= 0.0);
}

#[test]
fn waiting_server_is_live_but_not_ready_until_a_model_exists() {
    let folder = Folder::with_sample();
    let server = Server::start_with(&folder, &["--wait"]);
    assert_eq!(server.get("/health/live").status, 200);
    let problem = server.get("/health/ready").problem(503);
    assert!(problem["detail"].as_str().unwrap().contains("artifacts not found"), "{problem}");
    server.get("/api/genres").problem(503);
    folder.ok(&["preprocess", "--min-year", "none", "--services", "none"]);
    folder.ok(&["train", "--model", "content"]);
    wait_until("readiness", || server.get("/health/ready").status == 200);
    assert_eq!(server.get("/api/genres").status, 200);
}

#[test]
fn fails_at_startup_without_a_model_unless_waiting() {
    let folder = Folder::empty();
    let error = folder.fails(&["serve", "--port", "0"]);
    assert!(error.contains("run `cinematch train` first"), "{error}");
}

#[test]
fn reports_not_ready_before_shutting_down() {
    let folder = Folder::trained();
    let mut server = Server::start_with(&folder, &["--stop-delay", "2"]);
    assert_eq!(server.get("/health/ready").status, 200);
    server.send_sigterm();
    wait_until("readiness to fail", || server.get("/health/ready").status == 503);
    // Requests that arrive during the drain period still succeed.
    assert_eq!(server.get("/api/genres").status, 200);
    assert!(server.exits_successfully());
}

#[test]
fn rejects_an_invalid_schedule_at_startup() {
    let folder = Folder::trained();
    let output = folder
        .command(&["serve", "--port", "0", "--retrain", "61 * * * *"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("five-field cron expression"), "{errors}");
}
