//! Tests for the complete router: documents, headers and errors that don't belong to an individual route.

use cinematch_testing::{Client, PlainBrowser, Reply, Sample, World};
use serde_json::json;

use crate::testing::{allowed_origin, open, serve};

#[test]
fn supports_the_routes_of_existing_front_ends() {
    let server = open();
    let health = server.get("/health").json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["num_items"], 353);
    assert_eq!(health["service"], "cinematch-ml-backend");
    assert_eq!(health["generation"], 1);

    let home = server.get("/").json();
    assert_eq!(home["docs"], "/docs");
    let page = server.get_as("/welcome", "text/html,*/*");
    assert!(page.text.starts_with("<!DOCTYPE html>"));

    let genres = server.get("/api/genres").json();
    assert!(genres["genres"].as_array().unwrap().contains(&json!("film-noir")));
    let services = server.get("/api/services").json();
    assert!(services["services"].as_array().unwrap().contains(&json!("Netflix")));
    assert_eq!(services["services_source"], "mock");

    let movie = server.get("/api/movies/1").json();
    assert_eq!(movie["title"], "Toy Story");
    assert_eq!(movie["services_source"], "mock");
    assert!(movie["imdb_id"].is_null() && movie["poster_url"].is_null());
    assert!(movie.get("score").is_none());

    // Send the full body that clients of the Python system send, then an empty one.
    let reply = server.recommend(&json!({
        "user_id": "ada", "liked_movie_ids": [1], "disliked_movie_ids": [], "preferred_genres": [],
        "services": [], "runtime_min": null, "runtime_max": null,
    }));
    assert_eq!((&reply["count"], &reply["user_id"]), (&json!(20), &json!("ada")));
    let item = &reply["recommendations"][0];
    for field in [
        "movie_id",
        "title",
        "year",
        "runtime",
        "overview",
        "genres",
        "services",
        "score",
        "explanation",
        "tmdb_id",
        "imdb_id",
        "poster_url",
        "original_language",
        "vote_average",
        "vote_count",
        "popularity",
        "director",
        "cast",
        "keywords",
        "reasons",
        "sources",
    ] {
        assert!(item.get(field).is_some(), "no {field} in {item}");
    }
    assert!(item["explanation"].as_str().unwrap().ends_with('.'));
    let cold = server.recommend(&json!({}));
    assert_eq!((&cold["count"], &cold["user_id"]), (&json!(20), &json!("default_user")));
    assert_eq!(cold["model_id"], health["model_id"]);
}

#[test]
fn serves_api_documents_offline() {
    let server = open();
    let document = server.get("/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/",
            "/api/admin/models/rollback",
            "/api/admin/models/{generation}/promote",
            "/api/admin/retrain",
            "/api/admin/update",
            "/api/export/me",
            "/api/feedback",
            "/api/feedback/my-dislikes",
            "/api/feedback/my-likes",
            "/api/feedback/reset",
            "/api/feedback/{movie_id}",
            "/api/genres",
            "/api/groups/recommendations",
            "/api/import",
            "/api/jobs",
            "/api/jobs/{job_id}",
            "/api/models",
            "/api/models/{generation}",
            "/api/movies",
            "/api/movies/{movie_id}",
            "/api/movies/{movie_id}/similar",
            "/api/preferences/me",
            "/api/recommendations",
            "/api/search",
            "/api/services",
            "/api/users/{id}",
            "/api/watchlist",
            "/api/watchlist/{user_id}",
            "/api/watchlist/{user_id}/watched",
            "/api/watchlist/{user_id}/{movie_id}",
            "/api/watchlist/{user_id}/{movie_id}/watched",
            "/auth/identify",
            "/auth/login",
            "/auth/logout",
            "/auth/me",
            "/health",
            "/health/live",
            "/health/ready",
            "/metrics",
        ]
    );
    // Client generators need an ID for every operation and a description for every response.
    let mut names = std::collections::BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "duplicate operation ID {name}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let description = response["description"].as_str().unwrap();
                assert!(!description.is_empty(), "{name}: {status}");
            }
        }
    }
    let page = server.get("/docs/");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui") && !page.text.contains("https://"), "{}", page.text);
    let script = server.get("/docs/swagger-ui-bundle.js");
    assert!(script.status == 200 && script.text.len() > 100_000);
}

#[test]
fn root_redirects_browsers_and_describes_the_service_to_clients() {
    let server = open();
    let browser = server.get_as("/", "text/html,*/*");
    assert_eq!((browser.status, &browser.headers["location"]), (303, &"/welcome".parse().unwrap()));
    assert_eq!(server.get("/").json()["service"], "cinematch");
}

#[test]
fn errors_are_documents_with_the_id_of_their_request() {
    let server = open();
    for (method, path, status) in [
        ("PUT", "/api/recommendations", 405),
        ("GET", "/api/recommendations", 401),
        ("GET", "/api/movies/424242", 404),
        ("GET", "/api/movies/heat", 422),
        ("GET", "/api/nowhere", 404),
        ("GET", "/nowhere", 404),
    ] {
        let generated = server.send((method, path), &[], None);
        generated.problem(status);
        assert!(!generated.request_id.is_empty() && generated.request_id != "in-process", "{path}");
        let accepted = server.send((method, path), &[("x-request-id", "a.b-c_1")], None);
        assert_eq!(accepted.problem(status)["request_id"], "a.b-c_1");
        let replaced = server.send((method, path), &[("x-request-id", "a b")], None);
        assert_ne!(replaced.request_id, "a b");
    }
    // Browsers get HTML error pages, except from API routes.
    let page = server.get_as("/nowhere", "text/html");
    assert_eq!((page.status, &*page.content_type), (404, "text/html; charset=utf-8"));
    server.get_as("/api/nowhere", "text/html").problem(404);
}

#[test]
fn allows_cors_only_for_configured_origins() {
    let server = open();
    for path in ["/health", "/api/watchlist/ada"] {
        for origin in ["http://localhost:5173", "http://127.0.0.1:3000"] {
            assert_eq!(allowed_origin(&server, path, origin), origin);
        }
        for origin in
            ["http://evil.example", "https://evil.example", "http://localhost:5174", "null"]
        {
            assert_eq!(allowed_origin(&server, path, origin), "");
        }
    }
    let server = serve(World::default(), |config| {
        config.cors_origins = vec!["https://films.example".to_owned()];
    });
    let allowed = |origin: &str| allowed_origin(&server, "/health", origin);
    assert_eq!(allowed("https://films.example"), "https://films.example");
    assert_eq!(allowed("http://localhost:5173"), "");
}

#[test]
fn content_security_policy_allows_only_own_scripts_and_styles() {
    let server = open();
    let ada = PlainBrowser::new(&server, "Ada");
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
        for asset in reply.text.split("\"/assets/").skip(1) {
            let name = asset.split('"').next().unwrap();
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

/// Posts a form, with `more` as additional headers.
fn post(server: &Client, path: &str, fields: &str, more: &[(&str, &str)]) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
    server.send(("POST", path), &[&headers, more].concat(), Some(fields.as_bytes()))
}

#[test]
fn operator_pages_are_open_without_accounts() {
    let server = serve(World::published(&Sample::default()), |_| ());
    let get = |path: &str| server.get_as(path, "text/html");
    assert_eq!(get("/sign-in").headers["location"], "/people");
    assert_eq!(post(&server, "/sign-in", "email=a%40b&password=c", &[]).status, 403);
    assert!(get("/models").text.contains("This server runs no jobs"));
    assert!(get("/models/rollback").text.contains("Nothing to roll back to"));
    assert_eq!(post(&server, "/models/rollback", "", &[]).status, 409);
    assert_eq!(post(&server, "/models/jobs", "kind=dance", &[]).status, 422);
    assert_eq!(get("/models/7").status, 404);
    assert_eq!(get("/models/1").status, 200);
    let foreign_origin = [("origin", "https://evil.example")];
    assert_eq!(post(&server, "/models/1/promote", "", &foreign_origin).status, 403);
}
