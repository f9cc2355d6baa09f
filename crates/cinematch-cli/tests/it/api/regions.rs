//! Streaming availability by region, and training without TMDb text.

use serde_json::json;

use crate::support::folder::Folder;
use crate::support::server::Server;

/// Returns the sample with providers for three of its movies and without services of its own.
fn folder() -> Folder {
    let folder = with_providers();
    folder.ok(&["preprocess", "--min-year", "none", "--services", "none"]);
    folder.ok(&["train"]);
    folder
}

/// Returns the sample's files with providers for three of its movies.
fn with_providers() -> Folder {
    let folder = Folder::with_sample();
    let links = folder.read("raw/ml-32m/links.csv");
    let ids: Vec<&str> = links.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    let csv = format!(
        "tmdb_id,region,flatrate,ads,free,rent,buy\n{0},DE,Netflix|MUBI,,,,\n{1},DE,MUBI,Netflix,arte,,\n\
         {2},US,Max,,,,\n{0},US,Prime Video,,,Apple TV,\n",
        ids[0], ids[1], ids[2]
    );
    folder.write("raw/tmdb/watch_providers.csv", csv.as_bytes());
    folder
}

#[test]
fn regional_providers_are_not_marked_mock() {
    let folder = with_providers();
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder.ok(&["train"]);
    let server = Server::start(&folder);
    let links = folder.read("raw/ml-32m/links.csv");
    let first = links.lines().nth(1).unwrap().split(',').next().unwrap();
    let at_home = server.get(&format!("/api/movies/{first}?region=DE")).json();
    assert_eq!(at_home["services"], json!(["Netflix", "MUBI"]));
    assert_eq!(at_home["services_source"], "tmdb");
    let lists = |body| server.recommend(&body)["recommendations"].as_array().unwrap().clone();
    let movies = lists(json!({"limit": 100}));
    let own = movies.iter().filter(|movie| movie["services"] != json!([]));
    assert!(own.into_iter().all(|movie| movie["services_source"] == "mock"));
    for movie in lists(json!({"limit": 100, "region": "DE"})) {
        let is_anywhere = movie["services"] != json!([]);
        let source = if is_anywhere { json!("tmdb") } else { json!(null) };
        assert_eq!(movie["services_source"], source, "{movie}");
    }
}

#[test]
fn returns_services_of_the_users_region() {
    let folder = folder();
    let server = Server::start(&folder);
    let services = server.get("/api/services").json();
    assert_eq!(services["regions"], json!(["DE", "US"]));
    assert_eq!((&services["services"], &services["attribution"]), (&json!([]), &json!(null)));
    let services = server.get("/api/services?region=de").json();
    assert_eq!(services["services"], json!(["MUBI", "Netflix", "arte"]));
    assert_eq!(services["services_source"], "tmdb");
    assert!(services["attribution"].as_str().unwrap().contains("JustWatch"));

    let ask = |body: serde_json::Value| server.post("/api/recommendations", &body);
    let reply = ask(json!({"region": "DE", "services": ["netflix"]})).json();
    let movies = reply["recommendations"].as_array().unwrap();
    assert_eq!(movies.len(), 2, "{reply}");
    for movie in movies {
        assert!(movie["services"].as_array().unwrap().contains(&json!("Netflix")), "{movie}");
        assert_eq!(movie["services_source"], "tmdb");
    }
    assert!(reply["attribution"].as_str().unwrap().contains("TMDb"));
    assert_eq!(reply["shortfall"]["removed_by"]["services"], 351);
    // Rentals do not count as a subscription.
    assert_eq!(ask(json!({"region": "US", "services": ["Apple TV"]})).json()["count"], 0);
    ask(json!({"region": "US", "services": ["MUBI Amazon Channel"]})).problem(422);
    // Changing only the region changes the displayed services and nothing else.
    let movies = |body| -> Vec<serde_json::Value> {
        ask(body).json()["recommendations"].as_array().unwrap().clone()
    };
    let (here, there) =
        (movies(json!({"limit": 50})), movies(json!({"limit": 50, "region": "US"})));
    let ids = |movies: &[serde_json::Value]| -> Vec<serde_json::Value> {
        movies.iter().map(|movie| movie["movie_id"].clone()).collect()
    };
    assert_eq!(ids(&here), ids(&there));
    assert!(here.iter().all(|movie| movie["services"] == json!([])));

    let problem = ask(json!({"region": "FR"})).problem(422);
    assert_eq!(problem["errors"][0]["field"], "region");
    assert_eq!(
        problem["errors"][0]["message"],
        "no streaming data for region `FR`; available regions: DE, US"
    );
    server.get("/api/services?region=FR").problem(422);
    let movie = folder.read("raw/ml-32m/links.csv");
    let first = movie.lines().nth(1).unwrap().split(',').next().unwrap();
    let movie = server.get(&format!("/api/movies/{first}?region=US")).json();
    assert_eq!(movie["services"], json!(["Prime Video"]));
    assert!(movie["attribution"].as_str().unwrap().contains("JustWatch"));
}

#[test]
fn stores_the_region_in_the_profile() {
    let folder = folder();
    let server = Server::start(&folder);
    let ada = server.post("/auth/identify", &json!({"email": "ada@example.org", "name": "Ada"}));
    let ada = ada.json()["id"].to_string();
    let call = |method: &str, path: &str, body: Option<&serde_json::Value>| {
        server.as_user(&ada, (method, path), body)
    };
    let path = "/api/preferences/me";
    let put = |body: serde_json::Value| call("PUT", path, Some(&body));
    let movies = |path: &str| -> Vec<serde_json::Value> {
        let reply = call("GET", path, None).json();
        reply["recommendations"].as_array().unwrap().clone()
    };
    let kept = put(json!({"region": "de", "services": ["netflix"]})).json();
    assert_eq!((&kept["region"], &kept["services"]), (&json!("DE"), &json!(["Netflix"])));
    assert_eq!(call("GET", path, None).json()["region"], "DE");
    let export = call("GET", "/api/export/me", None).json();
    assert_eq!(export["preferences"]["region"], "DE");
    let here = movies("/api/recommendations");
    assert_eq!(here.len(), 2, "what is on Netflix in Germany");
    assert!(here.iter().all(|movie| movie["services_source"] == "tmdb"));
    let reply = call("GET", "/api/recommendations", None).json();
    assert!(reply["attribution"].as_str().unwrap().contains("JustWatch"));
    // Request settings override the profile; unavailable services are ignored.
    let there = call("GET", "/api/recommendations?region=US", None).json();
    assert_eq!(there["ignored_preferences"], json!(["Netflix"]));
    assert_eq!(there["count"], 20);
    // A country without catalog data is stored and reported, and filters out no movie.
    put(json!({"region": "FR"}));
    let reply = call("GET", "/api/recommendations", None).json();
    assert_eq!((&reply["ignored_preferences"], &reply["count"]), (&json!(["FR"]), &json!(20)));
    for wrong in ["", "D", "DEU", "Ä", "D1", "D "] {
        let problem = put(json!({"region": wrong})).problem(422);
        assert_eq!(problem["errors"][0]["field"], "region", "{problem}");
    }
    assert_eq!(call("GET", path, None).json()["region"], "FR", "a refusal changes nothing");
    put(json!({}));
    assert_eq!(call("GET", path, None).json()["region"], json!(null));
}

#[test]
fn terminal_shows_availability_with_attribution() {
    let folder = folder();
    let text = folder.ok(&["recommend", "--region", "DE", "--services", "MUBI,arte"]);
    assert!(text.contains("on Netflix, MUBI") && text.contains("on MUBI, Netflix, arte"), "{text}");
    assert!(text.contains("Streaming data by JustWatch"), "{text}");
    let error = folder.fails(&["recommend", "--region", "FR"]);
    assert!(
        error.contains("region: no streaming data for region `FR`; available regions: DE, US"),
        "{error}"
    );
}

#[test]
fn training_without_tmdb_text_ignores_tmdb_data() {
    let folder = folder();
    let columns = |folder: &Folder| folder.read("ml/artifacts/ranking_features.json");
    assert!(columns(&folder).contains("Michael Mann"));
    folder.ok(&["train", "--without-tmdb-text"]);
    let learned = columns(&folder);
    assert!(!learned.contains("Michael Mann") && learned.contains("crime"), "{learned}");
    let manifest = folder.json("ml/artifacts/manifest.json");
    assert_eq!(manifest["settings"]["without_tmdb_text"], true);
    // TMDb data is still displayed and used in filters.
    let reply = folder.ok(&["recommend", "--liked", "6", "--runtime-max", "120", "--json"]);
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    let movies = reply["recommendations"].as_array().unwrap();
    assert!(movies.iter().all(|movie| movie["runtime"].as_u64().unwrap() <= 120));
    assert!(movies.iter().any(|movie| movie["overview"].is_string()));
    let reasons = movies.iter().flat_map(|movie| movie["reasons"].as_array().unwrap());
    assert!(reasons.clone().all(|reason| reason["kind"] != "quality"));
    // Without the option, the model is byte-identical to the original.
    folder.ok(&["train"]);
    assert!(columns(&folder).contains("Michael Mann"));
    assert!(
        folder.json("ml/artifacts/manifest.json")["settings"].get("without_tmdb_text").is_none()
    );
}
