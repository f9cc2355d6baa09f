//! Fixtures for page tests: a trained folder and a user with a history.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::tab::Tab;
use super::{DESKTOP, tab};
use crate::support::folder::Folder;
use crate::support::server::Server;

/// Movies liked by the user that [`user_with_history`] creates.
pub const LIKED: [u32; 6] = [1, 6, 10, 12, 20, 31];
/// Movies disliked by the user that [`user_with_history`] creates.
pub const DISLIKED: [u32; 2] = [3, 8];

/// Returns a copy of a folder with the trained sample; training runs once per process.
pub fn folder() -> Folder {
    static TRAINED: LazyLock<Folder> = LazyLock::new(Folder::trained);
    let folder = Folder::empty();
    folder.copy_from(&TRAINED);
    folder
}

/// Creates a user with feedback and a watchlist, and returns the user's ID.
pub fn user_with_history(server: &Server, name: &str) -> i64 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let email = format!("{}@example.org", COUNT.fetch_add(1, Ordering::Relaxed));
    let profile = server.post("/auth/identify", &json!({"email": email, "name": name})).json();
    let id = profile["id"].as_i64().unwrap();
    let send_feedback = |body: Value| {
        let reply = server.as_user(&id.to_string(), ("POST", "/api/feedback"), Some(&body));
        assert_eq!(reply.status, 200, "{}", reply.text);
    };
    for movie_id in LIKED {
        send_feedback(json!({"movie_id": movie_id, "signal": "like"}));
    }
    for movie_id in DISLIKED {
        send_feedback(json!({"movie_id": movie_id, "signal": "dislike"}));
    }
    send_feedback(json!({"movie_id": 2, "rating": 4.5, "watched": true}));
    send_feedback(json!({"movie_id": 5, "rating": 2.0}));
    for movie_id in [40, 41, 42] {
        let body = json!({"movie_id": movie_id});
        let reply = server.as_user(&id.to_string(), ("POST", "/api/watchlist"), Some(&body));
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    id
}

/// Returns a desktop tab in which a user with a history is signed in, with the folder and the server that it needs.
/// If no browser is available, prints a notice and returns `None`.
pub fn signed_in_tab(test: &str) -> Option<(Tab, Folder, Server)> {
    let mut tab = tab(test)?;
    let folder = folder();
    let server = Server::start(&folder);
    let ada = user_with_history(&server, "Ada");
    tab.begin(&server, DESKTOP);
    tab.sign_in_as(ada);
    Some((tab, folder, server))
}

impl Tab {
    /// Selects the profile `id` by setting the profile cookie.
    pub fn sign_in_as(&self, id: i64) {
        self.browser.send_command(
            "Network.setCookie",
            &json!({"name": "cinematch_profile", "value": id.to_string(), "url": self.origin}),
        );
    }
}
