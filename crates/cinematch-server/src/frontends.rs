//! Replays the API calls of the open-source CineMatch front ends as a browser on another origin would make them: a
//! preflight request comes first, and a page can only read a reply if its CORS headers allow it.

use std::collections::BTreeSet;

use cinematch_testing::{Client, Reply, movie_ids};
use serde_json::{Value, json};

use crate::testing::open;

/// Origin of Vite's development server.
const ORIGIN: &str = "http://localhost:5173";

/// A client of the pages, and the ID of the signed-in user.
struct Page<'a> {
    server: &'a Client,
    user: Option<String>,
}

impl<'a> Page<'a> {
    fn open(server: &'a Client) -> Self {
        Self { server, user: None }
    }

    /// Sends a request as `fetch` does, with a JSON Content-Type, which the front ends set even on requests
    /// without a body.
    fn fetch(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut headers = vec![("content-type", "application/json")];
        if let Some(user) = &self.user {
            headers.push(("x-user-id", user));
        }
        self.fetch_with(method, path, &headers, body)
    }

    fn fetch_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, Value) {
        let simple = headers.is_empty() && matches!(method, "GET" | "POST");
        if !simple {
            self.preflight(method, path, headers);
        }
        let mut headers = headers.to_vec();
        headers.push(("origin", ORIGIN));
        if !matches!(method, "GET" | "DELETE") && body.is_none() {
            // Browsers send this header with requests that have no body.
            headers.push(("content-length", "0"));
        }
        let text = body.map(Value::to_string);
        let bytes = text.as_deref().map(str::as_bytes);
        let reply = self.server.send((method, path), &headers, bytes);
        let status = reply.status;
        let allowed = header(&reply, "access-control-allow-origin");
        assert_eq!(
            allowed, ORIGIN,
            "CORS hides the {status} reply to {method} {path} from the page"
        );
        let json = if reply.text.is_empty() { Value::Null } else { reply.json() };
        if status >= 400 {
            // Front ends show `detail` to users verbatim.
            assert!(json["detail"].as_str().is_some_and(|it| it.contains(' ')), "{path}: {json}");
        }
        (status, json)
    }

    /// Sends a CORS preflight request, as browsers do for all but simple requests, and checks that it is allowed.
    fn preflight(&self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let all_names = names.join(",");
        let mut preflight = vec![("origin", ORIGIN), ("access-control-request-method", method)];
        if !names.is_empty() {
            preflight.push(("access-control-request-headers", &all_names));
        }
        let reply = self.server.send(("OPTIONS", path), &preflight, None);
        let call = format!("{method} {path} with {names:?}");
        assert!((200..300).contains(&reply.status), "{call}: {}", reply.status);
        assert_eq!(header(&reply, "access-control-allow-origin"), ORIGIN, "{call}");
        let listed = |name: &str| -> BTreeSet<String> {
            let list = header(&reply, name).to_lowercase();
            list.split(',').map(|one| one.trim().to_owned()).collect()
        };
        if !matches!(method, "GET" | "POST") {
            let methods = listed("access-control-allow-methods");
            assert!(methods.contains(&method.to_lowercase()), "{call}: {methods:?}");
        }
        let allowed = listed("access-control-allow-headers");
        for name in names {
            assert!(allowed.contains(name), "{call}: {allowed:?}");
        }
    }

    fn get(&self, path: &str) -> Value {
        self.expect(200, "GET", path, None)
    }

    fn expect(&self, expected: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, reply) = self.fetch(method, path, body);
        assert_eq!(status, expected, "{method} {path}: {reply}");
        reply
    }

    /// Requests recommendations and returns their movie IDs. Asserts that each movie has the fields that a card shows
    /// and satisfies `fit`.
    fn recommended(&self, query: &str, mode: &str, fit: impl Fn(&Value) -> bool) -> Vec<u64> {
        let reply = self.get(&format!("/api/recommendations?{query}"));
        assert_eq!(reply["mode"], mode, "{query}");
        assert_eq!(reply["user_id"].as_u64().unwrap().to_string(), *self.user.as_ref().unwrap());
        let movies = reply["recommendations"].as_array().unwrap();
        assert_eq!(reply["count"], movies.len(), "{query}");
        assert!(!movies.is_empty(), "{query}");
        for movie in movies {
            assert!(movie["title"].is_string() && movie["score"].is_number(), "{movie}");
            assert!(movie["explanation"].is_string(), "{movie}");
            assert!(movie["genres"].is_array() && movie["services"].is_array(), "{movie}");
            for field in ["year", "runtime", "overview", "poster_url", "poster_path"] {
                assert!(movie.get(field).is_some(), "no {field} in {movie}");
            }
            assert!(fit(movie), "{query}: {movie}");
        }
        movie_ids(movies)
    }

    fn feedback(&self, movie_id: u64, signal: &str) {
        let body = json!({"movie_id": movie_id, "signal": signal});
        let (status, reply) = self.fetch("POST", "/api/feedback", Some(&body));
        assert!(matches!(status, 200 | 201), "{status}: {reply}");
        assert_eq!((&reply["movie_id"], &reply["signal"]), (&json!(movie_id), &json!(signal)));
    }

    fn ids(&self, path: &str) -> BTreeSet<u64> {
        let list = self.get(path);
        list.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
    }
}

fn header(reply: &Reply, name: &str) -> String {
    let value = reply.headers.get(name);
    value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// Returns a numeric field of `movie`. If it is missing, returns NaN, which is outside every range.
fn number(movie: &Value, field: &str) -> f64 {
    movie[field].as_f64().unwrap_or(f64::NAN)
}

fn has(movie: &Value, field: &str, name: &str) -> bool {
    movie[field].as_array().unwrap().contains(&json!(name))
}

#[test]
fn identify_registers_and_signs_in_by_email() {
    let server = open();
    let page = Page::open(&server);
    let identify = |body: Value| page.fetch("POST", "/auth/identify", Some(&body));

    // Signing in before registering fails.
    assert_eq!(identify(json!({"email": "alex@example.com"})).0, 404);
    let (status, user) = identify(json!({"name": "Alex Johnson", "email": "alex@example.com"}));
    assert!(matches!(status, 200 | 201), "{status}: {user}");
    assert!(user["id"].as_u64().unwrap() > 0, "{user}");
    assert_eq!(
        (&user["name"], &user["email"]),
        (&json!("Alex Johnson"), &json!("alex@example.com"))
    );
    assert!(user["created_at"].as_str().unwrap().contains('T'), "{user}");
    for again in [
        json!({"email": "alex@example.com"}),
        json!({"email": "alex@example.com", "name": null}),
        json!({"email": "alex@example.com", "name": "Another Name"}),
    ] {
        assert_eq!(identify(again), (200, user.clone()));
    }
    let (_, other) = identify(json!({"name": "Bo", "email": "bo@example.com", "theme": "dark"}));
    assert_ne!(other["id"], user["id"]);
    for refused in [
        json!({"name": "", "email": "c@example.com"}),
        json!({"name": "x".repeat(101), "email": "c@example.com"}),
        json!({"name": "Cy", "email": "no address"}),
        json!({"name": "Cy"}),
    ] {
        assert_eq!(identify(refused.clone()).0, 422, "{refused}");
    }

    // Missing and unknown user IDs are rejected.
    for user in [None, Some("999999"), Some("0"), Some("-1"), Some("alex")] {
        let page = Page { user: user.map(str::to_owned), ..Page::open(&server) };
        for path in [
            "/api/recommendations?limit=20",
            "/api/preferences/me",
            "/api/watchlist",
            "/api/feedback/my-likes",
            "/api/feedback/my-dislikes",
        ] {
            assert_eq!(page.fetch("GET", path, None).0, 401, "{user:?} {path}");
        }
        let like = json!({"movie_id": 1, "signal": "like"});
        assert_eq!(page.fetch("POST", "/api/feedback", Some(&like)).0, 401, "{user:?}");
    }
}

#[test]
fn serves_the_pages_of_a_signed_in_user() {
    let server = open();
    let mut page = Page::open(&server);
    let alex = json!({"name": "Alex Johnson", "email": "alex@example.com"});
    let (_, user) = page.fetch("POST", "/auth/identify", Some(&alex));
    page.user = Some(user["id"].to_string());

    preferences(&page);
    feedback_and_modes(&page);
    watchlist(&page);

    let reset = page.expect(200, "POST", "/api/feedback/reset", None);
    assert_eq!((&reset["success"], &reset["deleted_count"]), (&json!(true), &json!(3)), "{reset}");
    assert!(reset["message"].is_string(), "{reset}");
    assert!(page.ids("/api/feedback/my-likes").is_empty());
    assert!(page.ids("/api/feedback/my-dislikes").is_empty());
}

/// Makes the profile page's calls, which load the preferences, edit them and send them all back.
fn preferences(page: &Page<'_>) {
    let path = "/api/preferences/me";
    let mut edited = page.get(path);
    for list in ["preferred_genres", "services", "original_languages"] {
        assert_eq!(edited[list], json!([]), "{edited}");
    }
    assert!(edited["runtime_min"].is_null() && edited["runtime_max"].is_null(), "{edited}");
    assert!(edited.get("updated_at").is_some(), "{edited}");

    // The page's chips are hard-coded, so some services and languages are missing from the catalog.
    edited["services"] = json!(["Netflix", "Hulu", "HBO Max", "Disney+"]);
    edited["original_languages"] = json!(["en", "fr"]);
    page.expect(200, "PUT", path, Some(&edited));
    page.get("/api/recommendations?limit=20&mode=because_liked");

    edited["preferred_genres"] = json!(["sci-fi", "comedy"]);
    edited["services"] = json!([]);
    edited["original_languages"] = json!([]);
    edited["runtime_max"] = json!(150);
    edited["editing"] = json!(true);
    let saved = page.expect(200, "PUT", path, Some(&edited));
    assert_eq!(page.get(path), saved);
    assert_eq!(saved["preferred_genres"], json!(["sci-fi", "comedy"]));
    assert_eq!((&saved["runtime_min"], &saved["runtime_max"]), (&Value::Null, &json!(150)));
    page.recommended("limit=20", "because_liked", |movie| number(movie, "runtime") <= 150.0);

    edited["runtime_min"] = json!(200);
    let refused = page.expect(422, "PUT", path, Some(&edited));
    assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with("runtime_"), "{refused}");
    assert_eq!(page.get(path), saved, "a rejected update changes nothing");
    edited["runtime_min"] = Value::Null;
    edited["runtime_max"] = Value::Null;
    page.expect(200, "PUT", path, Some(&edited));
}

/// Makes the home page's calls, which come from its feedback buttons and filter chips.
fn feedback_and_modes(page: &Page<'_>) {
    let shown = page.recommended("limit=20&mode=because_liked", "because_liked", |_| true);
    assert_eq!(shown.len(), 20);
    let (liked, disliked, unwanted) = (shown[0], shown[1], shown[2]);
    page.feedback(liked, "dislike");
    page.feedback(liked, "like");
    page.feedback(disliked, "dislike");
    page.feedback(unwanted, "not_interested");
    assert_eq!(page.ids("/api/feedback/my-likes"), BTreeSet::from([liked]));
    assert_eq!(page.ids("/api/feedback/my-dislikes"), BTreeSet::from([disliked, unwanted]));
    for refused in [
        json!({"movie_id": liked, "signal": "love"}),
        json!({"movie_id": "1", "signal": "like"}),
        json!({"signal": "like"}),
    ] {
        assert_eq!(page.fetch("POST", "/api/feedback", Some(&refused)).0, 422, "{refused}");
    }
    let unknown = json!({"movie_id": 424_242, "signal": "like"});
    page.expect(404, "POST", "/api/feedback", Some(&unknown));

    let fresh = |movie: &Value| {
        let id = movie["movie_id"].as_u64().unwrap();
        ![liked, disliked, unwanted].contains(&id)
    };
    let year = |movie: &Value| number(movie, "year");
    let runtime = |movie: &Value| number(movie, "runtime");
    let shown = |query: &str, mode: &str, fit: &dyn Fn(&Value) -> bool| {
        page.recommended(&format!("limit=20&mode={mode}{query}"), mode, |movie| {
            fresh(movie) && fit(movie)
        });
    };
    shown("", "because_liked", &|_| true);
    shown("", "trending", &|_| true);
    // Selecting a mode sends a request before a chip is selected.
    for mode in ["genre", "service", "year", "runtime"] {
        shown("", mode, &|_| true);
    }
    shown("&genre=sci-fi", "genre", &|movie| has(movie, "genres", "sci-fi"));
    shown("&genre=Comedy", "genre", &|movie| has(movie, "genres", "comedy"));
    shown("&service=Netflix", "service", &|movie| has(movie, "services", "Netflix"));
    shown("&service=Disney%2B", "service", &|movie| has(movie, "services", "Disney+"));
    shown("&year_bucket=recent", "year", &|movie| year(movie) >= 2018.0);
    shown("&year_bucket=2010s", "year", &|movie| (2010.0..=2019.0).contains(&year(movie)));
    shown("&year_bucket=2000s", "year", &|movie| (2000.0..=2009.0).contains(&year(movie)));
    shown("&year_bucket=90s", "year", &|movie| (1990.0..=1999.0).contains(&year(movie)));
    shown("&year_bucket=classic", "year", &|movie| year(movie) < 1990.0);
    shown("&runtime_bucket=short", "runtime", &|movie| runtime(movie) < 90.0);
    shown("&runtime_bucket=medium", "runtime", &|movie| (90.0..=150.0).contains(&runtime(movie)));
    shown("&runtime_bucket=long", "runtime", &|movie| runtime(movie) > 150.0);
    for refused in
        ["mode=best", "limit=0", "limit=101", "limit=many", "mode=year&year_bucket=1890s"]
    {
        page.expect(422, "GET", &format!("/api/recommendations?{refused}"), None);
    }
    assert_eq!(page.recommended("limit=1", "because_liked", |_| true).len(), 1);
}

/// Makes the watchlist page's calls.
fn watchlist(page: &Page<'_>) {
    let listed = || {
        let list = page.get("/api/watchlist");
        let items = list["items"].as_array().unwrap().clone();
        assert_eq!(list["count"], items.len());
        items
    };
    assert!(listed().is_empty());
    let movies = page.get("/api/recommendations?limit=20");
    let (first, second) = (&movies["recommendations"][0], &movies["recommendations"][1]);
    let add = |movie: &Value, expected| {
        // `service` is omitted for a movie without services.
        let mut body = json!({"movie_id": movie["movie_id"], "title": movie["title"]});
        if let Some(service) = movie["services"].get(0) {
            body["service"] = service.clone();
        }
        page.expect(expected, "POST", "/api/watchlist", Some(&body))
    };
    assert_eq!(add(first, 201)["movie_id"], first["movie_id"]);
    assert_eq!(add(second, 201)["title"], second["title"]);
    add(first, 200);
    page.expect(404, "POST", "/api/watchlist", Some(&json!({"movie_id": 424_242})));

    let items = listed();
    let ids: Vec<&Value> = items.iter().map(|item| &item["movie_id"]).collect();
    assert_eq!(ids, [&second["movie_id"], &first["movie_id"]], "newest first");
    for item in &items {
        assert_eq!(item["watched"], false);
        assert!(item["added_at"].as_str().unwrap().contains('T'), "{item}");
        for field in ["title", "year", "poster_url"] {
            assert!(item.get(field).is_some(), "no {field} in {item}");
        }
    }
    let shown = page.recommended("limit=100", "because_liked", |_| true);
    assert!(
        !shown.contains(&first["movie_id"].as_u64().unwrap()),
        "movies on the watchlist are not recommended"
    );

    let path = format!("/api/watchlist/{}", first["movie_id"]);
    // This request has a JSON Content-Type but no body.
    page.expect(200, "POST", &format!("{path}/watched"), None);
    assert_eq!(listed()[1]["watched"], true);
    page.expect(404, "POST", "/api/watchlist/424242/watched", None);
    let (status, reply) = page.fetch("DELETE", &path, None);
    assert!(matches!(status, 200 | 204), "{status}: {reply}");
    page.expect(404, "DELETE", &path, None);
    assert_eq!(listed().len(), 1);
}

/// The first front end's client sends the user ID in paths and bodies.
#[test]
fn serves_the_client_without_sign_in() {
    let server = open();
    let page = Page::open(&server);
    assert_eq!(page.fetch_with("GET", "/health", &[], None).1["service"], "cinematch-ml-backend");
    for list in ["genres", "services"] {
        let (_, reply) = page.fetch_with("GET", &format!("/api/{list}"), &[], None);
        assert!(reply[list].as_array().unwrap().len() > 3, "{reply}");
    }
    // Front ends also send fields of their own, such as `page` and `sort`, which the API ignores.
    let mut body = json!({
        "user_id": "default_user", "liked_movie_ids": [1, 5], "disliked_movie_ids": [3],
        "preferred_genres": ["Sci-Fi", "Action"], "services": ["Netflix"], "runtime_min": 90,
        "runtime_max": null, "page": 1, "sort": {"by": "score"},
    });
    let movies = page.expect(200, "POST", "/api/recommendations", Some(&body));
    assert_eq!(movies["user_id"], "default_user");
    assert_eq!(movies["count"], movies["recommendations"].as_array().unwrap().len());
    for movie in movies["recommendations"].as_array().unwrap() {
        assert!(has(movie, "services", "Netflix") && number(movie, "runtime") >= 90.0, "{movie}");
    }
    for field in ["liked_movie_ids", "disliked_movie_ids", "preferred_genres", "services"] {
        body[field] = Value::Null;
    }
    body["user_id"] = Value::Null;
    body["runtime_min"] = Value::Null;
    let movies = page.expect(200, "POST", "/api/recommendations", Some(&body));
    assert_eq!((&movies["count"], &movies["user_id"]), (&json!(20), &json!("default_user")));
    body["preferred_genres"] = json!(["Sci-Fy"]);
    let refused = page.expect(422, "POST", "/api/recommendations", Some(&body));
    assert!(refused["detail"].as_str().unwrap().contains("sci-fi"), "{refused}");

    let list = "/api/watchlist/default_user";
    let item = format!("{list}/7");
    page.expect(201, "POST", list, Some(&json!({"movie_id": 7})));
    let items = || page.fetch_with("GET", list, &[], None).1["items"].clone();
    assert_eq!((&items()[0]["movie_id"], &items()[0]["watched"]), (&json!(7), &json!(false)));
    for watched in [true, false] {
        let path = format!("{item}/watched?watched={watched}");
        assert_eq!(page.fetch_with("PUT", &path, &[], None).0, 200);
        assert_eq!(items()[0]["watched"], watched);
    }
    assert_eq!(page.fetch_with("DELETE", &item, &[], None).0, 204);
    assert_eq!(page.fetch_with("DELETE", &item, &[], None).0, 404);
    assert_eq!(page.fetch_with("GET", "/api/movies/424242", &[], None).0, 404);
}
