//! The watchlist over HTTP.

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::Server;

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
fn watchlist_supports_adding_marking_watched_and_removing() {
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
