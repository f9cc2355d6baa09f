//! A server with the sample's movies, for end-to-end tests.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::tab::Tab;
use crate::support::folder::Folder;
use crate::support::server::Server;

/// Sample movies that the test user likes or dislikes.
pub const LIKED: [u32; 6] = [1, 6, 10, 12, 20, 31];
pub const DISLIKED: [u32; 2] = [3, 8];

/// Returns a folder with its own trained model; training runs once per process.
pub fn folder() -> Folder {
    static TRAINED: LazyLock<Folder> = LazyLock::new(Folder::trained);
    let folder = Folder::empty();
    folder.copy_from(&TRAINED);
    folder
}

/// Creates a user with a history and returns the id.
pub fn somebody(server: &Server, name: &str) -> i64 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let email = format!("{}@example.org", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = server.post("/auth/identify", &json!({"email": email, "name": name})).json();
    let id = made["id"].as_i64().unwrap();
    let say = |body: Value| {
        let reply = server.as_user(&id.to_string(), ("POST", "/api/feedback"), Some(&body));
        assert_eq!(reply.status, 200, "{}", reply.text);
    };
    for movie_id in LIKED {
        say(json!({"movie_id": movie_id, "signal": "like"}));
    }
    for movie_id in DISLIKED {
        say(json!({"movie_id": movie_id, "signal": "dislike"}));
    }
    say(json!({"movie_id": 2, "rating": 4.5, "watched": true}));
    say(json!({"movie_id": 5, "rating": 2.0}));
    for movie_id in [40, 41, 42] {
        let body = json!({"movie_id": movie_id});
        let reply = server.as_user(&id.to_string(), ("POST", "/api/watchlist"), Some(&body));
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    id
}

impl Tab {
    /// Signs the browser in as a member of a household.
    pub fn be(&self, id: i64) {
        self.browser.tell(
            "Network.setCookie",
            &json!({"name": "cinematch_profile", "value": id.to_string(), "url": self.origin}),
        );
    }
}
