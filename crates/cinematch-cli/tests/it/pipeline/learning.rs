//! Training on ratings, and batch recommendations from rating histories.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::folder::Folder;

/// Parses recommendation lists in CSV format into each user's movie IDs, in rank order. Asserts that ranks and
/// scores are ordered.
fn lists(csv: &str) -> BTreeMap<u32, Vec<u32>> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("userId,rank,movieId,score"));
    let mut lists: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut before = f32::INFINITY;
    for line in lines {
        let values: Vec<&str> = line.split(',').collect();
        let list = lists.entry(values[0].parse().unwrap()).or_default();
        list.push(values[2].parse().unwrap());
        assert_eq!(values[1], list.len().to_string(), "ranks start at 1");
        let score: f32 = values[3].parse().unwrap();
        assert!(values[1] == "1" || score <= before, "{line}");
        before = score;
    }
    lists
}

#[test]
fn every_model_trains_ranks_and_writes_lists_for_unseen_users() {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    let histories = "userId,movieId,rating\n7,1,5\n7,2,4.0\n8,999999,3.0\n9,3,4.5\n9,1,0.5\n9,3,5.0\n9,999999,1\n";
    folder.write("histories.csv", histories.as_bytes());
    for model in cinematch::models::spec::NAMES {
        folder.ok(&["train", "--model", model]);
        let manifest = folder.json("ml/artifacts/manifest.json");
        assert_eq!(manifest["settings"]["model"]["model"]["name"], model);
        assert_eq!(folder.ok(&["recommend", "--liked", "1,2", "-k", "3"]).lines().count(), 7);

        let command =
            ["recommend", "--histories", "histories.csv", "-k", "12", "--out", "recs.csv"];
        let summary = folder.ok(&[&command[..], &["--json"]].concat());
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["viewers"], 3, "{model}");
        // There are two kinds of problems: an unknown movie and a movie rated twice.
        assert_eq!(summary["problem_counts"].as_array().unwrap().len(), 2, "{model}");
        let lists = lists(&folder.read("recs.csv"));
        assert_eq!(lists.keys().copied().collect::<Vec<_>>(), [7, 8, 9], "{model}");
        // User 8 rated only an unknown movie and still gets a list.
        for (user, seen) in [(7, &[1, 2][..]), (8, &[]), (9, &[1, 3])] {
            let movies: BTreeSet<u32> = lists[&user].iter().copied().collect();
            assert_eq!(movies.len(), 12, "{model}");
            assert!(seen.iter().all(|movie| !movies.contains(movie)), "{model}");
        }
    }
}

#[test]
fn recommends_with_a_single_part_of_the_hybrid() {
    let folder = Folder::trained();
    folder.write("histories.csv", b"userId,movieId,rating,timestamp\n7,1,5.0,0\n7,2,4.0,0\n");
    let list_of = |model: &str| {
        let command =
            ["recommend", "--histories", "histories.csv", "-k", "50", "--out", "recs.csv"];
        folder.ok(&[&command[..], &["--model", model]].concat());
        lists(&folder.read("recs.csv")).remove(&7).unwrap()
    };
    let hybrid = list_of("hybrid");
    for part in ["edlae", "ials", "content", "popular", "trend", "taste"] {
        assert_ne!(list_of(part), hybrid, "{part}");
    }
    let before = folder.read("recs.csv");
    let lists = |file, limit| ["recommend", "--histories", file, "--out", "recs.csv", "-k", limit];
    let error = folder.fails(&lists("missing.csv", "5"));
    assert!(error.contains("missing.csv not found; --histories requires a CSV file"), "{error}");
    let error = folder.fails(&lists("histories.csv", "0"));
    assert!(error.contains("--limit is 0; expected"), "{error}");
    assert_eq!(folder.read("recs.csv"), before, "a failed command does not change the file");
    let error = folder.fails(&["recommend", "--model", "user-knn"]);
    assert!(
        error.contains(
            "unknown model `user-knn`; available: hybrid, edlae, ials, popular, trend, taste, \
             biased-mf, content"
        ),
        "{error}"
    );
    assert!(error.contains("run `cinematch train --model user-knn`"), "{error}");
}

#[test]
fn falls_back_to_the_content_model_without_ratings() {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    std::fs::remove_file(folder.path("raw/ml-32m/ratings.csv")).unwrap();
    let output = folder.run(&["train"]);
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && warnings.contains("there are no ratings"), "{warnings}");
    assert!(folder.ok(&["status"]).contains("generation 1: content-"));
    let error = folder.fails(&["train", "--model", "ials"]);
    assert!(error.contains("ratings.csv and ratings.parquet not found"), "{error}");
}

#[test]
fn does_not_replace_a_model_because_its_ratings_are_missing() {
    let folder = Folder::trained();
    let error = folder.fails(&["train", "--raw", "nowhere"]);
    assert!(error.contains("folder nowhere not found; check --raw"), "{error}");
    std::fs::remove_file(folder.path("raw/ml-32m/ratings.csv")).unwrap();
    let error = folder.fails(&["train"]);
    assert!(error.contains("generation 1 was trained on ratings.csv"), "{error}");
    assert!(error.contains("run `cinematch train --model content`"), "{error}");
    assert!(folder.ok(&["status"]).contains("generation 1: hybrid-"));
    folder.ok(&["train", "--model", "content"]);
    assert!(folder.ok(&["status"]).contains("generation 2: content-"));
}

#[test]
fn reads_model_parameters_from_a_file() {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    let ials = r#"{"ials": {"model": {"name": "ials", "factors": 8, "iterations": 2}}}"#;
    folder.write("data/tuned.json", ials.as_bytes());
    folder.ok(&["train", "--model", "ials"]);
    let model = &folder.json("ml/artifacts/manifest.json")["settings"]["model"]["model"];
    assert_eq!((model["factors"].as_u64(), model["seed"].as_u64()), (Some(8), Some(42)));
    // Models missing from the file use their default parameters.
    folder.ok(&["train", "--model", "edlae"]);
    for (text, needle) in [
        (r#"{"ials": {"model": {"name": "ials", "factor": 8}}}"#, "unknown field `factor`"),
        (r#"{"ials": {"model": {"name": "ials", "factors": 0}}}"#, "factors is 0; expected 1 to"),
        (r#"{"sals": {"model": {"name": "ials"}}}"#, "unknown model `sals`; known models: hybrid"),
        (r#"{"ials": {"model": {"name": "ease"}}}"#, "the entry `ials` is for the model `ease`"),
    ] {
        folder.write("my.json", text.as_bytes());
        let error = folder.fails(&["train", "--model", "ials", "--params", "my.json"]);
        assert!(error.contains(needle), "{error}");
    }
}

#[test]
fn never_overwrites_histories_and_reports_users_without_movies() {
    use std::fmt::Write;
    let folder = Folder::trained();
    let mut histories = "userId,movieId,rating,timestamp\n".to_owned();
    let movies = folder.read("raw/ml-32m/movies.csv");
    let ids = movies.lines().skip(1).filter_map(|line| line.split(',').next());
    for id in ids {
        writeln!(histories, "1,{id},4.0,").unwrap();
    }
    histories.push_str("2,1,9.0,5\n");
    for unknown in 0..1500 {
        writeln!(histories, "3,{},4.0,", 5_000_000 + unknown).unwrap();
    }
    folder.write("histories.csv", histories.as_bytes());
    let arguments = |out| ["recommend", "--histories", "histories.csv", "-k", "2", "--out", out];
    let error = folder.fails(&arguments("./histories.csv"));
    assert!(error.contains("--out and --histories name the same file"), "{error}");
    assert_eq!(folder.read("histories.csv"), histories);
    let output = folder.run(&arguments("recs.csv"));
    let notes = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("up to 2 movies for each of 3 users"), "{text}");
    assert!(notes.contains("no movies are left for 1 user, starting with 1"), "{notes}");
    assert!(notes.contains("1,500 × histories.csv, movieId"), "{notes}");
    let lists = folder.read("recs.csv");
    assert_eq!(lists.lines().filter(|line| line.starts_with("2,")).count(), 2, "{lists}");
}
