//! Background jobs: requests, worker processes, schedules, retries and recovery.

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::postgres::database;
use crate::support::server::{Server, wait_until};

/// Flags that make the job clock run 20 times as fast.
const FAST: [&str; 2] = ["--jobs-speed", "20"];

/// Waits for the job `id` to end, and returns the job.
fn wait_for_end(server: &Server, id: &Value) -> Value {
    let mut job = Value::Null;
    wait_until("the end of the job", || {
        job = server.get(&format!("/api/jobs/{id}")).json();
        job["state"] == "done" || job["state"] == "failed"
    });
    job
}

fn request_job(server: &Server, job: &str) -> Value {
    let reply = server.post_raw(&format!("/api/admin/{job}"), "application/json", "");
    assert_eq!(reply.status, 202, "{}", reply.text);
    reply.json()
}

/// Promotion margin for the sample, wide because metrics on its few users are noisy.
const MARGIN: (&str, &str) = ("CINEMATCH_MARGIN", "0.2");

fn generation(server: &Server) -> u64 {
    server.get("/health").json()["generation"].as_u64().unwrap()
}

#[test]
fn promotes_a_retrained_model_and_rolls_back() {
    let folder = Folder::trained();
    let server = Server::start_in(&folder, &FAST, &[MARGIN]);
    assert_eq!(generation(&server), 1);
    folder.add_ratings();
    let job = request_job(&server, "retrain");
    assert_eq!((&job["kind"], &job["asked_by"]), (&json!("retrain"), &json!("api")));
    let job = wait_for_end(&server, &job["id"]);
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["outcome"]["promoted"], true, "{job}");
    let new = job["outcome"]["generation"].as_u64().unwrap();
    wait_until("the new generation", || generation(&server) == new);
    let models = server.get("/api/models").json();
    let roles: Vec<&Value> =
        models["models"].as_array().unwrap().iter().map(|model| &model["role"]).collect();
    assert_eq!(roles, [&json!("previous"), &json!("champion")], "{models}");

    // `cinematch jobs` reports the same outcome.
    let listed: Value = serde_json::from_str(&folder.ok(&["jobs", "--json"])).unwrap();
    assert_eq!(listed[0]["outcome"], job["outcome"]);
    let shown = folder.ok(&["jobs"]);
    assert!(shown.contains("retrain") && shown.contains('✓'), "{shown}");
    let metrics = server.get("/metrics").text;
    let done = "cinematch_jobs_total{kind=\"retrain\",outcome=\"done\"} 1";
    assert!(metrics.contains(done), "{metrics}");

    let back = server.post_raw("/api/admin/models/rollback", "application/json", "");
    assert_eq!((back.status, &back.json()["generation"]), (200, &json!(1)), "{}", back.text);
    wait_until("the old generation", || generation(&server) == 1);
    let again =
        server.post_raw(&format!("/api/admin/models/{new}/promote"), "application/json", "");
    assert_eq!(again.status, 200, "{}", again.text);
    wait_until("the new generation again", || generation(&server) == new);
    server.post_raw("/api/admin/models/77/promote", "application/json", "").problem(404);
}

#[test]
fn fails_a_job_without_input_at_once() {
    let folder = Folder::trained();
    let server = Server::start_with(&folder, &["--jobs-speed", "600"]);
    std::fs::rename(folder.path("raw"), folder.path("elsewhere")).unwrap();
    let job = request_job(&server, "retrain");
    let job = wait_for_end(&server, &job["id"]);
    assert_eq!((&job["state"], &job["attempt"]), (&json!("failed"), &json!(1)), "{job}");
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("ratings.csv not found, but generation"), "{error}");
    assert_eq!(generation(&server), 1);
}

#[test]
fn retries_a_failing_job_and_fails_it_after_five_attempts() {
    let folder = Folder::trained();
    let server = Server::start_with(&folder, &["--jobs-speed", "600"]);
    let (table, elsewhere) = (folder.path("data/movies_merged.csv"), folder.path("elsewhere"));
    std::fs::rename(&table, &elsewhere).unwrap();
    std::fs::create_dir(&table).unwrap();
    let job = request_job(&server, "retrain");
    let job = wait_for_end(&server, &job["id"]);
    assert_eq!((&job["state"], &job["attempt"]), (&json!("failed"), &json!(5)), "{job}");
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("movies_merged.csv"), "{error}");
    assert_eq!(generation(&server), 1);
    assert!(folder.read("server.log").contains("a job failed"));
    let metrics = server.get("/metrics").text;
    let failed = "cinematch_jobs_total{kind=\"retrain\",outcome=\"failed\"} 5";
    assert!(metrics.contains(failed), "{metrics}");
    // After the fault is fixed, the next job succeeds.
    std::fs::remove_dir(&table).unwrap();
    std::fs::rename(&elsewhere, &table).unwrap();
    let job = request_job(&server, "retrain");
    assert_eq!(wait_for_end(&server, &job["id"])["state"], "done");
}

/// Returns a folder whose training takes long enough to be killed.
fn folder_with_long_training() -> Folder {
    let folder = Folder::empty();
    folder.ok(&["synth", "--out", ".", "--ratings", "400000"]);
    folder.ok(&["preprocess", "--services", "none"]);
    folder.ok(&["train", "--model", "popular"]);
    folder
}

/// Removes most of the ratings in `folder`, so that the next training attempt finishes quickly.
fn remove_most_ratings(folder: &Folder) {
    let ratings = folder.read("raw/ml-synthetic/ratings.csv");
    let few: String = ratings.split_inclusive('\n').take(20_000).collect();
    folder.write("raw/ml-synthetic/few.csv", few.as_bytes());
    let to = folder.path("raw/ml-synthetic/ratings.csv");
    std::fs::rename(folder.path("raw/ml-synthetic/few.csv"), to).unwrap();
}

/// Returns the process ID of the server's worker, or `None` if no worker is running.
fn worker_of(server: &Server) -> Option<u32> {
    let tasks = format!("/proc/{0}/task", server.pid());
    let threads = std::fs::read_dir(tasks).ok()?.flatten();
    let children =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    children
        .flat_map(|all| {
            all.split(' ').filter_map(|pid| pid.trim().parse().ok()).collect::<Vec<_>>()
        })
        .next()
}

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

fn kill(pid: u32) {
    send_signal("-KILL", pid);
}

fn send_signal(signal: &str, pid: u32) {
    let sent = std::process::Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn restarts_a_killed_worker_and_stops_the_worker_of_a_killed_server() {
    let folder = folder_with_long_training();
    let mut server = Server::start_with(&folder, &FAST);
    let job = request_job(&server, "retrain");
    wait_until("the worker", || worker_of(&server).is_some());
    let worker = worker_of(&server).unwrap();
    // `nice` is the 19th field of /proc/PID/stat; 19 is the lowest priority.
    let stat = || std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
    let nice = || stat().rsplit_once(") ")?.1.split(' ').nth(16).map(str::to_owned);
    wait_until("the worker's low priority", || nice().as_deref() == Some("19"));
    kill(worker);
    let path = format!("/api/jobs/{}", job["id"]);
    wait_until("the second attempt", || {
        let job = server.get(&path).json();
        job["state"] == "running" && job["attempt"] == 2
    });
    let job = server.get(&path).json();
    assert!(
        job["error"].as_str().unwrap().contains("killed")
            || job["error"].as_str().unwrap().contains("signal"),
        "{job}"
    );
    wait_until("the second worker", || worker_of(&server).is_some());
    let worker = worker_of(&server).unwrap();
    server.kill();
    wait_until("the worker to exit", || !is_alive(worker));
    remove_most_ratings(&folder);

    // The job outlives the server: the next server finds it abandoned and runs it.
    let server = Server::start_with(&folder, &FAST);
    let job = wait_for_end(&server, &job["id"]);
    assert_eq!((&job["state"], &job["attempt"]), (&json!("done"), &json!(3)), "{job}");
}

#[test]
fn scheduled_jobs_start_once_across_servers() {
    let Some(database) = database("scheduled_jobs_start_once_across_servers") else { return };
    let folder = Folder::trained();
    folder.add_ratings();
    let server = |name: &str| {
        let log = format!("server-{name}.log");
        let every_minute = ["--retrain", "* * * * *", "--jobs-speed", "20"];
        (Server::start_in(&folder, &every_minute, &[("DATABASE_URL", &database), MARGIN]), log)
    };
    let servers = [server("a"), server("b"), server("c")];
    let jobs = || servers[0].0.get("/api/jobs").json()["jobs"].as_array().unwrap().clone();
    wait_until("a scheduled job", || jobs().iter().any(|job| job["state"] == "done"));
    let jobs = jobs();
    let minute = |job: &Value| job["asked_at"].as_str().unwrap()[..16].to_owned();
    let mut minutes: Vec<String> = jobs.iter().map(minute).collect();
    minutes.dedup();
    assert_eq!(minutes.len(), jobs.len(), "one job per minute: {jobs:?}");
    let schedules = servers[1].0.get("/api/jobs").json()["schedules"].clone();
    assert_eq!(schedules[0]["schedule"], "* * * * *");
    let new = jobs.last().unwrap()["outcome"]["generation"].as_u64().unwrap();
    for (server, _) in &servers {
        wait_until("the new generation on every server", || generation(server) >= new);
    }
}

#[test]
fn worker_of_a_stopped_server_ends_before_another_server_takes_the_job() {
    let Some(database) =
        database("worker_of_a_stopped_server_ends_before_another_server_takes_the_job")
    else {
        return;
    };
    let folder = folder_with_long_training();
    let server =
        || Server::start_in(&folder, &["--jobs-speed", "2"], &[("DATABASE_URL", &database)]);
    let first = server();
    let job = request_job(&first, "retrain");
    wait_until("the worker", || worker_of(&first).is_some());
    let worker = worker_of(&first).unwrap();
    send_signal("-STOP", first.pid());
    remove_most_ratings(&folder);
    let second = server();
    let path = format!("/api/jobs/{}", job["id"]);
    let job_now = || second.get(&path).json();
    wait_until("the second server to take the job", || {
        job_now()["attempt"] == 2 || job_now()["state"] != "running"
    });
    assert!(!is_alive(worker), "two workers run: {}", job_now());
    send_signal("-CONT", first.pid());
    let job = wait_for_end(&second, &job["id"]);
    assert_eq!(job["state"], "done", "{job}");
}
