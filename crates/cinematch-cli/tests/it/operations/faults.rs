//! Server behavior during outages, full disks, damaged files and clock jumps, and recovery afterwards.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cinematch_testing::did_not_run;
use serde_json::json;

use crate::support::folder::Folder;
use crate::support::postgres::database;
use crate::support::proxy::Proxy;
use crate::support::server::{Server, wait_until};

/// Duration of the database outage. A manual test with a one-minute outage behaved identically.
const OUTAGE: Duration = Duration::from_secs(8);

fn generation(server: &Server) -> u64 {
    server.get("/health").json()["generation"].as_u64().unwrap()
}

/// Overwrites bytes in the largest file of `generation`.
fn damage(folder: &Folder, generation: u64) {
    let files = fs::read_dir(folder.path(&format!("ml/artifacts/generations/{generation:06}")));
    let files = files.unwrap().flatten().map(|entry| entry.path());
    let largest = files.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut file = fs::File::options().write(true).open(largest).unwrap();
    file.seek(SeekFrom::Start(1000)).unwrap();
    file.write_all(b"\0damaged\0").unwrap();
}

#[test]
fn database_outage_affects_only_personal_requests() {
    let Some(database) = database("database_outage_affects_only_personal_requests") else { return };
    let target = url::Url::parse(&database).unwrap();
    let proxy = Proxy::to(format!("127.0.0.1:{}", target.port().unwrap()));
    let folder = Folder::trained();
    let url = proxy.url(&database);
    let server = Server::start_in(&folder, &[], &[("DATABASE_URL", &url)]);
    let ada = json!({"email": "ada@example.org", "name": "Ada"});
    let ada = server.post("/auth/identify", &ada).json()["id"].to_string();
    let body = |movie: u32| json!({"movie_id": movie, "signal": "like"});
    let like =
        |movie: u32| server.as_user(&ada, ("POST", "/api/feedback"), Some(&body(movie))).status;
    assert_eq!(like(1), 200);
    let mut acknowledged = vec![1];

    proxy.cut();
    let start = Instant::now();
    let mut movie = 2;
    while start.elapsed() < OUTAGE {
        let status = like(movie);
        assert!([200, 503].contains(&status), "{status}: {}", folder.read("server.log"));
        if status == 200 {
            acknowledged.push(movie);
        }
        movie += 1;
        server.get("/health/ready").problem(503);
        // Requests that don't need the database still succeed.
        assert_eq!(server.get("/health/live").status, 200);
        assert_eq!(server.get("/api/search?q=heat").status, 200);
        assert_eq!(server.get("/api/movies/1").status, 200);
        assert_eq!(server.recommend(&json!({"liked_movie_ids": [1]}))["count"], 20);
    }
    proxy.restore();
    wait_until("readiness", || server.get("/health/ready").status == 200);
    assert_eq!(like(300), 200);
    acknowledged.push(300);
    let likes = server.as_user(&ada, ("GET", "/api/feedback/my-likes"), None).json();
    for movie in acknowledged {
        assert!(likes.as_array().unwrap().contains(&json!(movie)), "{movie}: {likes}");
    }
}

/// Limits the size of the files that the server can write (`prlimit --fsize`).
fn limit(server: &Server, bytes: &str) {
    let pid = server.pid().to_string();
    let limited =
        Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}")]).status();
    assert!(limited.unwrap().success());
}

#[test]
fn full_disk_rejects_writes_and_preserves_acknowledged_ones() {
    let folder = Folder::trained();
    let server = Server::start_ignoring_sigxfsz(&folder);
    let ada = json!({"email": "ada@example.org", "name": "Ada"});
    let ada = server.post("/auth/identify", &ada).json()["id"].to_string();
    let like = |movie: u32| {
        let body = json!({"movie_id": movie, "signal": "like"});
        server.as_user(&ada, ("POST", "/api/feedback"), Some(&body)).status
    };
    assert_eq!(like(1), 200);
    let mut acknowledged = vec![1];
    let log = folder.path("data/cinematch.db-wal").metadata().unwrap().len();
    limit(&server, &format!("{}:unlimited", log + 40_000));
    let mut refused = 0;
    for movie in 2..80 {
        match like(movie) {
            200 => acknowledged.push(movie),
            status => {
                assert_eq!(status, 503);
                refused += 1;
            }
        }
        // Reads still succeed.
        assert_eq!(server.get("/api/movies/1").status, 200);
    }
    assert!(refused > 0 && acknowledged.len() > 1, "{refused} of {}", acknowledged.len());
    limit(&server, "unlimited");
    assert_eq!(like(100), 200);
    acknowledged.push(100);
    acknowledged.sort_unstable();
    let likes = |server: &Server| -> Vec<u32> {
        let likes = server.as_user(&ada, ("GET", "/api/feedback/my-likes"), None).json();
        let mut likes: Vec<u32> = serde_json::from_value(likes).unwrap();
        likes.sort_unstable();
        likes
    };
    assert_eq!(likes(&server), acknowledged);
    // Acknowledged writes also survive a crash.
    drop(server);
    assert_eq!(likes(&Server::start(&folder)), acknowledged);
}

#[test]
fn falls_back_to_the_previous_generation_if_one_is_damaged() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    folder.ok(&["train", "--model", "content", "--seed", "7"]);
    wait_until("the second generation", || generation(&server) == 2);
    // Damage on disk does not affect the loaded generation.
    damage(&folder, 2);
    assert_eq!(server.recommend(&json!({"liked_movie_ids": [1]}))["count"], 20);
    // Promoting the damaged generation is rejected.
    let refused = server.post_raw("/api/admin/models/2/promote", "application/json", "");
    assert!(refused.problem(409)["detail"].as_str().unwrap().contains("checksum"));
    drop(server);

    // After a restart, the previous generation is served, and `/health` and the log report the reason.
    let server = Server::start(&folder);
    let health = server.get("/health").json();
    assert_eq!(health["generation"], 1, "{health}");
    assert!(health["refused"].as_str().unwrap().contains("cannot be used"), "{health}");
    assert!(folder.read("server.log").contains("000002"), "{}", folder.read("server.log"));
    assert_eq!(server.get("/health/ready").status, 200);
    assert_eq!(server.recommend(&json!({"liked_movie_ids": [1]}))["count"], 20);
    // The next intact generation is loaded.
    folder.ok(&["train", "--model", "content", "--seed", "8"]);
    wait_until("the third generation", || generation(&server) == 3);
    assert!(server.get("/health").json()["refused"].is_null());
}

#[test]
fn graceful_shutdown_fails_no_request_of_clients_that_check_readiness() {
    let folder = Folder::trained();
    let mut server = Server::start_with(&folder, &["--stop-delay", "2"]);
    let (is_ready, n_replies) = (AtomicBool::new(true), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for at in 0..4_u32 {
            let (server, is_ready, n_replies) = (&server, &is_ready, &n_replies);
            scope.spawn(move || {
                let body = json!({"liked_movie_ids": [at + 1]});
                while is_ready.load(Ordering::SeqCst) {
                    assert_eq!(server.recommend(&body)["count"], 20);
                    n_replies.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        wait_until("load", || n_replies.load(Ordering::SeqCst) > 200);
        server.send_sigterm();
        wait_until("readiness to fail", || server.get("/health/ready").status == 503);
        let n_replies_before = n_replies.load(Ordering::SeqCst);
        wait_until("more requests", || n_replies.load(Ordering::SeqCst) > n_replies_before + 20);
        is_ready.store(false, Ordering::SeqCst);
    });
    assert!(server.exits_successfully());
}

#[test]
fn a_second_server_on_one_folder_exits_with_an_error() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let error = folder.fails(&["serve", "--port", "0"]);
    assert!(error.contains("in use by another CineMatch server"), "{error}");
    assert_eq!(server.recommend(&json!({}))["count"], 20);
}

/// Possible paths to libfaketime, which shifts a process's clock.
const FAKE_TIME: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

#[test]
fn clock_jumps_affect_only_schedules() {
    let Some(library) = FAKE_TIME.iter().find(|path| fs::metadata(path).is_ok()) else {
        return did_not_run(
            "clock_jumps_affect_only_schedules",
            "libfaketime is not installed; `cargo xtask test` installs it",
        );
    };
    let folder = Folder::trained();
    let offset = folder.path("offset");
    fs::write(&offset, "+0").unwrap();
    let variables = [
        ("LD_PRELOAD", *library),
        ("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server =
        Server::start_in(&folder, &["--retrain", "daily", "--jobs-speed", "20"], &variables);
    let jobs = || server.get("/api/jobs").json()["jobs"].as_array().unwrap().clone();
    let list = || {
        let body = json!({"liked_movie_ids": [1, 6]});
        server.recommend(&body)["recommendations"].to_string()
    };
    let before = list();
    wait_until("the first run of the scheduler", || {
        server.get("/metrics").text.contains("cinematch_jobs_running 0")
    });
    assert!(jobs().is_empty(), "{:?}", jobs());
    // Jumping two days ahead runs the due job once.
    fs::write(&offset, "+2d").unwrap();
    wait_until("the due job", || jobs().len() == 1);
    assert_eq!(list(), before);
    // Jumping back during the job neither aborts nor repeats it.
    fs::write(&offset, "-1d").unwrap();
    wait_until("the end of the job", || jobs()[0]["state"] == "done");
    assert_eq!(jobs().len(), 1);
    // Jumping ahead again runs only jobs that are due from then on.
    fs::write(&offset, "+2d").unwrap();
    let body = json!({"movie_id": 1, "signal": "like"});
    let reply = server.as_user("x", ("POST", "/api/watchlist/x"), Some(&body));
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert!(jobs().len() <= 2, "{:?}", jobs());
}
