//! Compatibility and contract tests of the HTTP API.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

fn ids(reply: &Value) -> Vec<u64> {
    let items = reply["recommendations"].as_array().unwrap();
    items.iter().map(|item| item["movie_id"].as_u64().unwrap()).collect()
}

#[test]
fn supports_the_routes_of_existing_front_ends() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let health = server.get("/health").json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["num_items"], 353);
    assert_eq!(health["service"], "cinematch-ml-backend");
    assert_eq!(health["generation"], 1);

    let home = server.get("/").json();
    assert_eq!(home["docs"], "/docs");
    assert!(server.get_as("/", "text/html,*/*").text.starts_with("<!DOCTYPE html>"));

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

    // The full body that clients of the Python system send, and an empty one.
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
    assert!(item["explanation"].as_str().unwrap().contains(" • "));
    let cold = server.recommend(&json!({}));
    assert_eq!((&cold["count"], &cold["user_id"]), (&json!(20), &json!("default_user")));
    assert_eq!(cold["model_id"], health["model_id"]);
}

#[test]
fn serves_api_documents_offline() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
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
    // Client generators need an operation id for every operation, and a description for every response.
    let mut names = std::collections::BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let said = response["description"].as_str().unwrap();
                assert!(!said.is_empty(), "{name}: {status}");
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
fn recommendation_route_keeps_its_contract() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let request = json!({
        "liked_movie_ids": [1, 2], "disliked_movie_ids": [3], "ratings": [{"movie_id": 4, "rating": 4.5}],
        "exclude_movie_ids": [5, 6], "limit": 50,
        "filters": {"genres": {"any": ["Science Fiction", "crime"], "none": ["horror"]},
                    "year_min": 1975, "runtime_max": 200},
    });
    let reply = server.recommend(&request);
    assert_eq!(ids(&reply).len(), 50);
    assert!(ids(&reply).iter().all(|id| *id > 6));
    for item in reply["recommendations"].as_array().unwrap() {
        let genres = item["genres"].as_array().unwrap();
        assert!(genres.contains(&json!("sci-fi")) || genres.contains(&json!("crime")));
        assert!(!genres.contains(&json!("horror")));
        assert!(item["year"].as_u64().unwrap() >= 1975 && item["runtime"].as_u64().unwrap() <= 200);
        let parts = item["reasons"].as_array().unwrap().iter();
        let sum: f64 = parts.map(|reason| reason["contribution"].as_f64().unwrap()).sum();
        assert!((sum - item["score"].as_f64().unwrap()).abs() < 1e-5, "{item}");
    }
    // Identical requests give byte-identical replies, and pages are contiguous.
    let again = || server.post("/api/recommendations", &request).text;
    assert_eq!(again(), again());
    let page = |offset: u64, limit: u64| {
        ids(&server.recommend(&json!({"liked_movie_ids": [1], "offset": offset, "limit": limit})))
    };
    assert_eq!([page(0, 7), page(7, 13)].concat(), page(0, 20));

    // A short list is reported, with an explanation of the filters.
    let short = server.recommend(&json!({
        "liked_movie_ids": [1], "limit": 100, "filters": {"genres": {"all": ["western", "drama"]}},
    }));
    let shortfall = &short["shortfall"];
    let removed = shortfall["removed_by"].as_object().unwrap();
    let total: u64 = removed.values().map(|movies| movies.as_u64().unwrap()).sum();
    assert_eq!(shortfall["returned"], short["count"]);
    assert_eq!(total + short["count"].as_u64().unwrap(), 353);

    // A single model of the hybrid, or all of them under the hybrid's name.
    let by = |model: Value| {
        ids(&server.recommend(&json!({"liked_movie_ids": [1], "limit": 30, "model": model})))
    };
    assert_eq!(by(json!("hybrid")), by(json!(null)));
    for model in ["edlae", "ials", "content", "popular"] {
        assert_ne!(by(json!(model)), by(json!(null)), "{model}");
    }

    // Movies on a user's watchlist are not recommended to that user.
    let first = ids(&server.recommend(&json!({"user_id": "eve"})))[0];
    server.post("/api/watchlist/eve", &json!({"movie_id": first}));
    assert!(!ids(&server.recommend(&json!({"user_id": "eve"}))).contains(&first));
    assert!(ids(&server.recommend(&json!({"user_id": "bob"}))).contains(&first));
}

#[test]
fn malformed_requests_return_problem_documents() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let refused = |body: &Value| {
        let problem = server.post("/api/recommendations", body).problem(422);
        problem["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(&json!({"liked_movie_ids": "1"})), "liked_movie_ids");
    assert_eq!(refused(&json!({"liked_movie_ids": [1, "x"]})), "liked_movie_ids[1]");
    assert_eq!(refused(&json!({"runtime_min": -5})), "runtime_min");
    assert_eq!(refused(&json!({"runtime_min": 100, "runtime_max": 90})), "runtime_min");
    assert_eq!(refused(&json!({"limit": 0})), "limit");
    assert_eq!(refused(&json!({"model": "user-knn"})), "model");
    assert_eq!(refused(&json!({"limit": 101})), "limit");
    assert_eq!(refused(&json!({"filters": {"genre": ["drama"]}})), "filters.genre");
    assert_eq!(refused(&json!({"preferred_genres": ["drama", "dramma"]})), "preferred_genres[1]");
    assert_eq!(refused(&json!({"services": ["Netflux"]})), "services[0]");
    assert_eq!(refused(&json!({"ratings": [{"movie_id": 1, "rating": 4.3}]})), "ratings[0].rating");
    assert_eq!(refused(&json!([])), "body");
    assert_eq!(refused(&json!({"user_id": "\u{0}"})), "user_id");
    assert_eq!(refused(&json!({"user_id": "x".repeat(300)})), "user_id");
    assert_eq!(refused(&json!({"ratings": [{"rating": 4.0}]})), "movie_id");
    assert_eq!(refused(&json!({"liked_movie_ids": vec![7; 10_001]})), "liked_movie_ids");
    // Error replies are short regardless of the input.
    let many = json!({"preferred_genres": vec!["x".repeat(1000); 100]});
    assert!(server.post("/api/recommendations", &many).text.len() < 20_000);
    let problem =
        server.post("/api/recommendations", &json!({"liked_movie_ids": 1.5})).problem(422);
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert_eq!(message, "invalid type: floating point `1.5`, expected a list");
    // `null` means absent, at every depth.
    server.recommend(&json!({"liked_movie_ids": null, "filters": {"genres": {"any": null}}}));
    // Unknown movie ids are not an error.
    let reply = server.recommend(&json!({"liked_movie_ids": [1, -1, 99_999, 9_999_999_999_i64]}));
    assert_eq!(reply["unknown_movie_ids"], json!([-1, 9_999_999_999_i64, 99_999]));

    let raw = |kind: &str, body: &str| server.post_raw("/api/recommendations", kind, body);
    raw("application/json", "{\"limit\":").problem(400);
    raw("application/json", "{} {}").problem(400);
    raw("text/plain", "{}").problem(415);
    raw("application/json", &"x".repeat(5 << 20)).problem(413);
    server.get("/api/recommendations").problem(401);
    server.put("/api/recommendations").problem(405);
    server.get("/nowhere").problem(404);
    server.get("/api/movies/424242").problem(404);
    let problem = server.get("/api/movies/heat").problem(422);
    assert_eq!(problem["errors"][0]["field"], "movie_id");
}

#[test]
fn loads_a_new_generation_without_a_failed_request() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let reply = server.recommend(&json!({"liked_movie_ids": [1]}));
                    assert_eq!(reply["count"], 20);
                    answered.fetch_add(1, Ordering::Relaxed);
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
    assert!(answered.into_inner() > 10);

    // A damaged generation is rejected while the old one stays in service; a valid one is then loaded.
    let good = server.get("/health").json()["generation"].clone();
    let number = good.as_u64().unwrap() + 1;
    let generations = folder.path("ml/artifacts/generations");
    let damaged = generations.join(format!("{number:06}"));
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("manifest.json"), "{}").unwrap();
    let link = folder.path("ml/artifacts/current");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(format!("generations/{number:06}"), &link).unwrap();
    assert_eq!(server.recommend(&json!({}))["count"], 20);
    assert_eq!(server.get("/health").json()["generation"], good);
    folder.ok(&["train"]);
    wait_until("the good generation", || server.get("/health").json()["generation"] == number + 1);
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
    let error = folder.fails(&["serve", "--port", "0"]);
    assert!(error.contains("in use by another CineMatch server"), "{error}");
}
