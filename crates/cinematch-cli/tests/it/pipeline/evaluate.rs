//! `cinematch evaluate`: reports, exported splits, external lists and error messages.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::folder::{Folder, real_data};

/// Returns a folder with the preprocessed sample.
fn preprocessed() -> Folder {
    let folder = Folder::with_sample();
    folder.ok(&["preprocess", "--min-year", "none"]);
    folder
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let text = folder.ok(&[&["evaluate", "--json"], arguments].concat());
    serde_json::from_str(&text).unwrap()
}

/// Returns `report` without its `run` field, which differs between runs.
fn without_run(mut report: Value) -> Value {
    assert!(report["run"]["seconds"].is_number());
    report.as_object_mut().unwrap().remove("run");
    report
}

fn model<'a>(report: &'a Value, name: &str) -> &'a Value {
    let models = report["models"].as_array().unwrap();
    models.iter().find(|model| model["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Returns the mean of `metric` for the model `name`.
fn mean(report: &Value, name: &str, metric: &str) -> f64 {
    model(report, name)["metrics"][metric]["mean"].as_f64().unwrap()
}

#[test]
fn prints_the_table_for_the_sample() {
    let folder = preprocessed();
    let models = "popular,item-knn,content";
    let table = folder.ok(&["evaluate", "--models", models, "--splits", "2", "--held-out", "20"]);
    // Fitting times differ between runs.
    let without_seconds: Vec<String> = table
        .lines()
        .map(|line| {
            let words = line.split_whitespace().enumerate();
            let is_model = models.split(',').any(|name| line.starts_with(name));
            let seconds = |place: usize, word: &str| {
                place == 9 && is_model && word.parse::<f64>().is_ok() && word.len() == 4
            };
            words
                .map(|(place, word)| if seconds(place, word) { "[seconds]" } else { word })
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    insta::assert_snapshot!(without_seconds.join("\n"));
}

#[test]
fn reports_are_identical_for_a_seed_at_any_number_of_threads() {
    let folder = preprocessed();
    let report = |more: &[&str]| {
        let models = "hybrid,ease,ials,svd,item-knn,user-knn,biased-mf,popular-recent,top-rated";
        let arguments = ["--models", models, "--held-out", "20"];
        without_run(json(&folder, &[&arguments[..], more].concat()))
    };
    let one = report(&["--threads", "1"]);
    assert_eq!(one, report(&["--threads", "2"]));
    assert_ne!(one["models"], report(&["--seed", "7"])["models"]);
    assert_eq!(one["protocol"]["name"], "strong-generalization");
    let strata = model(&one, "hybrid")["strata"].as_array().unwrap();
    assert!(strata.iter().any(|stratum| stratum["by"] == "history length"));
}

#[test]
fn external_lists_on_an_exported_split_score_like_internal_ones() {
    let folder = preprocessed();
    for protocol in ["strong-generalization", "time-cut", "later-users", "cold-films"] {
        let protocol = ["--protocol", protocol];
        let internal = json(
            &folder,
            &[
                &protocol[..],
                &["--models", "item-knn,content", "--export-split", "split", "--export-lists"],
                &["lists"],
            ]
            .concat(),
        );
        let external =
            json(&folder, &[&protocol[..], &["--score", "lists/{seed}/item-knn.csv"]].concat());
        let (internal, external) = (model(&internal, "item-knn"), model(&external, "item-knn"));
        for metric in
            ["ndcg@10", "ndcg@100", "recall@20", "recall@50", "miscalibration@10", "lift@10"]
        {
            assert_eq!(internal["metrics"][metric], external["metrics"][metric], "{metric}");
        }
        for value in ["coverage@10", "movies@10", "popularity_share@10", "strata", "groups"] {
            assert_eq!(internal[value], external[value], "{value}");
        }
        check_split(&folder);
        fs::remove_dir_all(folder.path("split")).unwrap();
    }
}

/// Asserts that the split's files match the checksums in `split.json`, and that its relevant ratings occur in
/// neither the training data nor the histories.
fn check_split(folder: &Folder) {
    let split = folder.json("split/42/split.json");
    for (name, sum) in split["files"].as_object().unwrap() {
        let bytes = fs::read(folder.path(&format!("split/42/{name}"))).unwrap();
        assert_eq!(sum["bytes"], bytes.len());
        assert_eq!(sum["sha256"], cinematch::ids::sha256_hex(&bytes), "{name}");
    }
    let pairs = |name: &Value| -> BTreeMap<(String, String), String> {
        let text = folder.read(&format!("split/42/{}", name.as_str().unwrap()));
        assert!(text.starts_with("userId,movieId,rating,timestamp\n"));
        let rows = text.lines().skip(1).map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            ((fields[0].to_owned(), fields[1].to_owned()), fields[2].to_owned())
        });
        rows.collect()
    };
    for part in ["validation", "test"] {
        let part = &split["parts"][part];
        let [train, history, relevant] =
            ["train", "history", "relevant"].map(|of| pairs(&part[of]));
        assert_eq!(part["relevant_ratings"], relevant.len());
        for (pair, stars) in &relevant {
            assert!(!train.contains_key(pair) && !history.contains_key(pair), "{pair:?}");
            assert!(stars.parse::<f64>().unwrap() >= 4.0);
        }
    }
}

#[test]
fn scores_lists_with_bad_rows_and_missing_users_with_warnings() {
    let folder = preprocessed();
    let wrong = "userId,rank,movieId\n999999,1,1\nx,1,1\n";
    folder.write("recs.csv", wrong.as_bytes());
    let error = folder.fails(&["evaluate", "--score", "recs.csv"]);
    assert!(
        error.contains("no list for any user in this split; is it for another seed"),
        "{error}"
    );
    let error = folder.fails(&["evaluate", "--score", "recs.csv", "--splits", "2"]);
    assert!(error.contains("recs.csv: 2 splits need one file each"), "{error}");

    folder.ok(&["evaluate", "--models", "popular", "--export-lists", "lists"]);
    let lists = folder.read("lists/42/popular.csv");
    let user = lists.lines().nth(1).and_then(|row| row.split(',').next()).unwrap();
    folder.write("recs.csv", format!("{wrong}{user},1,1\n").as_bytes());
    let output = folder.run(&["evaluate", "--score", "recs.csv", "--models", "popular"]);
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{warnings}");
    assert!(
        warnings
            .contains("1 × recs.csv, userId, first on line 2: user 999999 is not a held-out user"),
        "{warnings}"
    );
    assert!(warnings.contains("recs.csv has no list for"), "{warnings}");
    let report = json(&folder, &["--score", "recs.csv", "--models", "popular"]);
    assert_eq!(report["baseline"], "popular");
    assert!(mean(&report, "recs", "ndcg@100") < 0.1 * mean(&report, "popular", "ndcg@100"));
}

#[test]
fn compares_rating_predictions_with_averages() {
    let folder = preprocessed();
    for protocol in ["strong-generalization", "time-cut", "cold-films"] {
        let report = json(&folder, &["--models", "biased-mf,popular", "--protocol", protocol]);
        let stars = report["stars"].as_array().unwrap();
        let names: Vec<&str> = stars.iter().map(|of| of["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["film mean", "user and film bias", "biased-mf"]);
        let rmse = |at: usize| stars[at]["rmse"].as_f64().unwrap();
        assert!(rmse(2) < rmse(0), "{protocol} {stars:?}");
        assert!(stars[0]["interval_coverage"].is_null());
        let coverage = stars[2]["interval_coverage"].as_f64().unwrap();
        // Intervals for movies without ratings span the whole rating scale.
        let maximum = if protocol == "cold-films" { 1.0 } else { 0.95 };
        assert!((0.6..=maximum).contains(&coverage), "{protocol} {stars:?}");
    }
    let table = folder.ok(&["evaluate", "--models", "biased-mf"]);
    assert!(table.contains("stars by biased-mf: RMSE 0."), "{table}");
}

#[test]
fn invalid_arguments_report_a_fix() {
    let folder = Folder::with_sample();
    let error = folder.fails(&["evaluate"]);
    assert!(error.contains("run `cinematch preprocess` first"), "{error}");
    folder.ok(&["preprocess", "--min-year", "none"]);
    for (arguments, needle) in [
        (&["--models", "magic"][..], "unknown model `magic`; known models: hybrid, edlae"),
        (
            &["--models", "popular", "--baseline", "ease"],
            "`ease` is not among the evaluated models: popular",
        ),
        (
            &["--held-out", "100000", "--models", "popular"],
            "can be held out for validation and as many",
        ),
        (&["--score", "recs.csv"], "recs.csv not found: it must contain lists for this split"),
        (&["--params", "none.json"], "none.json not found: `cinematch tune` writes it"),
        (
            &["--protocol", "time-cut", "--splits", "3"],
            "--splits does not apply to time-cut and later-users",
        ),
        (&["--cold-share", "0.2"], "--cold-share requires --protocol cold-films"),
        (
            &["--protocol", "time-cut", "--held-out", "9"],
            "--held-out requires --protocol strong-generalization or cold-films",
        ),
        (&["--protocol", "time-cut", "--test-share", "0.7"], "the test's share is 0.7"),
        (
            &["--protocol", "rolling-cuts", "--test-share", "0.2"],
            "--test-share requires --protocol time-cut or later-users",
        ),
        (
            &["--protocol", "rolling-cuts", "--part", "validation", "--models", "popular"],
            "rolling cuts have no validation part",
        ),
    ] {
        let error = folder.fails(&[&["evaluate"], arguments].concat());
        assert!(error.contains(needle), "{arguments:?}\n{error}");
    }
}

#[test]
fn html_report_is_well_formed_and_self_contained() {
    let folder = preprocessed();
    folder.ok(&["evaluate", "--models", "popular,content", "--html", "out/report.html"]);
    let page = folder.read("out/report.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert!(page.matches("<svg").count() >= 4 && page.len() < 100_000);
    for reference in ["http:", "https:", "<script", "<link", "url("] {
        assert!(!page.contains(reference), "{reference}");
    }
    for tag in ["table", "figure", "svg", "div"] {
        let open =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn models_rank_in_the_known_order_on_movielens() {
    let Some(raw) = real_data("models_rank_in_the_known_order_on_movielens") else { return };
    let folder = Folder::empty();
    let release = raw.join("ml-latest-small");
    let tmdb = raw.join("tmdb/tmdb_metadata.csv");
    let (release, tmdb) = (release.to_str().unwrap(), tmdb.to_str().unwrap());
    let all = ["--min-year", "none", "--keep-without-genres"];
    folder.ok(&[&["preprocess", "--raw", release, "--tmdb", tmdb], &all[..]].concat());

    let models = ["--models", "item-knn,popular,content", "--raw", release];
    let report = json(&folder, &[&models[..], &["--splits", "2"]].concat());
    let ndcg = |name| mean(&report, name, "ndcg@100");
    assert!(ndcg("item-knn") > ndcg("popular") + 0.05, "{report}");
    assert!(ndcg("popular") > ndcg("content"), "{report}");
    assert!((0.19..0.26).contains(&ndcg("popular")), "{}", ndcg("popular"));
    let against = &model(&report, "popular")["against_baseline"]["ndcg@100"];
    assert!(against["adjusted_p"].as_f64().unwrap() < 0.01, "{against}");

    let cold = ["--protocol", "cold-films", "--models", "content,popular", "--splits", "2"];
    let report = json(&folder, &[&cold[..], &["--raw", release]].concat());
    assert!((mean(&report, "popular", "cold_above") - 0.5).abs() < 1e-9);
    let above = &model(&report, "content")["metrics"]["cold_above"];
    let (above, error) = (above["mean"].as_f64(), above["standard_error"].as_f64());
    assert!(above.unwrap() - 4.0 * error.unwrap() > 0.5, "{report}");

    let report = json(&folder, &[&["--protocol", "time-cut"], &models[..]].concat());
    assert!(report["users"].as_u64().unwrap() > 10, "{report}");

    // The windows of many cutoffs contain more returning users than the window after a single cutoff.
    let time = ["--models", "popular,popular-recent", "--raw", release];
    let report = json(&folder, &[&["--protocol", "rolling-cuts"], &time[..]].concat());
    assert_eq!(report["users"], 135, "{report}");
    assert_eq!(report["splits"].as_array().unwrap().len(), 80, "{report}");
    let ndcg = |name| mean(&report, name, "ndcg@100");
    assert!(ndcg("popular-recent") > ndcg("popular") + 0.01, "{report}");

    let report = json(&folder, &[&["--protocol", "later-users"], &time[..]].concat());
    assert!(report["users"].as_u64().unwrap() > 60, "{report}");
}
