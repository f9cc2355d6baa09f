//! `cinematch tune`: resuming a search, and storing and using the tuned parameters.

use std::fs;

use serde_json::Value;

use crate::support::folder::Folder;

const SEARCH: [&str; 9] =
    ["tune", "--json", "--model", "item-knn", "--trials", "6", "--splits", "3", "--held-out=20"];

fn preprocessed() -> Folder {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder
}

fn tune(folder: &Folder, arguments: &[&str]) -> Value {
    serde_json::from_str(&folder.ok(arguments)).unwrap()
}

#[test]
fn interrupted_search_resumes_with_the_same_result() {
    let folder = preprocessed();
    let uninterrupted = tune(&folder, &SEARCH);
    // Successive halving: 6 trials, then the best 3, then the best 2.
    assert_eq!((&uninterrupted["measured"], &uninterrupted["resumed"]), (&11.into(), &0.into()));
    assert_eq!(uninterrupted["finalists"].as_array().unwrap().len(), 2);
    let tuned = folder.read("data/tuned.json");

    let log = folder.read("data/tune/item-knn.jsonl");
    assert_eq!(log.lines().count(), 11);
    // Truncate the log as a crash would, to four complete lines and part of the fifth.
    let four: usize = log.lines().take(4).map(|line| line.len() + 1).sum();
    fs::write(folder.path("data/tune/item-knn.jsonl"), &log[..four + 20]).unwrap();
    fs::remove_file(folder.path("data/tuned.json")).unwrap();
    let resumed = tune(&folder, &SEARCH);
    assert_eq!((&resumed["measured"], &resumed["resumed"]), (&7.into(), &4.into()));
    assert_eq!(resumed["finalists"], uninterrupted["finalists"]);
    assert_eq!(folder.read("data/tuned.json"), tuned);

    // A larger search starts with the same trials. A search on different data reuses nothing from the log.
    let more = tune(&folder, &[&SEARCH[..4], &["--trials", "8"], &SEARCH[6..]].concat());
    assert!(more["resumed"].as_u64() >= Some(8), "{more}");
    folder.ok(&["preprocess", "--min-year", "1990"]);
    assert_eq!(tune(&folder, &SEARCH)["resumed"], 0);
}

#[test]
fn tuned_parameters_are_merged_and_used_by_evaluate_and_train() {
    let folder = preprocessed();
    tune(&folder, &SEARCH);
    tune(&folder, &["tune", "--json", "--model", "top-rated", "--trials", "3"]);
    let tuned = folder.json("data/tuned.json");
    let names: Vec<&String> = tuned.as_object().unwrap().keys().collect();
    assert_eq!(names, ["item-knn", "top-rated"]);
    let report: Value = serde_json::from_str(&folder.ok(&[
        "evaluate",
        "--json",
        "--models",
        "item-knn",
        "--held-out",
        "20",
    ]))
    .unwrap();
    assert_eq!(report["models"][0]["spec"], tuned["item-knn"]);
    folder.ok(&["train", "--model", "item-knn"]);
    let manifest = folder.json("ml/artifacts/manifest.json");
    assert_eq!(manifest["settings"]["model"]["model"], tuned["item-knn"]["model"]);
}

#[test]
fn hybrid_weights_are_searched_with_tuned_components() {
    let folder = preprocessed();
    folder.write(
        "data/tuned.json",
        br#"{"ials": {"confidence": {"liked": 1.0, "middling": 0.0},
             "model": {"name": "ials", "factors": 16, "iterations": 2}},
             "edlae": {"confidence": {"liked": 1.0, "middling": 0.1},
             "model": {"name": "edlae", "regularization": 31.0}}}"#,
    );
    let found = tune(&folder, &["tune", "--json", "--model", "hybrid", "--trials", "12"]);
    let spec = &folder.json("data/tuned.json")["hybrid"];
    assert_eq!(spec, &found["finalists"][0]["spec"]);
    assert_eq!(spec["confidence"]["middling"], 0.1);
    assert_eq!(spec["model"]["parts"][0]["model"]["regularization"], 31.0);
    assert_eq!(spec["model"]["parts"][1]["model"]["factors"], 16);
    let best = found["finalists"][0]["score"].as_f64().unwrap();
    let mut others = found["finalists"].as_array().unwrap().iter();
    assert!(others.all(|other| other["score"].as_f64().unwrap() <= best));
}

#[test]
fn untunable_model_is_a_usage_error() {
    let folder = Folder::empty();
    let output = folder.run(&["tune", "--model", "content"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("possible values: hybrid, edlae"), "{error}");
    assert!(
        folder.fails(&["tune", "--model", "ease"]).contains("run `cinematch preprocess` first")
    );
}

#[test]
fn keeps_better_parameters_of_a_longer_search() {
    let folder = Folder::trained();
    let search = |trials: &str| {
        tune(&folder, &["tune", "--json", "--model", "item-knn", "--trials", trials])
    };
    let long = search("6");
    let found = folder.read("data/tuned.json");
    assert_ne!(
        long["finalists"][0]["trial"], 0,
        "this test requires a best trial other than the first"
    );
    let output = folder.run(&["tune", "--model", "item-knn", "--trials", "1"]);
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(notes.contains("are better") && notes.contains("were kept"), "{notes}");
    assert_eq!(folder.read("data/tuned.json"), found);
}
