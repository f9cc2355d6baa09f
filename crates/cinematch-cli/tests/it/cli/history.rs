//! `cinematch import FILE`: matches a history against the catalog and recommends movies based on it.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cinematch::catalog::Movie;
use cinematch::catalog::matching::MatchIndex;
use cinematch::imports::{self, Matched};
use cinematch::sources::history::ListMeaning;
use cinematch_testing::Dice;
use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::support::folder::{Folder, movielens_32m, real_data};
use crate::support::memory::peak_memory;

fn letterboxd(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const RATED: &str = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Heat,1995,https://boxd.it/x,5\n\
                     2024-01-02,Seven,,https://boxd.it/y,4.5\n\
                     2024-01-02,No Such Film,1996,https://boxd.it/z,4.5\n";
const WATCHED: &str = "Date,Name,Year,Letterboxd URI\n2024-01-02,Heat,1995,https://boxd.it/x\n\
                       2024-01-02,ALIEN,1979,https://boxd.it/a\n";
const WATCHLIST: &str =
    "Date,Name,Year,Letterboxd URI\n2024-01-02,Collateral,2004,https://boxd.it/c\n";

#[test]
fn matches_a_history_and_recommends_from_it() {
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
    let recommended = report["recommendations"].as_array().unwrap();
    assert_eq!(recommended.len(), 50);
    for movie in recommended {
        let title = movie["title"].as_str().unwrap();
        assert!(!["Heat", "Seven", "Alien", "Collateral"].contains(&title), "{title} was seen");
    }
    // Passing the same history as flags produces an identical list.
    let movies = folder.read("raw/ml-32m/movies.csv");
    let id = |title: &str| {
        let is_movie = |line: &&str| line.contains(&format!(",{title} ("));
        movies.lines().find(is_movie).unwrap().split(',').next().unwrap().to_owned()
    };
    let ratings = format!("{}=5,{}=4.5", id("Heat"), id("Seven"));
    let seen = format!("{},{}", id("Alien"), id("Collateral"));
    let from_flags = ["recommend", "--ratings", &ratings, "--exclude", &seen, "-k", "1", "--json"];
    let from_flags: Value = serde_json::from_str(&folder.ok(&from_flags)).unwrap();
    assert_eq!(recommended[0]["explanation"], from_flags["recommendations"][0]["explanation"]);
    let with_watchlist: Value = serde_json::from_str(&folder.ok(&[
        "import",
        "letterboxd.zip",
        "-k",
        "50",
        "--watchlist",
        "--json",
    ]))
    .unwrap();
    let with_watchlist = with_watchlist["recommendations"].to_string();
    assert!(with_watchlist.contains("Collateral"), "{with_watchlist}");

    let text = folder.ok(&["import", "letterboxd.zip", "-k", "3"]);
    assert!(text.contains("6 rows from Letterboxd"), "{text}");
    assert!(text.contains("5 matched by title and year"), "{text}");
    assert!(text.contains("1 not in the catalog") && text.contains("No Such Film (1996)"));
    let summary = "3 movies for a user with 2 ratings, 1 more watched, 1 on the watchlist";
    assert!(text.contains(summary), "{text}");
    assert!(text.contains("1 of them with a year that differs by one or is missing"), "{text}");
    assert_eq!((&report["fuzzy"], &report["matches"][1]["fuzzy"]), (&1.into(), &true.into()));
    // The command does not create a database.
    assert!(!folder.path("data/cinematch.db").exists());
}

#[test]
fn reads_a_folder_with_an_unpacked_archive() {
    let folder = Folder::trained();
    for (name, text) in [
        ("letterboxd/ratings.csv", RATED),
        ("letterboxd/likes/films.csv", WATCHED),
        ("letterboxd/deleted/ratings.csv", RATED),
        ("letterboxd/profile.csv", "Name\nme\n"),
    ] {
        folder.write(name, text.as_bytes());
    }
    let report: Value =
        serde_json::from_str(&folder.ok(&["import", "letterboxd", "-k", "0", "--json"])).unwrap();
    assert_eq!(
        (&report["rows"], &report["matches"][0]["file"]),
        (&5.into(), &"likes/films.csv".into())
    );
    folder.write("other/notes.txt", b"none");
    let error = folder.fails(&["import", "other"]);
    assert!(error.contains("other has none of the files"), "{error}");
}

#[test]
fn lists_are_named_and_imported_with_a_meaning() {
    let folder = Folder::trained();
    let list = "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2024-09-27,Best of all,,u,\n\n\
                Position,Name,Year,URL,Description\n1,Heat,1995,https://boxd.it/a,\n";
    folder.write("best.csv", list.as_bytes());
    let text = folder.ok(&["import", "best.csv", "-k", "0"]);
    assert!(text.contains("1 not imported: on 1 list"), "{text}");
    assert!(text.contains("Best of all (best.csv): 1 movie"), "{text}");
    assert!(text.contains("add `--list-as liked` or `--list-as watchlist`"), "{text}");
    let report = folder.ok(&["import", "best.csv", "-k", "0", "--list-as", "liked", "--json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["by_title"], &report["matches"][0]["said"]), (&1.into(), &"liked".into()));
}

#[test]
fn rejects_unsupported_missing_and_oversized_files() {
    let folder = Folder::trained();
    folder.write("x.csv", b"a,b\n1,2\n");
    let error = folder.fails(&["import", "x.csv"]);
    assert!(error.contains("x.csv is not a supported export"), "{error}");
    let error = folder.fails(&["import", "nothing.zip"]);
    assert!(error.contains("nothing.zip not found"), "{error}");
    let error = folder.fails(&["import"]);
    assert!(error.contains("no file; `cinematch import FILE` reads"), "{error}");
    folder.write("bomb.zip", &letterboxd(&[("ratings.csv", &"0".repeat(80 << 20))]));
    let error = folder.fails(&["import", "bomb.zip"]);
    assert!(error.contains("too large when unpacked: the maximum is 32 MiB"), "{error}");
}

/// Imports `file`, and returns the peak memory use in MiB and whether the import succeeded.
fn memory_of(folder: &Folder, file: &str) -> (u64, bool) {
    let log = std::fs::File::create(folder.path("import.log")).unwrap();
    let mut command = folder.command(&["import", file, "--json"]);
    let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let peak = peak_memory(&mut child, Duration::from_millis(2));
    let code = child.wait().unwrap().code();
    let log = folder.read("import.log");
    assert!(matches!(code, Some(0 | 1)) && !log.contains("panicked"), "{file}: {code:?} {log}");
    (peak, code == Some(0))
}

/// Imports files that are as large as allowed and expensive to parse.
#[test]
fn hostile_files_use_less_than_400_mib() {
    let folder = Folder::trained();
    let full = (32 << 20) - 100;
    let header = "Name,Year,Letterboxd URI,Rating\n";
    let rows = |row: &str, bytes: usize| {
        format!("{header}{}", row.repeat(bytes.min(full).min(199_999 * row.len()) / row.len()))
    };
    let list = |element: &str| {
        let elements = format!("{element},").repeat(full / (element.len() + 1));
        format!("[{}]", elements.trim_end_matches(','))
    };
    let long = "x".repeat(150);
    let fields = list("{\"a\":0}").replace("},{", ",");
    let files: [(&str, Vec<u8>, bool); 16] = [
        ("plain.csv", RATED.into(), true),
        ("rows.csv", rows("a,,,1\n", full).into(), true),
        ("solaris.csv", rows("Solaris,,,1\n", full).into(), true),
        ("long.csv", rows(&format!("{long},1990,u,1\n"), full).into(), true),
        ("bad.csv", rows("a\n", full).into(), true),
        ("too-many.csv", format!("{header}{}", "a\n".repeat(full / 2)).into(), false),
        ("commas.csv", format!("{header}{}\n", ",".repeat(full - 100)).into(), true),
        ("columns.csv", format!("{}Letterboxd URI\n", "Name,".repeat(full / 5 - 10)).into(), false),
        ("quotes.csv", rows("\"a,,,1\n", full).into(), true),
        ("zeros.json", list("0").into(), false),
        ("objects.json", list(&format!("{{\"movie\":{{\"title\":\"{long}\"}}}}")).into(), true),
        ("fields.json", fields.into(), true),
        ("deep.json", "[".repeat(full).into(), false),
        ("bomb.zip", letterboxd(&[("ratings.csv", &"0".repeat(200 << 20))]), false),
        ("full.zip", letterboxd(&[("ratings.csv", &rows(&format!("{long},1,u,\n"), full))]), true),
        ("line.csv", vec![b'x'; 100 << 20], false),
    ];
    let mut peak = 0;
    for (name, bytes, is_accepted) in files {
        folder.write(name, &bytes);
        let started = Instant::now();
        let (mebibytes, accepted) = memory_of(&folder, name);
        println!("{name}: {} bytes, {mebibytes} MiB, {:?}", bytes.len(), started.elapsed());
        assert_eq!(accepted, is_accepted, "{name}: {}", folder.read("import.log"));
        std::fs::remove_file(folder.path(name)).unwrap();
        // Rejected files count too, since they are read into memory first.
        peak = peak.max(mebibytes);
    }
    assert!(peak < 400, "{peak} MiB");
}

/// Matches 5,000 movies from MovieLens latest-small by IMDb ID, then by title and year.
#[test]
fn matches_5000_rows_of_movielens_latest_small() {
    let Some(raw) = real_data("matches_5000_rows_of_movielens_latest_small") else { return };
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
    let started = Instant::now();
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
    let (found, ambiguous) =
        (report["by_title"].as_u64().unwrap(), report["ambiguous"].as_u64().unwrap());
    // Movies that share a title and a year are reported as ambiguous, neither guessed nor dropped.
    assert_eq!(found + ambiguous, 5000, "{}", report["unmatched"]);
    assert!(ambiguous < 20, "{ambiguous}");
}

/// Matches 5,000 random movies from MovieLens 32M, exported in every supported format.
#[test]
fn matches_random_rows_of_movielens_32m_in_every_format() {
    let Some(raw) = real_data("matches_random_rows_of_movielens_32m_in_every_format") else {
        return;
    };
    let movies = movielens_32m(&raw);
    let index = MatchIndex::new(&movies);
    let mut dice = Dice::new(1);
    let mut pick = || dice.pick(&movies);
    let picked: Vec<&Movie> = (0..5000).map(|_| pick()).collect();
    let mut letterboxd = "Date,Name,Year,Letterboxd URI,Rating\r\n".to_owned();
    let mut imdb = "Const,Your Rating,Title,Original Title,Title Type,Year\n".to_owned();
    let mut movielens = "movie_id,imdb_id,tmdb_id,rating,average_rating,title\n".to_owned();
    let mut trakt = Vec::new();
    for movie in &picked {
        let title = format!("\"{}\"", movie.title.replace('"', "\"\""));
        let year = movie.year.map(|year| year.to_string()).unwrap_or_default();
        // A nonexistent IMDb ID, so that the row is matched by title.
        let imdb_id = movie.imdb_id.as_deref().unwrap_or("9999999999");
        write!(letterboxd, "2024-01-01,{title},{year},https://boxd.it/x,3.5\r\n").unwrap();
        writeln!(imdb, "tt{imdb_id},7,{title},{title},Movie,{year}").unwrap();
        writeln!(movielens, "{},,,3.5,3.5,{title}", movie.movie_id).unwrap();
        trakt.push(serde_json::json!({"rating": 7, "movie": {"title": movie.title,
            "year": movie.year, "ids": {"tmdb": movie.tmdb_id}}}));
    }
    let trakt = Value::Array(trakt).to_string();
    for (name, text) in [
        ("ratings.csv", letterboxd),
        ("imdb.csv", imdb),
        ("movielens-ratings.csv", movielens),
        ("ratings-movies.json", trakt),
    ] {
        let report =
            imports::read(&index, &movies, &[(name, text)], ListMeaning::Unknown).unwrap().report;
        let mut wrong = 0;
        for (row, movie) in report.matches.iter().zip(&picked) {
            // Movies that share a title and a year are reported as ambiguous, with all candidates.
            let is_candidate = row.candidates.contains(&movie.movie_id);
            let is_correct = row.movie_id.map_or(is_candidate, |found| found == movie.movie_id);
            wrong += usize::from(!is_correct);
        }
        println!(
            "{name}: {} by ID, {} by title, {} ambiguous, {wrong} wrong",
            report.by_id, report.by_title, report.ambiguous
        );
        assert_eq!((report.matches.len(), report.problems.len()), (5000, 0), "{name}");
        let ambiguous = report.rows_by_match(Matched::Ambiguous).count();
        assert!(wrong == 0 && ambiguous < 50, "{name}: {wrong} wrong, {ambiguous} ambiguous");
    }
}
