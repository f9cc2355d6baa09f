//! preprocess → train → export, on the sample and on malformed input.

use std::collections::BTreeMap;
use std::fs;

use cinematch_testing::Sample;

use crate::support::folder::Folder;

#[test]
fn reports_each_bad_row_and_continues() {
    let folder = Folder::empty();
    folder.write(
        "raw/ml-32m/movies.csv",
        b"\xef\xbb\xbfmovieId,title,genres\r\n1,\"Heat, The\r\nLong Way (1995)\",Crime\r\n\
          2,Broken,\"Drama\r\nx,Bad Id (1999),Drama\r\n3,Fine (2001),Drama\r\n3,Twice (2001),Drama\r\n\
          4,Bad \xff Bytes (2001),Drama\r\n5,(no title) (2002),(no genres listed)\r\n6,Last (2003),War",
    );
    folder.write("raw/ml-32m/links.csv", b"movieId,imdbId,tmdbId\n1,0113277,949\n9,1,2\n");
    folder.ok(&["preprocess"]);
    let report = folder.json("data/preprocess_report.json");
    let problems: Vec<String> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            let file = problem["file"].as_str().unwrap();
            format!(
                "{}:{} {} {}",
                file.rsplit('/').next().unwrap(),
                problem["line"],
                problem["kind"].as_str().unwrap(),
                problem["outcome"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        problems,
        [
            "movies.csv:4 malformed_record row_dropped",
            "movies.csv:5 invalid_value row_dropped",
            "movies.csv:7 duplicate_id row_dropped",
            "movies.csv:8 invalid_encoding row_dropped",
            "links.csv:3 unknown_reference row_dropped",
        ]
    );
    let merged = folder.read("data/movies_merged.csv");
    let ids: Vec<&str> =
        merged.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids, ["1", "3", "6"]);
    assert!(merged.starts_with(
        "movieId,tmdbId,imdbId,title,year,genres,overview,runtime,popularity,vote_count,\
         vote_average,keywords,cast_top,director,services,"
    ));
    // A title may contain a line break; the table prints it on one line.
    assert!(merged.contains("1,949,0113277,\"Heat, The Long Way\",1995,crime"), "{merged}");
}

#[test]
fn runs_without_tmdb() {
    let folder = Folder::with_sample();
    fs::remove_file(folder.path("raw/tmdb/tmdb_metadata.csv")).unwrap();
    folder.ok(&["preprocess", "--min-year", "none", "--services", "none"]);
    folder.ok(&["train"]);
    let list = folder.ok(&["recommend", "--liked", "1", "-k", "3", "--diversity", "0"]);
    assert!(list.contains("Toy Story 2 (1999)") && list.contains("Toy Story 3 (2010)"), "{list}");
    let cold = folder.ok(&["recommend", "-k", "5"]);
    assert_eq!(cold.lines().count(), 10, "{cold}");
}

/// Returns the bytes of every artifact, and the manifest without its run-dependent fields.
fn artifacts(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let current = folder.path("ml/artifacts/current");
    let mut files: BTreeMap<String, Vec<u8>> = fs::read_dir(current)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    let manifest = files.get_mut("manifest.json").unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    assert!(value["run"]["timings_ms"]["plain_features"].is_number());
    value.as_object_mut().unwrap().remove("run");
    *manifest = serde_json::to_vec(&value).unwrap();
    // The manifest also records the time and speed of the run.
    for card in ["card.json", "card.html"] {
        assert!(files.remove(card).is_some(), "{card}");
    }
    files
}

#[test]
fn output_is_identical_at_any_thread_count() {
    let folder = Folder::with_sample();
    let mut tables = Vec::new();
    let mut trained = Vec::new();
    for threads in ["1", "2", "2"] {
        folder.ok(&["preprocess", "--min-year", "none", "--threads", threads]);
        tables.push(folder.read("data/movies_merged.csv"));
        folder.ok(&["train", "--threads", threads]);
        trained.push(artifacts(&folder));
    }
    assert!(tables.iter().all(|table| *table == tables[0]));
    assert!(trained.iter().all(|files| *files == trained[0]));
    assert_eq!(trained[0].len(), 20);
    let other = folder.ok(&["preprocess", "--min-year", "none", "--seed", "7"]);
    assert!(!other.is_empty());
    assert_ne!(folder.read("data/movies_merged.csv"), tables[0]);
}

#[test]
fn commands_train_the_same_model_as_the_test_sample() {
    let folder = Folder::trained();
    folder.ok(&["train", "--no-refit"]);
    let published = folder.json("ml/artifacts/manifest.json");
    let trained = serde_json::to_value(&Sample::default().train().manifest).unwrap();
    assert_eq!(trained["files"], published["files"]);
}

#[test]
fn keeps_recent_generations_and_legacy_links() {
    let folder = Folder::trained();
    for seed in ["1", "2", "3"] {
        folder.ok(&["train", "--seed", seed, "--keep", "2"]);
    }
    let status: serde_json::Value =
        serde_json::from_str(&folder.ok(&["status", "--json"])).unwrap();
    assert_eq!(status["generations"], serde_json::json!([3, 4]));
    let linked = folder.json("ml/artifacts/manifest.json");
    assert_eq!(linked["settings"]["seed"], 3);
}

#[test]
fn trains_on_the_python_systems_merged_table() {
    let folder = Folder::empty();
    folder.write(
        "data/movies_merged.csv",
        b"movieId,tmdbId,imdbId,title,year,genres,overview,runtime,popularity,vote_count,\
          vote_average,keywords,cast_top,director,services\n\
          1,862.0,0114709,Toy Story,1995.0,animation|comedy,Toys wake up.,81.0,9.1,100.0,7.9,toy,A,B,Netflix\n\
          2,,,Jumanji,1995.0,adventure,A game comes alive.,,,,,,,,\n",
    );
    folder.ok(&["train"]);
    let meta = folder.json("ml/artifacts/movies_meta.json");
    assert_eq!(meta[0]["services_source"], "mock");
    assert!(meta[1]["runtime"].is_null());
}

#[test]
fn synthetic_data_passes_through_the_pipeline() {
    let folder = Folder::empty();
    let generated = folder.ok(&["synth", "--out", ".", "--ratings", "20000", "--json"]);
    let generated: serde_json::Value = serde_json::from_str(&generated).unwrap();
    assert_eq!(folder.read("raw/ml-synthetic/ratings.csv").lines().count(), 20_001);
    let ratings = folder.read("raw/ml-synthetic/ratings.csv");
    assert!(folder.fails(&["synth", "--out", "."]).contains("or pass --force"));
    folder.ok(&["synth", "--out", ".", "--ratings", "20000", "--force"]);
    assert_eq!(folder.read("raw/ml-synthetic/ratings.csv"), ratings);

    let summary =
        folder.ok(&["preprocess", "--min-year", "none", "--keep-without-genres", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["counts"]["movies_read"], generated["movies"]);
    assert!(summary["counts"]["with_metadata"].as_u64() > Some(100));
    folder.ok(&["train"]);
    assert_eq!(folder.ok(&["recommend", "-k", "7"]).lines().count(), 14);
    let error = folder.fails(&["synth", "--out", "x", "--ratings", "10", "--users", "11"]);
    assert!(error.contains("11 users and"), "{error}");
}

#[test]
fn preserves_the_table_if_no_movie_passes_the_filters() {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    let files = ["data/movies_merged.csv", "data/preprocess_report.json"];
    let before = files.map(|file| folder.read(file));
    let error = folder.fails(&["preprocess", "--min-year", "2090"]);
    assert!(error.contains("353 before 2090"), "{error}");
    assert!(error.contains("movies_merged.csv was not changed"), "{error}");
    assert_eq!(files.map(|file| folder.read(file)), before);
}

#[test]
fn incomplete_input_files_change_nothing() {
    let folder = Folder::trained();
    let outputs = ["data/movies_merged.csv", "data/preprocess_report.json"];
    let before = outputs.map(|file| folder.read(file));
    let generations = || fs::read_dir(folder.path("ml/artifacts/generations")).unwrap().count();
    for (command, file) in [
        ("preprocess", "raw/ml-32m/movies.csv"),
        ("preprocess", "raw/ml-32m/links.csv"),
        ("preprocess", "raw/tmdb/tmdb_metadata.csv"),
        ("train", "raw/ml-32m/ratings.csv"),
        ("train", "raw/ml-32m/tags.csv"),
        ("train", "data/movies_merged.csv"),
    ] {
        let whole = folder.read(file);
        let cut = &whole[..whole.rfind(',').unwrap()];
        folder.write(file, cut.as_bytes());
        let error = folder.fails(&[command]);
        let expected = format!("{file} ends in the middle of line {}: ", cut.lines().count());
        assert!(error.contains(&expected), "{error}");
        folder.write(file, whole.as_bytes());
        assert_eq!(outputs.map(|file| folder.read(file)), before, "{file}");
        assert_eq!(generations(), 1, "{file}");
    }
}
