//! The pages without a browser: markup, forms without scripts, and cross-site protection.

use crate::folder::Folder;
use crate::server::{Reply, Server};

/// A client that behaves like a browser with scripts off: cookies, forms, pages.
pub struct Plain<'a> {
    pub server: &'a Server,
    pub cookies: String,
}

impl<'a> Plain<'a> {
    /// Creates a client with a new profile.
    pub fn new(server: &'a Server, name: &str) -> Self {
        let mut plain = Self { server, cookies: String::new() };
        let made = plain.send("/people", &format!("name={name}"), &[]);
        assert_eq!(made.headers["location"], "/welcome");
        plain
    }

    pub fn page(&self, path: &str) -> String {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        assert!(reply.text.starts_with("<!DOCTYPE html>"), "{path}");
        reply.text
    }

    pub fn get(&self, path: &str) -> Reply {
        let headers = [("accept", "text/html"), ("cookie", &*self.cookies)];
        self.server.send(("GET", path), &headers, None)
    }

    /// Submits a form without following redirects; stores the cookies.
    pub fn send(&mut self, path: &str, fields: &str, more: &[(&str, &str)]) -> Reply {
        let host = self.server.address.trim_start_matches("http://").to_owned();
        let referrer = format!("http://{host}/browse?genre=crime");
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("cookie", &*self.cookies),
            ("referer", &*referrer),
        ];
        headers.extend_from_slice(more);
        let reply = self.server.send_here(("POST", path), &headers, fields.as_bytes());
        for set in reply.headers.get_all("set-cookie") {
            let cookie = set.to_str().unwrap().split(';').next().unwrap();
            let (name, _) = cookie.split_once('=').unwrap();
            let others =
                self.cookies.split("; ").filter(|it| !it.is_empty() && !it.starts_with(name));
            self.cookies = others.chain([cookie]).collect::<Vec<_>>().join("; ");
        }
        reply
    }
}

/// Returns the pressed state of a movie's button.
fn is_pressed(page: &str, movie_id: u32, button: &str) -> bool {
    let form = page.split(&format!("id=\"say-{movie_id}\"")).nth(1).expect("the film is there");
    let form = form.split("</form>").next().unwrap();
    let button = form.split("<button").find(|it| it.contains(&format!("class=\"{button}\"")));
    button.unwrap().contains("aria-pressed=\"true\"")
}

#[test]
fn asks_for_a_profile_without_one() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let first = server.send_here(("GET", "/"), &[("accept", "text/html")], b"");
    assert_eq!((first.status, &first.headers["location"]), (303, &"/welcome".parse().unwrap()));
    let ada = Plain::new(&server, "Ada");
    assert!(ada.page("/").contains("Films for Ada"));
    // A second browser of the household is asked to choose a profile.
    let other = server.send_here(("GET", "/"), &[("accept", "text/html")], b"");
    assert_eq!(other.headers["location"], "/people");
    let people = server.get_as("/people", "text/html").text;
    assert!(people.contains(">Ada</span>"), "{people}");
    // API clients still get the server's description.
    assert_eq!(server.get("/").json()["service"], "cinematch");
}

#[test]
fn actions_without_scripts_are_saved_confirmed_and_undone() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    for (button, api) in [("like", "signal"), ("seen", "watched"), ("dislike", "signal")] {
        assert!(!is_pressed(&ada.page("/search?q=heat"), 163, button));
        let said = ada.send("/films/163/say", &format!("say={button}"), &[]);
        assert_eq!(
            (said.status, &said.headers["location"]),
            (303, &"/browse?genre=crime".parse().unwrap())
        );
        let page = ada.page("/search?q=heat");
        assert!(is_pressed(&page, 163, button), "{button}");
        let known = server.as_user("1", ("GET", "/api/feedback"), None).json();
        assert!(!known["feedback"][0][api].is_null(), "{known}");
        let note = page.split("role=\"status\">").nth(1).unwrap();
        assert!(note.split("</div>").next().unwrap().contains("Heat"), "{note}");
        let before =
            note.split("name=\"before\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let before = before.replace("&quot;", "%22").replace('{', "%7B").replace('}', "%7D");
        assert_eq!(ada.send("/films/163/undo", &format!("before={before}"), &[]).status, 303);
        assert!(!is_pressed(&ada.page("/search?q=heat"), 163, button));
        assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).json()["count"], 0);
    }
    // Pressing a button again undoes that action and nothing else.
    ada.send("/films/163/say", "say=seen", &[]);
    ada.send("/films/163/say", "say=like", &[]);
    ada.send("/films/163/say", "say=no-like", &[]);
    let page = ada.page("/search?q=heat");
    assert!(is_pressed(&page, 163, "seen") && !is_pressed(&page, 163, "like"));
    ada.send("/films/163/say", "say=list", &[]);
    assert_eq!(server.get("/api/watchlist/1").json()["items"][0]["title"], "Heat");
}

#[test]
fn scripts_receive_changed_fragments_and_readable_errors() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    let parts = ada.send("/films/163/say", "say=like", &[("x-fragment", "1")]);
    assert_eq!(parts.status, 200);
    assert!(parts.text.starts_with("<form class=\"say\" id=\"say-163\""), "{}", parts.text);
    assert!(parts.text.contains("id=\"note\"") && !parts.text.contains("<html"));
    ada.send("/films/163/say", "say=love", &[("x-fragment", "1")]).problem(422);
    ada.send("/films/999999999/say", "say=like", &[("x-fragment", "1")]).problem(404);
    let found = server.send(
        ("GET", "/search?q=god"),
        &[("cookie", &*ada.cookies), ("x-fragment", "1")],
        None,
    );
    assert!(found.text.starts_with("<ul id=\"suggestions\" role=\"listbox\""), "{}", found.text);
}

#[test]
fn content_security_policy_allows_only_own_scripts_and_styles() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let ada = Plain::new(&server, "Ada");
    let pages =
        ["/", "/people", "/search?q=heat", "/nothing/here", "/browse", "/films/163", "/welcome"];
    for path in pages.into_iter().chain(["/welcome/rate"]) {
        let reply = ada.get(path);
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!reply.text.contains(" style=") && !reply.text.contains("<style"), "{path}");
        for script in reply.text.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"/assets/"), "{path}: {script}");
        }
        for kept in reply.text.split("\"/assets/").skip(1) {
            let name = kept.split('"').next().unwrap();
            let file = server.get(&format!("/assets/{name}"));
            assert_eq!(file.status, 200, "{name}");
            assert!(file.headers["cache-control"].to_str().unwrap().contains("immutable"));
        }
    }
    let missing = ada.get("/nothing/here");
    assert_eq!((missing.status, &*missing.content_type), (404, "text/html; charset=utf-8"));
    // API clients get a problem document instead of HTML.
    server.get("/nothing/here").problem(404);
}

#[test]
fn rejects_cross_site_forms() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let mut ada = Plain::new(&server, "Ada");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let reply = ada.send("/films/163/say", "say=like", &[(name, value)]);
        assert_eq!(reply.status, 403, "{name}: {}", reply.text);
    }
    assert_eq!(server.as_user("1", ("GET", "/api/feedback"), None).json()["count"], 0);
}

#[test]
fn escapes_profile_names() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let ada = Plain::new(&server, "%3Cscript%3Ealert(1)%3C/script%3E%22%27");
    for path in ["/", "/people"] {
        let page = ada.page(path);
        assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;"), "{path}");
    }
}

/// Returns the rows of the home page: each heading with its movie ids.
fn rows(page: &str) -> Vec<(String, Vec<u32>)> {
    let row = |row: &str| {
        let heading = row.split("</h2>").next().unwrap().rsplit_once("\">").unwrap().1;
        let movies = row.split("id=\"say-").skip(1);
        let number = |movie: &str| movie.split('"').next().unwrap().parse().unwrap();
        (heading.replace("<em>", "").replace("</em>", ""), movies.map(number).collect())
    };
    page.split("<section class=\"row\"").skip(1).map(row).collect()
}

#[test]
fn rows_state_their_reason_and_never_repeat_a_movie() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let ada = Plain::new(&server, "Ada");
    let without_ratings = rows(&ada.page("/"));
    let headings: Vec<&str> = without_ratings.iter().map(|(heading, _)| heading.as_str()).collect();
    assert_eq!(headings, ["Loved by many", "Trending"]);
    for (movie_id, rating) in [(163, 5.0), (1, 4.5), (2, 2.0)] {
        let body = serde_json::json!({ "movie_id": movie_id, "rating": rating });
        assert_eq!(server.as_user("1", ("POST", "/api/feedback"), Some(&body)).status, 200);
    }
    let body = serde_json::json!({ "services": ["Netflix"] });
    assert_eq!(server.as_user("1", ("PUT", "/api/preferences/me"), Some(&body)).status, 200);
    let page = ada.page("/");
    let rows = rows(&page);
    let headings: Vec<&str> = rows.iter().map(|(heading, _)| heading.as_str()).collect();
    let wanted = [
        "Picked for you",
        "Because you loved Heat",
        "Because you loved Toy Story",
        "Hidden gems for you",
        "New to you on Netflix",
        "Trending",
    ];
    // A row left without movies is omitted.
    assert!(headings.iter().all(|it| wanted.contains(it)), "{headings:?}");
    assert!(headings.len() >= 4 && headings[..2] == wanted[..2], "{headings:?}");
    let mut movies: Vec<u32> = rows.iter().flat_map(|(_, movies)| movies.clone()).collect();
    assert!([163, 1, 2].iter().all(|seen| !movies.contains(seen)));
    let (shown, first) = (movies.len(), rows[0].1.len());
    movies.sort_unstable();
    movies.dedup();
    assert_eq!((movies.len(), first), (shown, 12));
    // Predicted stars, reasons, and the notice that services are mock data.
    assert!(page.contains("Predicted for you: ") && page.contains("You gave Heat 5★"), "{page}");
    assert!(page.contains(">demo</span>"));
}
