//! `cinematch import FILE`: a history matched, and films for it at once.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::folder::{Folder, real_data};

fn letterboxd(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const RATED: &str = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Heat,1995,https://boxd.it/x,5\n\
                     2024-01-02,Seven,1996,https://boxd.it/y,4.5\n\
                     2024-01-02,No Such Film,1996,https://boxd.it/z,4.5\n";
const WATCHED: &str = "Date,Name,Year,Letterboxd URI\n2024-01-02,Heat,1995,https://boxd.it/x\n\
                       2024-01-02,ALIEN,1979,https://boxd.it/a\n";
const WATCHLIST: &str =
    "Date,Name,Year,Letterboxd URI\n2024-01-02,Collateral,2004,https://boxd.it/c\n";

#[test]
fn a_history_is_matched_and_recommends_at_once() {
    let folder = Folder::trained();
    let archive = letterboxd(&[
        ("ratings.csv", RATED),
        ("watched.csv", WATCHED),
        ("watchlist.csv", WATCHLIST),
        ("deleted/ratings.csv", RATED),
    ]);
    folder.write("letterboxd.zip", &archive);
    let report: Value =
        serde_json::from_str(&folder.ok(&["import", "letterboxd.zip", "-k", "50", "--json"]))
            .unwrap();
    assert_eq!((&report["rows"], &report["by_title"]), (&6.into(), &5.into()), "{report}");
    assert_eq!((&report["unmatched"], &report["ambiguous"]), (&1.into(), &0.into()));
    let films = report["recommendations"].as_array().unwrap();
    assert_eq!(films.len(), 50);
    for film in films {
        let title = film["title"].as_str().unwrap();
        assert!(!["Heat", "Seven", "Alien", "Collateral"].contains(&title), "{title} was seen");
    }
    // The same history by hand is the same list.
    let movies = folder.read("raw/ml-32m/movies.csv");
    let id = |title: &str| {
        let is_film = |line: &&str| line.contains(&format!(",{title} ("));
        movies.lines().find(is_film).unwrap().split(',').next().unwrap().to_owned()
    };
    let ratings = format!("{}=5,{}=4.5", id("Heat"), id("Seven"));
    let seen = format!("{},{}", id("Alien"), id("Collateral"));
    let by_hand = ["recommend", "--ratings", &ratings, "--exclude", &seen, "-k", "1", "--json"];
    let by_hand: Value = serde_json::from_str(&folder.ok(&by_hand)).unwrap();
    assert_eq!(films[0]["explanation"], by_hand["recommendations"][0]["explanation"]);
    let with: Value = serde_json::from_str(&folder.ok(&[
        "import",
        "letterboxd.zip",
        "-k",
        "50",
        "--watchlist",
        "--json",
    ]))
    .unwrap();
    let with = with["recommendations"].to_string();
    assert!(with.contains("Collateral"), "{with}");

    let text = folder.ok(&["import", "letterboxd.zip", "-k", "3"]);
    assert!(text.contains("6 rows of Letterboxd"), "{text}");
    assert!(text.contains("5 found by title and year"), "{text}");
    assert!(
        text.contains("1 that the catalogue does not have") && text.contains("No Such Film (1996)")
    );
    assert!(text.contains("3 films for somebody with 2 ratings, 0 liked, 1 more seen, 1 to watch"));
    // Nothing is written.
    assert!(!folder.path("data/cinematch.db").exists());
}

#[test]
fn what_is_no_history_says_what_would_be() {
    let folder = Folder::trained();
    folder.write("x.csv", b"a,b\n1,2\n");
    let error = folder.fails(&["import", "x.csv"]);
    assert!(error.contains("x.csv is no export that CineMatch knows"), "{error}");
    let error = folder.fails(&["import", "nothing.zip"]);
    assert!(error.contains("nothing.zip not found"), "{error}");
    let error = folder.fails(&["import"]);
    assert!(error.contains("which file?"), "{error}");
    folder.write("bomb.zip", &letterboxd(&[("ratings.csv", &"0".repeat(80 << 20))]));
    let error = folder.fails(&["import", "bomb.zip"]);
    assert!(error.contains("larger than 64 MiB when unpacked"), "{error}");
}

/// Titles as MovieLens writes them, IMDb's numbers: all of latest-small comes back.
#[test]
fn five_thousand_real_rows_are_matched() {
    let Some(raw) = real_data("import of 5,000 rows") else { return };
    let folder = Folder::empty();
    for name in ["movies.csv", "links.csv"] {
        let bytes = std::fs::read(raw.join("ml-latest-small").join(name)).unwrap();
        folder.write(&format!("raw/ml-latest-small/{name}"), &bytes);
    }
    folder.ok(&["preprocess", "--min-year", "none", "--keep-without-genres", "--services", "none"]);
    folder.ok(&["train", "--model", "content"]);
    let links = folder.read("raw/ml-latest-small/links.csv");
    let mut imdb = "Const,Your Rating,Date Rated,Title,URL,Title Type,Year\n".to_owned();
    for (at, link) in links.lines().skip(1).take(5000).enumerate() {
        let number = link.split(',').nth(1).unwrap();
        writeln!(imdb, "tt{number},{},2020-01-01,T,https://x,Movie,1990", at % 10 + 1).unwrap();
    }
    folder.write("ratings.csv", imdb.as_bytes());
    let started = std::time::Instant::now();
    let report: Value =
        serde_json::from_str(&folder.ok(&["import", "ratings.csv", "--json"])).unwrap();
    println!("5,000 rows matched and recommended for in {:?}", started.elapsed());
    assert_eq!(report["by_id"], 5000, "{}", report["unmatched"]);

    let movies = folder.json("ml/artifacts/movies_meta.json");
    let mut rated = "Date,Name,Year,Letterboxd URI,Rating\n".to_owned();
    for movie in movies.as_array().unwrap().iter().take(5000) {
        let title = movie["title"].as_str().unwrap().replace('"', "\"\"");
        writeln!(rated, "2020-01-01,\"{title}\",{},https://x,3.5", movie["year"]).unwrap();
    }
    folder.write("ratings.csv", rated.as_bytes());
    let report: Value =
        serde_json::from_str(&folder.ok(&["import", "ratings.csv", "--json"])).unwrap();
    let (found, open) =
        (report["by_title"].as_u64().unwrap(), report["ambiguous"].as_u64().unwrap());
    // Some films share a title and a year; none is guessed, and none is lost.
    assert_eq!(found + open, 5000, "{}", report["unmatched"]);
    assert!(open < 20, "{open}");
}
