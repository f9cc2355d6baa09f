//! Command-line behavior: help, error messages, exit codes and output formats.

use crate::support::folder::Folder;

#[test]
fn help_of_every_command_contains_an_example() {
    let folder = Folder::empty();
    for command in [
        "demo",
        "preprocess",
        "update",
        "train",
        "evaluate",
        "tune",
        "recommend",
        "serve",
        "status",
        "doctor",
        "export",
        "synth",
    ] {
        let help = folder.ok(&[command, "--help"]);
        assert!(help.contains("Example"), "{command}\n{help}");
    }
    let all = folder.ok(&["--help"]);
    assert!(all.contains("cinematch recommend --liked 1,3114"), "{all}");
}

#[test]
fn errors_for_missing_files_name_the_command_to_run() {
    let folder = Folder::empty();
    let error = folder.fails(&["train"]);
    assert!(error.contains("data/movies_merged.csv not found: run `cinematch preprocess` first"));
    for command in [&["recommend"][..], &["serve"], &["export", "sklearn", "--out", "x"]] {
        let error = folder.fails(command);
        assert!(error.contains("artifacts not found") && error.contains("`cinematch train` first"));
    }
    let error = folder.fails(&["preprocess"]);
    assert!(
        error.contains("raw/ml-32m/movies.csv not found: run `cinematch fetch movielens`"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn errors_in_an_empty_folder_name_all_commands_up_to_the_server() {
    let folder = Folder::empty();
    let steps = "This folder has no data yet: run `cinematch fetch movielens`, then `cinematch preprocess`, \
                 `cinematch train` and `cinematch serve`; or try `cinematch demo`, which needs no data\n";
    for command in [
        &["preprocess"][..],
        &["train"],
        &["evaluate"],
        &["recommend"],
        &["search", "heat"],
        &["serve", "--port", "0"],
        &["models", "rollback"],
        &["export", "sklearn", "--out", "x"],
    ] {
        let error = folder.fails(command);
        assert!(error.ends_with(steps), "{command:?}: {error}");
    }
    for command in [&["status"][..], &["models", "list"]] {
        let text = folder.ok(command);
        assert!(text.contains("run `cinematch fetch movielens`, then `cinematch preprocess`, "));
        assert!(text.contains("`cinematch serve`; or try `cinematch demo`"), "{text}");
    }
    // In a folder with data, errors name the next command only.
    let folder = Folder::with_sample();
    for command in [&["train"][..], &["recommend"]] {
        let error = folder.fails(command);
        assert!(error.ends_with(" first\n"), "{command:?}: {error}");
    }
}

#[test]
fn a_header_error_names_the_file_and_the_expected_columns() {
    let folder = Folder::with_sample();
    folder.write("raw/ml-32m/links.csv", b"userId,movieId,rating\n1,1,4.0\n");
    let error = folder.fails(&["preprocess"]);
    assert!(error.contains("raw/ml-32m/links.csv has the wrong header"), "{error}");
    assert!(error.contains("expected `movieId,imdbId,tmdbId`"), "{error}");
    assert!(!folder.path("data/movies_merged.csv").exists());
}

#[test]
fn fails_if_standard_output_cannot_be_written() {
    let folder = Folder::trained();
    for command in [&["recommend", "--liked", "1"][..], &["status"], &["status", "--json"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(command).stdout(full).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(error.contains("cannot write the result to standard output"), "{error}");
    }
}

#[test]
fn status_lists_all_generations_when_one_is_damaged() {
    let folder = Folder::trained();
    folder.ok(&["train", "--seed", "1"]);
    folder.write("ml/artifacts/generations/000002/manifest.json", b"{}");
    let output = folder.run(&["status"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("generations on disk: 1, 2") && text.contains("cannot be loaded"),
        "{text}"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("format_version"));
}

#[test]
fn train_removes_links_to_files_of_earlier_models() {
    let folder = Folder::trained();
    folder.ok(&["train", "--model", "ease"]);
    let links = || {
        let entries = std::fs::read_dir(folder.path("ml/artifacts")).unwrap();
        let names = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_symlink());
        names.collect::<Vec<_>>()
    };
    let with_ease = links().len();
    folder.ok(&["train", "--model", "content"]);
    assert!(links().len() < with_ease);
    assert!(links().iter().all(|link| link.exists()), "{:?}", links());
}

#[test]
fn rejects_invalid_flags_and_values() {
    let folder = Folder::trained();
    for (arguments, needle) in [
        (&["preprocess", "--min-year", "soon"][..], "expected a year such as 1980, or `none`"),
        (&["preprocess", "--sample-fraction", "2"], "expected a number from 0 to 1"),
        (&["train", "--keep", "0"], "0 is not in 1.."),
        (&["recommend", "--liked", "Heat"], "invalid value 'Heat'"),
        (&["models", "promote", "abc"], "expected a whole number"),
        (&["recommend", "--ratings", "6"], "expected a movie ID and a rating, such as 6=4.5"),
        (&["status", "--threads", "100000"], "100000 is not in 0..=1024"),
        (&["recommend", "--liked", "1", "--out", "o.csv"], "cannot be used with '--out"),
        (&["frobnicate"], "unrecognized subcommand"),
    ] {
        let output = folder.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(error.contains(needle), "{arguments:?}\n{error}");
    }
    let error = folder.fails(&["recommend", "--genres", "dramma"]);
    assert!(error.contains("--genres: unknown genre `dramma`; did you mean drama?"), "{error}");
    let error = folder.fails(&["recommend", "-k", "0"]);
    assert!(error.contains("--limit: expected 1 to 100, got 0"), "{error}");
    let error = folder.fails(&["recommend", "--novelty", "-2"]);
    assert!(error.contains("--novelty: expected -1 to 1, got -2"), "{error}");
    let error = folder.fails(&["recommend", "--year-min", "2000", "--year-max", "1990"]);
    assert!(error.contains("--year-min: 2000 is after --year-max 1990"), "{error}");
    let error = folder.fails(&["preprocess", "--merged", "raw"]);
    assert!(error.contains("cannot replace raw: it exists but is not a regular file"), "{error}");
    let error = folder.fails(&["train", "--ngram-max", "9"]);
    assert!(error.contains("ngram_max must be 1, 2 or 3, got 9"), "{error}");
}

#[test]
fn piped_output_has_no_colors_and_json_is_a_single_document() {
    let folder = Folder::with_sample();
    let output = folder.run(&["preprocess", "--min-year", "none", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["counts"]["movies_kept"], 353);
    let trained: serde_json::Value =
        serde_json::from_str(&folder.ok(&["train", "--json"])).unwrap();
    assert_eq!(trained["generation"], 1);
    let output = folder.run(&["recommend", "--liked", "1"]);
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
    let list: serde_json::Value =
        serde_json::from_str(&folder.ok(&["recommend", "--liked", "1,99999", "--json"])).unwrap();
    assert_eq!(list["recommendations"].as_array().unwrap().len(), 10);
    assert_eq!(list["unknown_movie_ids"][0], 99999);
    let status: serde_json::Value =
        serde_json::from_str(&folder.ok(&["status", "--json"])).unwrap();
    assert_eq!(status["model"]["up_to_date"], true);

    let output = folder.run(&["recommend", "--genres", "dramma", "--json"]);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(error["error"].as_str().unwrap().contains("dramma"));
    assert!(output.stdout.is_empty());
}

#[test]
fn status_prints_the_next_command() {
    let folder = Folder::empty();
    assert!(folder.ok(&["status"]).contains("next: run `cinematch fetch movielens`"));
    let folder = Folder::with_sample();
    assert!(folder.ok(&["status"]).contains("next: run `cinematch preprocess`"));
    folder.ok(&["preprocess", "--min-year", "none"]);
    assert!(folder.ok(&["status"]).contains("next: run `cinematch train`"));
    folder.ok(&["train"]);
    let status = folder.ok(&["status"]);
    assert!(status.contains("generation 1: hybrid-") && !status.contains("next:"), "{status}");
    let movies = folder.path("ml/artifacts/current/movies_meta.json");
    let bytes = std::fs::read(&movies).unwrap();
    std::fs::write(&movies, &bytes[..1000]).unwrap();
    let error = folder.fails(&["status"]);
    assert!(
        error.contains("movies_meta.json: its checksum does not match the manifest"),
        "{error}"
    );
    std::fs::write(&movies, bytes).unwrap();
    folder.ok(&["preprocess", "--min-year", "1990"]);
    assert!(folder.ok(&["status"]).contains("the merged table has changed since"));
}

#[test]
fn flags_override_the_env_file() {
    let folder = Folder::with_sample();
    folder.write(".env", b"# settings\nCINEMATCH_MIN_YEAR=2000\nTMDB_BEARER_TOKEN=not-used-here\n");
    folder.ok(&["preprocess"]);
    let report = folder.json("data/preprocess_report.json");
    assert_eq!(report["settings"]["min_year"], 2000);
    folder.ok(&["preprocess", "--min-year", "none"]);
    let report = folder.json("data/preprocess_report.json");
    assert!(report["settings"]["min_year"].is_null());

    folder.write(".env", b"TMDB_BEARER_TOKEN='canary-in-a-broken-line\n");
    let error = folder.fails(&["status"]);
    assert!(error.contains("cannot read .env, line 1: ") && !error.contains("canary"), "{error}");
}
