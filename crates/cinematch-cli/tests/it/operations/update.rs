//! `cinematch update`: adds movies and metadata to a running server without training.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::{Server, wait_until};

const NEW: u64 = 900_001;

/// Adds a movie similar to Toy Story to all three files.
fn add_a_movie(folder: &Folder) {
    let append = |name: &str, row: &str| {
        let text = folder.read(name) + row;
        folder.write(name, text.as_bytes());
    };
    let genres = "Adventure|Animation|Children|Comedy|Fantasy";
    append("raw/ml-32m/movies.csv", &format!("{NEW},Toys of the Attic (2024),{genres}\n"));
    append("raw/ml-32m/links.csv", &format!("{NEW},,{}\n", NEW + 1));
    let lower = genres.to_lowercase();
    append(
        "raw/tmdb/tmdb_metadata.csv",
        &format!(
            "{},Toys of the Attic,,95,40.5,80,7.6,{lower},\"Forgotten toys wait for a child to find \
             them: a cowboy doll and a space ranger among strangers.\",\
             toys|friendship|childhood|rivalry,Tom Hanks|Tim Allen|Joan Cusack,John Lasseter\n",
            NEW + 1
        ),
    );
}

fn updated(folder: &Folder) -> Value {
    serde_json::from_str(&folder.ok(&["update", "--json"])).unwrap()
}

fn listed(server: &Server) -> Vec<(u64, f64)> {
    let body = json!({ "liked_movie_ids": [1, 196], "limit": 60, "diversity": 0.0 });
    let reply = server.recommend(&body);
    let items = reply["recommendations"].as_array().unwrap();
    let item = |item: &Value| (item["movie_id"].as_u64().unwrap(), item["score"].as_f64().unwrap());
    items.iter().map(item).collect()
}

#[test]
fn new_movie_is_searchable_and_recommended_without_training() {
    let folder = Folder::trained();
    let server = Server::start(&folder);
    let before = listed(&server);
    add_a_movie(&folder);
    let outcome = updated(&folder);
    assert_eq!((&outcome["generation"], &outcome["added"]), (&json!(2), &json!([NEW])));
    assert_eq!((&outcome["changed"], &outcome["left"]), (&json!([]), &json!([])));
    wait_until("the new generation", || server.get("/health").json()["generation"] == 2);

    let found = server.get("/api/search?q=toys%20of%20the%20attik&limit=3").json();
    assert!(found.to_string().contains("Toys of the Attic"), "{found}");
    assert_eq!(server.get(&format!("/api/movies/{NEW}")).json()["year"], 2024);
    let after = listed(&server);
    let place = after.iter().position(|(id, _)| *id == NEW);
    assert!(place.is_some_and(|place| place < 10), "{after:?}");
    // Other movies' scores change only by a common factor, because scores are relative to the best score of all
    // movies.
    let share = after.iter().find(|(id, _)| *id == before[0].0).unwrap().1 / before[0].1;
    for (id, old_score) in &before[..40] {
        let new_score = after.iter().find(|(other, _)| other == id).unwrap().1;
        assert!((old_score * share - new_score).abs() < 0.02, "{id}: {old_score} and {new_score}");
    }

    // Liking the new movie raises similar movies in the list.
    let reply = server.recommend(&json!({ "liked_movie_ids": [NEW], "limit": 10 }));
    assert!(reply["recommendations"].to_string().contains("Toy Story"), "{reply}");

    let manifest = folder.json("ml/artifacts/manifest.json");
    let derived = &manifest["derived_from"];
    assert_eq!((&derived["generation"], &derived["learned_movies"]), (&json!(1), &json!(353)));
    let again = updated(&folder);
    assert!(again["generation"].is_null() && again["promoted"] == false, "{again}");
    assert!(folder.ok(&["update"]).contains("no changes since"));
    // A file with different bytes but the same content doesn't create a generation.
    let tags = folder.read("raw/ml-32m/tags.csv") + "no,tag,at all\n";
    folder.write("raw/ml-32m/tags.csv", tags.as_bytes());
    assert!(folder.ok(&["update"]).contains("no changes since"));
    assert_eq!(folder.json("ml/artifacts/manifest.json"), manifest);
}

#[test]
fn update_refreshes_metadata_keeps_removed_movies_and_folds_in_ratings() {
    let folder = Folder::trained();
    add_a_movie(&folder);
    updated(&folder);
    let metadata = folder.read("raw/tmdb/tmdb_metadata.csv");
    let metadata =
        metadata.replace("A cowboy doll loses his place", "A cowboy doll keeps his place");
    folder.write("raw/tmdb/tmdb_metadata.csv", metadata.as_bytes());
    let movies = folder.read("raw/ml-32m/movies.csv");
    let movies: String = movies
        .lines()
        .filter(|line| !line.starts_with("2,"))
        .fold(String::new(), |text, line| text + line + "\n");
    folder.write("raw/ml-32m/movies.csv", movies.as_bytes());
    let ratings = folder.read("raw/ml-32m/ratings.csv");
    let new_ratings: Vec<String> =
        (1..40).map(|user| format!("{user},{NEW},5.0,1700000000\n")).collect();
    // Real files group the rows by user, but the command doesn't require it.
    folder.write("raw/ml-32m/ratings.csv", (ratings + &new_ratings.concat()).as_bytes());
    let outcome = updated(&folder);
    assert_eq!(
        json!([outcome["generation"], outcome["added"], outcome["changed"], outcome["left"]]),
        json!([3, [], [1], [2]])
    );
    assert_eq!(outcome["rated_newcomers"], 1);
    let server = Server::start(&folder);
    let overview = server.get("/api/movies/1").json()["overview"].to_string();
    assert!(overview.contains("keeps his place"), "{overview}");
    assert_eq!(server.get("/api/movies/2").status, 200);
    // Training drops the movie that was removed from the files.
    folder.ok(&["train"]);
    let manifest = folder.json("ml/artifacts/manifest.json");
    assert_eq!(
        (&manifest["counts"]["movies"], &manifest["derived_from"]),
        (&json!(353), &Value::Null)
    );
}

#[test]
fn rebuilds_the_table_with_its_original_options() {
    let folder = Folder::with_sample();
    std::fs::rename(folder.path("raw/ml-32m"), folder.path("films")).unwrap();
    folder.ok(&["preprocess", "--raw", "films", "--min-year", "1990", "--services", "none"]);
    folder.ok(&["train", "--raw", "films"]);
    let rows = folder.read("data/movies_merged.csv").lines().count();
    let text = folder.read("films/movies.csv")
        + &format!("{NEW},New Film (2020),Drama\n{},Old Film (1950),Drama\n", NEW + 1);
    folder.write("films/movies.csv", text.as_bytes());
    // Neither the folder nor the year has to be passed again.
    assert_eq!(updated(&folder)["added"], json!([NEW]));
    assert_eq!(folder.read("data/movies_merged.csv").lines().count(), rows + 1);
    let report = folder.json("data/preprocess_report.json");
    assert_eq!(
        report["made_from"],
        json!({ "raw": "films", "tmdb": "raw/tmdb/tmdb_metadata.csv" })
    );
}

#[test]
fn reports_progress_to_the_server_line_by_line() {
    let folder = Folder::trained();
    add_a_movie(&folder);
    let mut command = folder.command(&["update", "--events"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let events: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert!(child.wait().unwrap().success());
    assert_eq!(events[0], json!({ "stage": "preprocess", "share": 0.0 }));
    assert_eq!(events.last().unwrap()["outcome"]["generation"], 2);
    assert_eq!(events.last().unwrap()["outcome"]["why"], "1 movie added");
    // A closed standard input means that the server has exited.
    assert!(!folder.run(&["update", "--events"]).status.success());
}
