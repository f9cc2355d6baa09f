//! Injects faults into TMDB replies: the resulting table must equal one fetched without faults. Also tests retries,
//! timeouts and rate limits.

use std::time::{Duration, Instant};

use cinematch_testing::Dice;

use super::tmdb_server::{Fault, TmdbServer};
use super::{command, fetch, fetched, folder_of, table};
use crate::support::memory::peak_memory;

/// Returns transient fault number `kind`, from 0 to 13.
fn transient_fault(kind: u64) -> Fault {
    match kind {
        0 => Fault::Status(429, Some("2"), r#"{"status_code":25}"#),
        1 => Fault::Status(429, Some("Fri, 31 Dec 1999 23:59:59 GMT"), ""),
        2 => Fault::Status(429, None, ""),
        3 => Fault::Status(500, None, r#"{"status_code":11}"#),
        4 => Fault::Status(502, None, "<html>bad gateway</html>"),
        5 => Fault::Status(503, Some("1"), r#"{"status_code":9}"#),
        6 => Fault::Status(504, None, r#"{"status_code":24}"#),
        7 => Fault::Status(404, None, "<html>not from TMDB</html>"),
        8 => Fault::Hangup,
        9 => Fault::Cut,
        10 => Fault::Garbage,
        11 => Fault::WrongMovie,
        12 => Fault::Status(200, None, ""),
        _ => Fault::Slow(20),
    }
}

const MOVIES: u32 = 60;

#[test]
fn transient_faults_do_not_change_the_table() {
    let (reference, server) = (folder_of(MOVIES), TmdbServer::start());
    server.set_missing(&[1007, 1020]);
    fetched(&reference, &server, &["--all"]);
    let expected = (table(&reference), reference.read("raw/tmdb/watch_providers.csv"));
    assert_eq!(expected.0.lines().count(), MOVIES as usize - 1);

    for seed in 1..=12 {
        let (folder, server) = (folder_of(MOVIES), TmdbServer::start());
        server.set_missing(&[1007, 1020]);
        let mut dice = Dice::new(seed);
        // Between one in eight and seven in eight replies fail.
        let share = 1 + seed % 7;
        server.set_faults(move |_, _| {
            (dice.below(8) < share).then(|| transient_fault(dice.below(14)))
        });
        let mut runs = 0;
        while !fetch(&folder, &server, &["--all", "--quiet"]).status.success() {
            runs += 1;
            assert!(runs < 60, "seed {seed} never succeeds");
        }
        let found = (table(&folder), folder.read("raw/tmdb/watch_providers.csv"));
        assert!(found == expected, "seed {seed} produced a different table");
    }
}

#[test]
fn retries_bursts_of_errors() {
    let (folder, server) = (folder_of(20), TmdbServer::start());
    server.set_faults(|_, nth| (nth < 4).then_some(Fault::Status(503, None, "")));
    let report = fetched(&folder, &server, &["--all"]);
    assert_eq!((&report["found"], &report["failed"]), (&20.into(), &0.into()));
}

#[test]
fn stalled_replies_time_out_and_are_retried() {
    let (folder, server) = (folder_of(8), TmdbServer::start());
    server.set_faults(|id, nth| match (id, nth) {
        (1002, 0) => Some(Fault::Slow(60_000)),
        (1003, 0 | 1) => Some(Fault::Stall),
        _ => None,
    });
    let report = fetched(&folder, &server, &["--all"]);
    assert_eq!((&report["found"], &report["failed"]), (&8.into(), &0.into()));
}

#[test]
fn gives_up_on_endless_429_replies() {
    let (folder, server) = (folder_of(60), TmdbServer::start());
    server.set_faults(|id, _| {
        (id > 1003).then_some(Fault::Status(429, None, r#"{"status_code":25}"#))
    });
    let output = fetch(&folder, &server, &["--all"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("rejects all requests because of its rate limit"), "{text}");
    // A `Retry-After` above the 15-minute maximum is capped, and the run succeeds.
    let (folder, server) = (folder_of(3), TmdbServer::start());
    server.set_faults(|_, nth| (nth == 0).then_some(Fault::Status(429, Some("1500000"), "")));
    let output = fetch(&folder, &server, &["--all"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
}

#[test]
fn keeps_replies_in_flight_when_the_run_ends() {
    let (folder, server) = (folder_of(40), TmdbServer::start());
    // 32 requests are in flight; one of them ends the run before the others complete.
    server.set_faults(|id, _| match id {
        1002 => Some(Fault::Status(401, None, r#"{"status_code":7}"#)),
        _ => Some(Fault::Slow(300)),
    });
    let output = fetch(&folder, &server, &["--all"]);
    assert_eq!(output.status.code(), Some(1));
    let requested = server.requested().len();
    assert_eq!(table(&folder).lines().count(), 1 + requested - 1, "{requested} requests");
}

#[test]
fn reports_failing_movies_and_fetches_the_rest() {
    let (folder, server) = (folder_of(20), TmdbServer::start());
    server.set_faults(|id, _| match id {
        1003 => Some(Fault::Status(500, None, "")),
        1004 => Some(Fault::Huge),
        1005 => Some(Fault::Redirect("http://localhost:1/3/movie/1".to_owned())),
        _ => None,
    });
    let output = fetch(&folder, &server, &["--all"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("movie 1003: HTTP 500, 6 times"), "{text}");
    assert!(text.contains("movie 1004: a response of more than 15 MiB"), "{text}");
    assert!(
        text.contains("movie 1005: HTTP 302: a redirect to another host is not followed"),
        "{text}"
    );
    assert!(
        text.contains("3 movies failed; run the command again to request only these"),
        "{text}"
    );
    assert_eq!(table(&folder).lines().count(), 1 + 17);
    server.clear_faults();
    server.requested();
    fetched(&folder, &server, &["--all"]);
    let mut requested = server.requested();
    requested.sort_unstable();
    assert_eq!(requested, [1003, 1004, 1005]);
}

#[test]
fn gives_up_after_40_connection_failures_in_a_row() {
    let folder = folder_of(60);
    let server = TmdbServer::start();
    let mut command = command(&folder, &server, &["--all"]);
    // No server listens on port 9.
    let output = command.env("CINEMATCH_TMDB_URL", "http://127.0.0.1:9").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("requests for 40 movies in a row failed; last failure: no connection"),
        "{error}"
    );
    assert!(error.contains("run the command again to resume"), "{error}");
}

#[test]
fn never_exceeds_the_request_rate() {
    // The clock runs at double speed, with at most 40 requests per clock second.
    let server = TmdbServer::with_rate(Some((40, Duration::from_millis(500))));
    let folder = folder_of(300);
    let started = Instant::now();
    let mut command = command(&folder, &server, &["--all", "--json"]);
    let output = command.env("CINEMATCH_CLOCK_SPEED", "2").output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["found"], 300, "{report}");
    assert_eq!(server.violations(), 0);
    // 300 requests at 80 per second take over 3 s.
    assert!(started.elapsed() >= Duration::from_secs(3));
}

/// Fetches as many movies as MovieLens 32M has, at 40 requests per second, with the clock running 8 times as fast.
/// The clock also multiplies the delays of a busy machine, so the request rate is only reported.
#[test]
#[ignore = "campaign: takes minutes; cargo test --release -p cinematch-cli --test it full_size -- --ignored --nocapture"]
fn full_size_in_a_compressed_clock() {
    fetch_full_size(87_585, 8);
}

/// Fetches 24,000 movies at 40 requests per second, in real time. Takes ten minutes.
#[test]
#[ignore = "campaign: takes ten minutes; cargo test --release -p cinematch-cli --test it real_time -- --ignored --nocapture"]
fn full_size_in_real_time() {
    assert_eq!(fetch_full_size(24_000, 1), 0);
}

/// Fetches `movies` movies. Returns how many requests exceeded the rate limit.
fn fetch_full_size(movies: u32, speed: u32) -> u32 {
    let server = TmdbServer::with_rate(Some((40, Duration::from_secs(1) / speed)));
    let folder = folder_of(movies);
    let mut command = command(&folder, &server, &["--all", "--json"]);
    command.env("CINEMATCH_CLOCK_SPEED", speed.to_string());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let peak = peak_memory(&mut child, Duration::from_millis(20));
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let minutes = report["seconds"].as_f64().unwrap() / 60.0;
    println!(
        "{} movies in {minutes:.1} clock minutes, {:.1} per second, peak memory {} MiB, {} violations",
        report["found"],
        f64::from(movies) / minutes / 60.0,
        peak,
        server.violations()
    );
    assert_eq!(report["found"], movies);
    assert!(peak <= 150, "{peak} MiB");
    server.violations()
}
