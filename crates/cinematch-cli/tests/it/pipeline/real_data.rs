//! Tests on real MovieLens and TMDB files, with scikit-learn and NumPy as references.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cinematch_testing::did_not_run;

use crate::support::folder::{Folder, project, real_data};

/// Returns the Python interpreter with scikit-learn that `cargo xtask test` provides. If there is none, prints a
/// notice and returns `None`.
fn python(test: &str) -> Option<PathBuf> {
    let python = std::env::var_os("CINEMATCH_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        did_not_run(test, "CINEMATCH_TEST_PYTHON is not set; run `cargo xtask test`");
    }
    python
}

fn preprocess(folder: &Folder, raw: &Path, release: &str, more: &[&str]) -> serde_json::Value {
    let (release, tmdb) = (raw.join(release), raw.join("tmdb/tmdb_metadata.csv"));
    let mut arguments = vec!["preprocess", "--json", "--raw", release.to_str().unwrap()];
    arguments.extend(["--tmdb", tmdb.to_str().unwrap()]);
    arguments.extend(more);
    serde_json::from_str(&folder.ok(&arguments)).unwrap()
}

/// Parses movies strictly, without any code under test: a movie needs a trailing `(YYYY)` of 1980 or later, and
/// listed genres. MovieLens quotes a title only if it contains a comma or quotes, never a line break.
fn strict_ids(movies: &str) -> BTreeSet<u32> {
    movies
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (id, rest) = line.split_once(',')?;
            let (title, genres) = rest.rsplit_once(',')?;
            let title = title.trim_end_matches('"').trim_end();
            let year: u32 = title.strip_suffix(')')?.rsplit_once('(')?.1.parse().ok()?;
            let strict = title.len() > 6 && title.as_bytes()[title.len() - 6] == b'(';
            (strict && year >= 1980 && genres != "(no genres listed)").then(|| id.parse().unwrap())
        })
        .collect()
}

#[test]
fn movielens_32m_keeps_all_strictly_parsed_movies_and_reports_the_rest() {
    let Some(raw) =
        real_data("movielens_32m_keeps_all_strictly_parsed_movies_and_reports_the_rest")
    else {
        return;
    };
    let folder = Folder::empty();
    let summary = preprocess(&folder, &raw, "ml-32m", &["--min-year", "1980"]);
    assert_eq!(summary["counts"]["movies_read"], 87_585);
    let strict = strict_ids(&std::fs::read_to_string(raw.join("ml-32m/movies.csv")).unwrap());
    assert_eq!(strict.len(), 61_378);

    folder.ok(&["train"]);
    let meta = folder.json("ml/artifacts/movies_meta.json");
    let kept: BTreeSet<u32> = meta
        .as_array()
        .unwrap()
        .iter()
        .map(|movie| movie["movie_id"].as_u64().unwrap() as u32)
        .collect();
    let report = folder.json("data/preprocess_report.json");
    let ids = |list: &str| -> BTreeSet<u32> {
        let movies = report[list].as_array().unwrap().iter();
        movies.map(|movie| movie["movie_id"].as_u64().unwrap() as u32).collect()
    };
    let difference =
        |a: &BTreeSet<u32>, b: &BTreeSet<u32>| a.difference(b).copied().collect::<BTreeSet<u32>>();
    assert_eq!(difference(&strict, &kept), ids("duplicate_entries"));
    let corrected = &ids("years_read_leniently") | &ids("years_from_tmdb");
    assert_eq!(difference(&kept, &strict), corrected);
    insta::assert_json_snapshot!(
        "movielens_32m",
        serde_json::json!({
            "counts": summary["counts"],
            "years_read_leniently": report["years_read_leniently"],
            "duplicate_entries": report["duplicate_entries"],
            "titles_from_tmdb": report["titles_from_tmdb"],
        })
    );
}

#[test]
fn relaxed_filters_keep_more_movies() {
    let Some(raw) = real_data("relaxed_filters_keep_more_movies") else { return };
    let folder = Folder::empty();
    let kept = |more: &[&str]| {
        preprocess(&folder, &raw, "ml-32m", more)["counts"]["movies_kept"].as_u64().unwrap()
    };
    // Two entries are one film.
    assert_eq!(kept(&["--keep-without-genres"]), 87_584);
    let with_tmdb = kept(&["--min-year", "1980", "--require-tmdb"]);
    let with_votes = kept(&["--min-year", "1980", "--min-votes", "50"]);
    assert!(with_votes < with_tmdb && with_tmdb < 61_379, "{with_votes} {with_tmdb}");
}

#[test]
fn features_match_scikit_learn_on_movielens_latest_small() {
    check_features("features_match_scikit_learn_on_movielens_latest_small", "ml-latest-small");
}

#[test]
#[ignore = "campaign: scikit-learn on 61,379 movies"]
fn features_match_scikit_learn_on_movielens_32m() {
    check_features("features_match_scikit_learn_on_movielens_32m", "ml-32m");
}

/// Asserts that the features for `release` equal scikit-learn's for two sets of parameters, and when exported as
/// pickles.
fn check_features(test: &str, release: &str) {
    let Some(raw) = real_data(test) else { return };
    let Some(python) = python(test) else { return };
    let check = |folder: &Folder, script: &str, more: &[&str]| {
        let output = Command::new(&python)
            .arg(project().join("tests/python").join(script))
            .args(["--merged".into(), folder.path("data/movies_merged.csv")])
            .args(["--artifacts".into(), folder.path("ml/artifacts")])
            .args(more)
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && stdout.starts_with("ok "),
            "{script} {stdout}\n{errors}"
        );
        eprintln!("{script}: {stdout}");
    };
    let folder = Folder::empty();
    preprocess(&folder, &raw, release, &[]);
    let raw_release = raw.join(release);
    folder.ok(&["train", "--model", "content", "--raw", raw_release.to_str().unwrap()]);
    check(&folder, "check_sklearn.py", &[]);
    folder.ok(&["export", "sklearn", "--out", "pickles"]);
    let pickles = folder.path("pickles");
    check(&folder, "check_pickles.py", &["--pickles", pickles.to_str().unwrap()]);
    let other = ["--max-features", "3000", "--ngram-max", "1", "--min-df", "3"];
    let other = [&other[..], &["--stop-words", "none"]].concat();
    folder.ok(&[&["train", "--model", "content"], other.as_slice()].concat());
    check(&folder, "check_sklearn.py", &other);
}

#[test]
fn models_match_their_float64_formulas() {
    let test = "models_match_their_float64_formulas";
    let Some(raw) = real_data(test) else { return };
    let Some(python) = python(test) else { return };
    let folder = Folder::empty();
    let release = raw.join("ml-latest-small");
    preprocess(&folder, &raw, "ml-latest-small", &["--min-year", "none"]);
    let params = |iterations: u32| {
        serde_json::json!({
            "ease": { "model": { "name": "ease", "regularization": 200.0, "max_movies": 3000,
                "neighbors": 3000 } },
            "ials": { "model": { "name": "ials", "factors": 24, "iterations": iterations } },
            "svd": { "model": { "name": "svd", "factors": 64 } },
        })
    };
    let train = |model, artifacts, iterations| {
        folder.write("params.json", params(iterations).to_string().as_bytes());
        // The formulas use all users' ratings.
        let files =
            ["--raw", release.to_str().unwrap(), "--params", "params.json", "--hold-out", "0"];
        folder.ok(&[&["train", "--model", model, "--artifacts", artifacts], &files[..]].concat());
    };
    train("ease", "ease", 0);
    train("ials", "start", 0);
    train("ials", "ials", 3);
    train("svd", "svd", 0);
    for model in ["ease", "ials", "svd"] {
        let output = Command::new(&python)
            .arg(project().join("tests/python/check_models.py"))
            .arg(model)
            .args(["--merged".into(), folder.path("data/movies_merged.csv")])
            .args(["--ratings".into(), release.join("ratings.csv")])
            .args(["--artifacts".into(), folder.path(model)])
            .args(["--start".into(), folder.path("start")])
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stdout.starts_with("ok "), "{model} {stdout}\n{errors}");
        eprintln!("check_models.py: {stdout}");
    }
}

#[test]
fn nearest_neighbors_are_plausible() {
    let Some(raw) = real_data("nearest_neighbors_are_plausible") else { return };
    let folder = Folder::empty();
    preprocess(&folder, &raw, "ml-32m", &["--min-year", "none"]);
    folder.ok(&["train"]);
    let neighbors = |id: &str| folder.ok(&["recommend", "--liked", id, "--diversity", "0", "-q"]);
    let toy_story = neighbors("1");
    for movie in ["Toy Story 2 (1999)", "Toy Story 3 (2010)", "A Bug's Life (1998)"] {
        assert!(toy_story.contains(movie), "{toy_story}");
    }
    let godfather = neighbors("858");
    for movie in ["The Godfather: Part II (1974)", "The Godfather: Part III (1990)"] {
        assert!(godfather.contains(movie), "{godfather}");
    }
}
