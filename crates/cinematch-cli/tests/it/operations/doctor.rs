//! `cinematch doctor`: detects faults and reports none on a healthy folder.

use std::fs;

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::server::Server;

/// Returns the name, level and finding of every check.
fn checks(folder: &Folder) -> Vec<(String, String, String)> {
    let output = folder.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed = report["level"] == "fail";
    assert_eq!(output.status.success(), !failed, "{report}");
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap().iter();
    let check = |check: &Value| (text(check, "name"), text(check, "level"), text(check, "found"));
    checks.map(check).collect()
}

/// Returns the name and level of every check that doesn't pass.
fn failing_checks(folder: &Folder) -> Vec<String> {
    let all = checks(folder).into_iter();
    let bad = all.filter(|(_, level, _)| level != "ok");
    bad.map(|(name, level, _)| format!("{name} {level}")).collect()
}

#[test]
fn passes_on_a_healthy_folder_and_beside_a_running_server() {
    let folder = Folder::trained();
    let none: [String; 0] = [];
    assert_eq!(failing_checks(&folder), none);
    let server = Server::start(&folder);
    server.as_user("ada", ("POST", "/api/feedback"), None);
    assert_eq!(failing_checks(&folder), none);
    let text = folder.ok(&["doctor", "--strict"]);
    assert!(text.ends_with("all checks passed\n"), "{text}");
    let names: Vec<String> = checks(&folder).into_iter().map(|(name, ..)| name).collect();
    for name in ["data.duplicates", "model.fallbacks", "model.popularity", "database", "clock"] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
}

#[test]
fn reports_missing_data_stale_models_and_damaged_files() {
    let folder = Folder::empty();
    assert_eq!(
        failing_checks(&folder),
        ["data.movielens warn", "data.table fail", "model.files fail"]
    );
    let errors = folder.fails(&["doctor"]);
    assert!(errors.contains("2 failures and 1 warning"), "{errors}");

    let folder = Folder::trained();
    let movies = folder.read("raw/ml-32m/movies.csv") + "900001,Another (2001),Drama\n";
    folder.write("raw/ml-32m/movies.csv", movies.as_bytes());
    assert_eq!(failing_checks(&folder), ["data.table warn"]);
    assert!(folder.fails(&["doctor", "--strict"]).contains("--strict treats warnings as failures"));
    folder.ok(&["preprocess", "--min-year", "none"]);
    assert_eq!(failing_checks(&folder), ["model.stale warn"]);
    folder.ok(&["update"]);
    assert!(failing_checks(&folder).is_empty());

    // Flip one bit in one of the generation's files, and replace the database with text.
    let path = folder.path("ml/artifacts/current/movies_meta.json");
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    folder.write("data/cinematch.db", b"this is not a database, and has never been one");
    assert_eq!(failing_checks(&folder), ["model.files fail", "database fail"]);
}

#[test]
fn reports_duplicate_movies_old_tmdb_replies_and_a_wrong_clock() {
    let folder = Folder::trained();
    let movies = folder.read("raw/ml-32m/movies.csv");
    let with_duplicates: String =
        movies.lines().skip(1).take(20).enumerate().fold(movies.clone(), |text, (at, line)| {
            let rest = line.split_once(',').unwrap().1;
            text + &format!("{},{rest}\n", 900_000 + at)
        });
    folder.write("raw/ml-32m/movies.csv", with_duplicates.as_bytes());
    folder.ok(&["update"]);
    let file = |name: &str| fs::File::options().write(true).open(folder.path(name)).unwrap();
    let now = std::time::SystemTime::now();
    let day = std::time::Duration::from_hours(24);
    file("raw/tmdb/tmdb_metadata.csv").set_modified(now - 200 * day).unwrap();
    file("data/movies_merged.csv").set_modified(now + 2 * day).unwrap();
    let failing = failing_checks(&folder);
    assert!(failing.contains(&"data.duplicates warn".to_owned()), "{failing:?}");
    assert!(failing.contains(&"data.tmdb_age warn".to_owned()), "{failing:?}");
    assert!(failing.contains(&"clock fail".to_owned()), "{failing:?}");
}
