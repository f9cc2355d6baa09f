//! Streaming availability in the terminal, and training without TMDB text.

use crate::support::folder::Folder;

/// Returns a folder with the sample dataset and watch providers for three of its movies, but without mock services.
fn folder() -> Folder {
    let folder = with_providers();
    folder.ok(&["preprocess", "--min-year", "none", "--services", "none"]);
    folder.ok(&["train"]);
    folder
}

/// Returns a folder with the sample's files and watch providers for three of its movies.
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
    let features = |folder: &Folder| folder.read("ml/artifacts/ranking_features.json");
    assert!(features(&folder).contains("Michael Mann"));
    folder.ok(&["train", "--without-tmdb-text"]);
    let trained = features(&folder);
    assert!(!trained.contains("Michael Mann") && trained.contains("crime"), "{trained}");
    let manifest = folder.json("ml/artifacts/manifest.json");
    assert_eq!(manifest["settings"]["without_tmdb_text"], true);
    // TMDB data is still displayed and used in filters.
    let reply = folder.ok(&["recommend", "--liked", "6", "--runtime-max", "120", "--json"]);
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    let movies = reply["recommendations"].as_array().unwrap();
    assert!(movies.iter().all(|movie| movie["runtime"].as_u64().unwrap() <= 120));
    assert!(movies.iter().any(|movie| movie["overview"].is_string()));
    let reasons = movies.iter().flat_map(|movie| movie["reasons"].as_array().unwrap());
    assert!(reasons.clone().all(|reason| reason["kind"] != "quality"));
    // Without the option, the model is byte-identical to the original.
    folder.ok(&["train"]);
    assert!(features(&folder).contains("Michael Mann"));
    assert!(
        folder.json("ml/artifacts/manifest.json")["settings"].get("without_tmdb_text").is_none()
    );
}
