//! The watchlist over HTTP, and kill -9.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::server::Server;

fn listed(server: &Server, user: &str) -> Vec<(u64, bool)> {
    let list = server.get(&format!("/api/watchlist/{user}")).json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(list["count"], items.len());
    items
        .iter()
        .map(|item| (item["movie_id"].as_u64().unwrap(), item["watched"].as_bool().unwrap()))
        .collect()
}

#[test]
fn the_story_of_a_watchlist() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    assert_eq!(listed(&server, "ada"), []);
    let add = |user: &str, body: Value| server.post(&format!("/api/watchlist/{user}"), &body);

    let reply = add("ada", json!({"movie_id": 1, "title": "whatever", "service": "Netflix"}));
    assert_eq!((reply.status, &reply.json()["title"]), (201, &json!("Toy Story")));
    assert_eq!(add("ada", json!({"movie_id": 2})).status, 201);
    assert_eq!(add("ada", json!({"movie_id": 1})).status, 200);
    add("ada", json!({"movie_id": 424_242})).problem(404);
    add("ada", json!({"movie_id": -1})).problem(404);
    add("ada", json!({})).problem(422);
    add("%00", json!({"movie_id": 1})).problem(422);
    assert_eq!(add("zo%C3%AB%2F..%20'--", json!({"movie_id": 3})).status, 201);
    assert_eq!(listed(&server, "ada"), [(2, false), (1, false)]);
    assert_eq!(listed(&server, "zo%C3%AB%2F..%20'--"), [(3, false)]);

    assert_eq!(server.put("/api/watchlist/ada/1/watched?watched=true").status, 200);
    assert_eq!(listed(&server, "ada"), [(2, false), (1, true)]);
    assert_eq!(server.put("/api/watchlist/ada/1/watched?watched=false").status, 200);
    assert_eq!(listed(&server, "ada"), [(2, false), (1, false)]);
    server.put("/api/watchlist/ada/9/watched?watched=true").problem(404);
    let problem = server.put("/api/watchlist/ada/1/watched?watched=maybe").problem(422);
    assert_eq!(problem["errors"][0]["field"], "watched");
    server.put("/api/watchlist/ada/1/watched").problem(422);

    assert_eq!(server.delete("/api/watchlist/ada/2").status, 204);
    server.delete("/api/watchlist/ada/2").problem(404);
    assert_eq!(listed(&server, "ada"), [(1, false)]);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = Folder::trained();
    let mut acknowledged: BTreeSet<(usize, u64)> = BTreeSet::new();
    for round in 0..12_usize {
        let mut server = Server::start(&folder);
        for (user, movie) in &acknowledged {
            let list = listed(&server, &format!("u{user}"));
            assert!(list.contains(&(*movie, false)), "lost film {movie} of u{user}");
        }
        let total: usize = (0..=round).map(|user| listed(&server, &format!("u{user}")).len()).sum();
        // A write in flight at the kill may have got through; one that was not sent may not.
        assert!(total <= acknowledged.len() + round * 2, "{total} {}", acknowledged.len());

        let added = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for start in [1_u64, 2] {
                let (server, added) = (&server, &added);
                scope.spawn(move || {
                    for movie in (start..353).step_by(2) {
                        let path = format!("/api/watchlist/u{round}");
                        match server.try_post(&path, &json!({ "movie_id": movie })) {
                            Some(201) => added.lock().unwrap().push((round, movie)),
                            Some(status) => panic!("status {status}"),
                            None => return,
                        }
                    }
                });
            }
            // The kill comes after a number of acknowledged writes, another one every round.
            let wanted = 3 + round * 5;
            crate::server::wait_until("some writes", || added.lock().unwrap().len() >= wanted);
            let pid = server.pid().to_string();
            std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        server.kill();
        acknowledged.extend(added.into_inner().unwrap());
    }
    assert!(acknowledged.len() > 200, "{}", acknowledged.len());
}
