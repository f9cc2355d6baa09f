//! `cinematch retrain`: a new generation is promoted only if it is not worse than the current one.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use cinematch::bundle::Generations;
use cinematch::evaluation::Holdout;
use cinematch::ids::UserId;
use serde_json::{Value, json};

use crate::support::folder::Folder;

/// Retrains and returns the outcome.
fn retrain(folder: &Folder, flags: &[&str]) -> Value {
    let arguments = [&["retrain", "--json"], flags].concat();
    serde_json::from_str(&folder.ok(&arguments)).unwrap()
}

fn served(folder: &Folder) -> u64 {
    Generations::new(&folder.path("ml/artifacts")).champion().unwrap()
}

/// Returns whether retraining holds out `user`. It holds out 20 % of the sample's users.
fn held_out(user: &str) -> bool {
    Holdout::for_users(401).contains(UserId(user.parse().unwrap()))
}

/// Replaces the movie in each rating for which `other`, given the user and the movie's index, returns a new index.
fn change_ratings(folder: &Folder, other: impl Fn(&str, usize) -> Option<usize>) {
    let path = "raw/ml-32m/ratings.csv";
    let text = folder.read(path);
    let mut movies: Vec<&str> =
        text.lines().skip(1).map(|row| row.split(',').nth(1).unwrap()).collect();
    movies.sort_unstable();
    movies.dedup();
    let mut changed = String::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let movie = movies.binary_search(&fields[1]).ok().and_then(|movie| other(fields[0], movie));
        let movie = movie.map_or(fields[1], |movie| movies[movie % movies.len()]);
        changed.extend([fields[0], ",", movie, ",", fields[2], ",", fields[3], "\n"]);
    }
    folder.write(path, changed.as_bytes());
}

#[test]
fn promotes_a_generation_that_is_not_worse_and_skips_unchanged_data() {
    let folder = Folder::trained();
    let unchanged = retrain(&folder, &[]);
    assert_eq!((&unchanged["generation"], &unchanged["promoted"]), (&json!(null), &json!(false)));
    assert_eq!(served(&folder), 1);

    folder.add_ratings();
    let first = retrain(&folder, &["--margin", "0.2"]);
    assert_eq!((&first["generation"], &first["promoted"]), (&json!(2), &json!(true)), "{first}");
    let verdict = &first["verdict"];
    assert_eq!(verdict["champion"]["generation"], 1);
    for users in ["overall", "cold"] {
        let difference = &verdict[users]["difference"];
        assert!(difference["mean"].as_f64().unwrap().abs() < 0.05, "{difference}");
        let ndcg = &verdict[users]["challenger"]["ndcg"];
        let of = |end: &str| ndcg[end].as_f64().unwrap();
        assert!(0.05 < of("low") && of("low") < of("mean") && of("mean") < of("high"), "{ndcg}");
        assert!(verdict[users]["users"].as_u64().unwrap() > 50, "{verdict}");
    }
    assert_eq!(served(&folder), 2);
    // The table is rebuilt with its original options: movies of all years.
    let manifest = folder.json("ml/artifacts/current/manifest.json");
    assert_eq!(
        (&manifest["counts"]["movies"], &manifest["hold_out"]["share"]),
        (&json!(353), &json!(0.2))
    );
    let card = folder.json("ml/artifacts/current/card.json");
    assert_eq!(card["verdict"]["why"], first["why"]);
    let page = folder.read("ml/artifacts/current/card.html");
    assert!(page.contains("<svg") && page.contains("ratings.csv") && !page.contains("<script"));
    let shown = folder.ok(&["models", "show"]);
    assert!(shown.contains("NDCG@20 of") && shown.contains("new users"), "{shown}");

    // Equal inputs give bit-identical metrics, and a rolled-back generation is never promoted automatically.
    folder.ok(&["models", "rollback"]);
    let again = retrain(&folder, &["--margin", "0.2"]);
    assert_eq!((&again["verdict"], &again["generation"]), (&first["verdict"], &json!(2)));
    let why = again["why"].as_str().unwrap();
    assert!(why.starts_with("this model was rolled back"), "{why}");
    assert_eq!((&again["promoted"], served(&folder)), (&json!(false), 1));
    folder.ok(&["models", "promote", "2"]);
    assert_eq!(served(&folder), 2);
}

#[test]
fn keeps_a_champion_trained_without_a_holdout() {
    let folder = Folder::trained();
    folder.ok(&["train", "--hold-out", "0"]);
    let outcome = retrain(&folder, &[]);
    let why = outcome["why"].as_str().unwrap();
    assert!(why.starts_with("the champion was trained on all users"), "{why}");
    assert_eq!((&outcome["promoted"], served(&folder)), (&json!(false), 2));
}

#[test]
fn refit_does_not_affect_the_comparison() {
    let with_champion = |flags: &[&str]| {
        let folder = Folder::with_sample();
        folder.ok(&["preprocess", "--min-year", "none"]);
        folder.ok(&[&["train"], flags].concat());
        folder.add_ratings();
        let verdict = retrain(&folder, &["--margin", "0.2"])["verdict"].take();
        (folder, verdict)
    };
    let (folder, refit) = with_champion(&[]);
    let (_, no_refit) = with_champion(&["--no-refit"]);
    assert_eq!((&refit["promote"], &refit["why"]), (&json!(true), &no_refit["why"]), "{refit}");
    for users in ["overall", "cold"] {
        assert_eq!(refit[users], no_refit[users]);
    }
    let shown = folder.ok(&["models", "show"]);
    assert!(shown.contains("evaluated: trained without 20.0 % of them"), "{shown}");
    let card = folder.read("ml/artifacts/current/card.html");
    assert!(card.contains("The served models were trained on all users."), "{card}");

    // A generation without a refit is another model, even if its data are equal.
    let no_refit = retrain(&folder, &["--margin", "0.2", "--", "--no-refit"]);
    let difference = &no_refit["verdict"]["overall"]["difference"];
    assert_eq!((&no_refit["promoted"], &difference["mean"]), (&json!(true), &json!(0.0)));
    let manifest = folder.json("ml/artifacts/current/manifest.json");
    assert!(manifest.get("refit").is_none() && manifest["hold_out"]["share"] == 0.2);
}

#[test]
fn keeps_a_worse_generation_without_promoting_it() {
    let folder = Folder::trained();
    // Retrain with a model that uses only popularity.
    let popular = retrain(&folder, &["--", "--model", "popular"]);
    assert_eq!((&popular["generation"], &popular["promoted"]), (&json!(2), &json!(false)));
    let why = popular["why"].as_str().unwrap();
    assert!(
        why.starts_with("it may be worse: NDCG at 20 differs for users with a history by -"),
        "{why}"
    );

    // Replace the movies in all training users' ratings.
    let original = folder.read("raw/ml-32m/ratings.csv");
    change_ratings(&folder, |user, movie| (!held_out(user)).then(|| movie * 37 + user.len() * 11));
    let shuffled = retrain(&folder, &[]);
    assert_eq!(shuffled["promoted"], json!(false), "{shuffled}");
    assert_eq!(shuffled["verdict"]["overall"]["passed"], json!(false));
    assert_eq!(served(&folder), 1);
    let list = folder.ok(&["models", "list"]);
    // Three generations are kept.
    assert_eq!(list.matches("candidate").count(), 2, "{list}");
    assert!(list.contains("it may be worse"), "{list}");

    // Truncate the ratings.
    folder.write("raw/ml-32m/ratings.csv", &original.as_bytes()[..original.len() / 2]);
    let cut = retrain(&folder, &[]);
    let why = cut["why"].as_str().unwrap();
    assert!(why.contains("it learned from") && why.contains("--allow-fewer-ratings"), "{why}");
    assert_eq!((&cut["promoted"], served(&folder)), (&json!(false), 1));
    // Leave too few users for an evaluation.
    let few: Vec<&str> = original.lines().take(200).collect();
    folder.write("raw/ml-32m/ratings.csv", (few.join("\n") + "\n").as_bytes());
    let few = retrain(&folder, &["--allow-fewer-ratings"]);
    assert_eq!((&few["promoted"], served(&folder)), (&json!(false), 1), "{few}");

    // Remove half of the movies.
    folder.write("raw/ml-32m/ratings.csv", original.as_bytes());
    let movies = folder.read("raw/ml-32m/movies.csv");
    let half: Vec<&str> = movies.lines().take(180).collect();
    folder.write("raw/ml-32m/movies.csv", half.join("\n").as_bytes());
    let fewer = retrain(&folder, &[]);
    let why = fewer["why"].as_str().unwrap();
    assert!(why.contains("it has 179 movies and the champion 353"), "{why}");
    assert_eq!((&fewer["promoted"], served(&folder)), (&json!(false), 1));
}

#[test]
fn reports_a_broken_champion_and_a_failed_fetch_and_continues() {
    let folder = Folder::trained();
    folder.write("ml/artifacts/generations/000001/movies_meta.json", b"[]");
    folder.write("raw/tmdb/tmdb.db", b"no database");
    let mut command = folder.command(&["retrain", "--json"]);
    let output = command.env("TMDB_BEARER_TOKEN", "x".repeat(40)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&outcome["promoted"], served(&folder)), (&json!(true), 2));
    let warnings = outcome["warnings"].as_array().unwrap();
    let warns_about =
        |what: &str| warnings.iter().any(|warning| warning.as_str().unwrap().contains(what));
    assert!(
        warns_about("TMDB metadata was not updated: ") && warns_about("movies_meta.json"),
        "{warnings:?}"
    );
}

#[test]
fn keeps_a_champion_whose_evaluation_models_are_damaged() {
    let folder = Folder::trained();
    let file = "evaluation_0_edlae.npz";
    folder.write(&format!("ml/artifacts/generations/000001/{file}"), b"");
    let outcome = retrain(&folder, &[]);
    assert_eq!((&outcome["promoted"], served(&folder)), (&json!(false), 1));
    let warning = outcome["warnings"][0].as_str().unwrap();
    assert!(warning.contains(file), "{warning}");
    folder.ok(&["recommend", "--liked", "1"]);
}

#[test]
fn worker_emits_progress_events_and_stops_when_stdin_closes() {
    let folder = Folder::trained();
    folder.add_ratings();
    let worker = || {
        let mut command = folder.command(&["--quiet", "retrain", "--events", "--margin", "0.2"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut child = worker();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let events: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert!(child.wait().unwrap().success());
    let mut stages: Vec<&str> = events.iter().filter_map(|event| event["stage"].as_str()).collect();
    stages.dedup();
    assert_eq!(stages, ["fetch", "preprocess", "train", "evaluate", "promote"]);
    let shares: Vec<f64> = events
        .iter()
        .filter(|event| event["stage"] == "train")
        .map(|event| event["share"].as_f64().unwrap())
        .collect();
    assert!(shares.is_sorted() && shares.len() > 3 && shares.last() == Some(&1.0), "{shares:?}");
    let outcome = &events.last().unwrap()["outcome"];
    assert_eq!((&outcome["generation"], &outcome["promoted"]), (&json!(2), &json!(true)));

    folder.write("raw/ml-32m/tags.csv", b"userId,movieId,tag,timestamp\n");
    let mut child = worker();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let nice = status.rsplit(") ").next().unwrap().split(' ').nth(16).unwrap();
    assert_eq!(nice, "19", "{status}");
    drop(child.stdin.take());
    assert!(!child.wait().unwrap().success());
    assert_eq!(served(&folder), 2);
}

#[test]
fn failure_is_reported_and_changes_nothing() {
    let folder = Folder::trained();
    folder.write("raw/ml-32m/movies.csv", b"title,genres\n");
    let error = folder.fails(&["retrain"]);
    assert!(error.contains("movies.csv"), "{error}");
    let error = folder.fails(&["retrain", "--", "--model", "psychic"]);
    assert!(error.contains("psychic") || error.contains("movies.csv"), "{error}");
    assert_eq!(served(&folder), 1);
}

#[test]
fn full_disk_preserves_the_served_generation() {
    let folder = Folder::trained();
    folder.ok(&["train", "--candidate", "--seed", "2"]);
    // `ulimit -f` limits the file size, in half-kilobyte blocks, so writes fail as they would on a full disk.
    let limited = |blocks: u32, command: &str| {
        let binary = env!("CARGO_BIN_EXE_cinematch");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {binary} {command}");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &script]).current_dir(folder.path("")).output().unwrap();
        assert!(!output.status.success(), "{command}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (blocks, command, file) in [
        (64, "train --seed 3", "generations/.tmp-000003"),
        (0, "models promote 2", "promotions.json"),
    ] {
        let error = limited(blocks, command);
        assert!(error.contains("cannot write") && error.contains(file), "{error}");
        assert_eq!(served(&folder), 1);
        let names = std::fs::read_dir(folder.path("ml/artifacts/generations")).unwrap();
        assert_eq!(names.count(), 2, "an incomplete generation remains");
        cinematch::bundle::Bundle::load(&folder.path("ml/artifacts")).unwrap();
    }
    folder.ok(&["train", "--seed", "3"]);
    assert_eq!(served(&folder), 3);
}
