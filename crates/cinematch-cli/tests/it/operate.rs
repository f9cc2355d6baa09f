//! What orchestrators and Prometheus see.

use std::process::Stdio;

use crate::folder::Folder;
use crate::server::{Server, wait_until};

/// The value of a metric: its name with its labels as they are written.
fn value(text: &str, metric: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn metrics_count_what_happened_under_its_route() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    for id in [1, 2, 3] {
        assert_eq!(server.get(&format!("/api/movies/{id}")).status, 200);
    }
    server.get("/api/movies/4000000").problem(404);
    server.get("/nowhere").problem(404);
    let metrics = server.get("/metrics");
    assert!(metrics.content_type.starts_with("text/plain"), "{}", metrics.content_type);
    let of = |metric: &str| value(&metrics.text, metric);
    let requests = |route: &str, status: u16| {
        of(&format!(
            "cinematch_http_requests_total{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}"
        ))
    };
    assert_eq!(requests("/api/movies/{movie_id}", 200), Some(3.0), "{}", metrics.text);
    assert_eq!(requests("/api/movies/{movie_id}", 404), Some(1.0));
    assert_eq!(requests("none", 404), Some(1.0));
    let route = "cinematch_http_request_seconds_count{route=\"/api/movies/{movie_id}\"}";
    assert_eq!(of(route), Some(4.0));
    assert_eq!(of("cinematch_model_generation"), Some(1.0));
    assert_eq!(of("cinematch_store_up"), Some(1.0));
    assert_eq!(of("cinematch_http_in_flight"), Some(1.0));
    assert!(of("process_resident_memory_bytes").unwrap() > 1e6);
    assert!(of("cinematch_model_age_seconds").unwrap() >= 0.0);
}

#[test]
fn a_server_that_waits_is_alive_and_not_ready_until_there_is_a_model() {
    let folder = Folder::with_sample();
    let server = Server::start_with(&folder, &["--wait"]);
    assert_eq!(server.get("/health/live").status, 200);
    let refused = server.get("/health/ready").problem(503);
    assert!(refused["detail"].as_str().unwrap().contains("artifacts not found"), "{refused}");
    server.get("/api/genres").problem(503);
    folder.ok(&["preprocess", "--min-year", "none", "--services", "none"]);
    folder.ok(&["train", "--model", "content"]);
    wait_until("readiness", || server.get("/health/ready").status == 200);
    assert_eq!(server.get("/api/genres").status, 200);
}

#[test]
fn without_wait_a_missing_model_is_a_mistake_told_at_once() {
    let folder = Folder::empty();
    let error = folder.fails(&["serve", "--port", "0"]);
    assert!(error.contains("run `cinematch train` first"), "{error}");
}

#[test]
fn a_server_told_to_stop_says_first_that_it_is_not_ready() {
    let folder = Folder::trained();
    let mut server = Server::start_with(&folder, &["--stop-delay", "2"]);
    assert_eq!(server.get("/health/ready").status, 200);
    server.tell_to_stop();
    wait_until("the server to say so", || server.get("/health/ready").status == 503);
    // Who was not told yet is still answered.
    assert_eq!(server.get("/api/genres").status, 200);
    assert!(server.ended_well());
}

#[test]
fn what_is_no_schedule_is_refused_at_the_start() {
    let folder = Folder::trained();
    let command = folder
        .command(&["serve", "--port", "0", "--retrain", "61 * * * *"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&command.stderr);
    assert!(!command.status.success() && said.contains("five fields of cron"), "{said}");
}
