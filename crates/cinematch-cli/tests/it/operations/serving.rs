//! Loading a new generation while serving requests, and shutting down.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

#[test]
fn loads_a_new_generation_without_a_failed_request() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let (stop, n_replies) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let reply = server.recommend(&json!({"liked_movie_ids": [1]}));
                    assert_eq!(reply["count"], 20);
                    n_replies.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for generation in 2..=5_u64 {
            folder.ok(&["train", "--seed", &generation.to_string(), "--keep", "1"]);
            wait_until("the new generation", || {
                server.get("/health").json()["generation"] == generation
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(n_replies.into_inner() > 10);

    // A damaged generation is rejected, and the server keeps the old one until a valid one appears.
    let current = server.get("/health").json()["generation"].clone();
    let number = current.as_u64().unwrap() + 1;
    let generations = folder.path("ml/artifacts/generations");
    let damaged = generations.join(format!("{number:06}"));
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("manifest.json"), "{}").unwrap();
    let link = folder.path("ml/artifacts/current");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(format!("generations/{number:06}"), &link).unwrap();
    assert_eq!(server.recommend(&json!({}))["count"], 20);
    assert_eq!(server.get("/health").json()["generation"], current);
    folder.ok(&["train"]);
    wait_until("the valid generation", || server.get("/health").json()["generation"] == number + 1);
}

#[test]
fn stops_gracefully_and_refuses_public_addresses() {
    let folder = Folder::trained();
    let mut server = Server::start(&folder);
    assert_eq!(server.get("/health").status, 200);
    assert!(server.terminate());
    let error = folder.fails(&["serve", "--host", "0.0.0.0"]);
    assert!(error.contains("refusing to listen on 0.0.0.0"), "{error}");
    let error = folder.fails(&["serve", "--cors-origins", "*"]);
    assert!(error.contains("`*` is not an origin"), "{error}");
    let running = Server::start(&folder);
    let port = running.address.rsplit(':').next().unwrap();
    let error = folder.fails(&["serve", "--database", "other.db", "--port", port]);
    assert!(error.contains("pass another --port"), "{error}");
    // The port is checked first, so that the failed start leaves no database behind.
    assert!(!folder.path("other.db").exists());
    let error = folder.fails(&["serve", "--port", "0"]);
    assert!(error.contains("in use by another CineMatch server"), "{error}");
}
