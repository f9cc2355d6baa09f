//! `cinematch fetch tmdb`: order, output, token, region and error messages.

use std::fs;

use super::tmdb_server::{Fault, TmdbServer};
use super::{CANARY, command, fetch, fetched, folder_of, table};
use crate::support::server::wait_until;

#[test]
fn fetches_the_most_rated_movies_first_and_each_only_once() {
    let (folder, server) = (folder_of(20), TmdbServer::start());
    let report = fetched(&folder, &server, &["--max-ids", "8"]);
    assert_eq!(report["found"], 8, "{report}");
    let mut requested = server.requested();
    requested.sort_unstable();
    assert_eq!(requested, (1001..=1008).collect::<Vec<u32>>());
    assert!(server.accepted_encodings().iter().all(|accepted| accepted.contains("gzip")));

    // A second run fetches only the remaining movies.
    let report = fetched(&folder, &server, &["--all"]);
    assert_eq!((&report["found"], &report["already"]), (&12.into(), &8.into()), "{report}");
    assert_eq!(server.requested().len(), 12);
    assert_eq!(fetched(&folder, &server, &["--all"])["asked"], 0);

    let csv = table(&folder);
    let header = "tmdb_id,title,release_date,runtime,popularity,vote_count,vote_average,genres,\
                  overview,keywords,cast_top,director,original_language,poster_path,certification,\
                  imdb_id,collection,adult,status,fetched_on,certifications,original_title,alternative_titles,services\n1001,\"Film 1001, version 0\",";
    assert!(csv.starts_with(header), "{csv}");
    let movies = cinematch::sources::tmdb::metadata("t.csv", csv.as_bytes()).unwrap().decoded;
    assert!(movies.records.iter().all(|movie| movie.fetched_on.is_some()), "{csv}");
    assert_eq!(report["films"], 20);
    let providers = folder.read("raw/tmdb/watch_providers.csv");
    assert!(providers.starts_with("tmdb_id,region,flatrate,ads,free,rent,buy\n1001,"));
    assert!(providers.contains("1001,DE,"), "{providers}");

    // `preprocess` merges the fetched metadata, including services.
    let merged: serde_json::Value =
        serde_json::from_str(&folder.ok(&["preprocess", "--json"])).unwrap();
    assert_eq!(merged["services_source"], "tmdb");
    assert_eq!(merged["counts"]["with_metadata"], 20);
    assert!(merged["problems"].as_array().unwrap().is_empty(), "{merged}");
    assert!(folder.read("data/movies_merged.csv").contains("|DE:18|"), "certificates by country");
}

#[test]
fn prints_a_summary_and_no_progress_without_a_terminal() {
    let (folder, server) = (folder_of(5), TmdbServer::start());
    server.set_missing(&[1002]);
    let output = fetch(&folder, &server, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{text}");
    assert!(text.contains("4 movies fetched, 1 not found at TMDB, 0 failed"), "{text}");
    assert!(text.contains("raw/tmdb/tmdb_metadata.csv: 4 movies, "), "{text}");
    assert!(text.contains("streaming in DE (data by JustWatch and TMDB)"), "{text}");
}

#[test]
fn a_missing_token_error_explains_how_to_set_it() {
    let (folder, server) = (folder_of(1), TmdbServer::start());
    let without = |token: &str| {
        let output = command(&folder, &server, &[]).env("TMDB_BEARER_TOKEN", token).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = without("");
    assert!(error.contains("TMDB_BEARER_TOKEN is not set"), "{error}");
    assert!(error.contains("themoviedb.org/settings/api") && error.contains(".env"), "{error}");
    let error = without("two words");
    assert!(error.contains("is not a token") && !error.contains("two words"), "{error}");
    // The token is also read from .env.
    folder.write(".env", format!("TMDB_BEARER_TOKEN={CANARY}\n").as_bytes());
    let mut command = command(&folder, &server, &[]);
    assert!(command.env_remove("TMDB_BEARER_TOKEN").output().unwrap().status.success());
    assert_eq!(server.tokens().into_iter().collect::<Vec<_>>(), [format!("Bearer {CANARY}")]);
}

#[test]
fn requires_a_region_from_a_flag_a_setting_or_the_locale() {
    let (folder, server) = (folder_of(1), TmdbServer::start());
    let with = |locale: &str, more: &[&str]| {
        let mut command = command(&folder, &server, more);
        let command = command.env_remove("CINEMATCH_REGION").env_remove("LC_MESSAGES");
        command.env("LC_ALL", locale).env("LANG", "C").output().unwrap()
    };
    let output = with("C.UTF-8", &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("--region DE") && error.contains("CINEMATCH_REGION"), "{error}");
    assert!(server.requested().is_empty(), "no request is sent without a region");
    let output = with("fr_FR.UTF-8", &[]);
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && note.contains("streaming services of FR"), "{note}");
    // The region is remembered, and `--region` changes it.
    let output = with("C", &[]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("streaming in FR"));
    let output = with("C", &["--region", "gb"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("streaming in GB"));
    assert_eq!(with("C", &["--region", "deutsch"]).status.code(), Some(1));
}

#[test]
fn a_rejected_token_stops_the_run() {
    for (status, body, message) in [
        (401, r#"{"status_code":7,"success":false}"#, "does not accept the token"),
        (403, r#"{"status_code":10}"#, "has suspended this token"),
        (401, "", "does not accept the token"),
    ] {
        let (folder, server) = (folder_of(200), TmdbServer::start());
        server.set_faults(move |id, _| (id >= 1045).then_some(Fault::Status(status, None, body)));
        let output = fetch(&folder, &server, &[]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(message), "{error}");
        // Only requests already in flight complete, and their replies are kept.
        assert!(server.requested().len() < 120);
        assert!(table(&folder).lines().count() > 5);
    }
}

#[test]
fn missing_movies_are_requested_again_only_with_refresh_missing() {
    let (folder, server) = (folder_of(6), TmdbServer::start());
    server.set_missing(&[1003, 1004]);
    let report = fetched(&folder, &server, &["--all"]);
    assert_eq!((&report["found"], &report["missing"]), (&4.into(), &2.into()));
    server.requested();
    fetched(&folder, &server, &["--all"]);
    assert!(server.requested().is_empty());
    server.set_missing(&[1004]);
    let report = fetched(&folder, &server, &["--all", "--refresh-missing"]);
    assert_eq!((&report["found"], &report["missing"]), (&1.into(), &1.into()));
    assert_eq!(report["films"], 5);
}

#[test]
fn a_movie_whose_id_is_gone_is_found_by_its_imdb_id() {
    let (folder, server) = (folder_of(6), TmdbServer::start());
    server.set_missing(&[1003, 1004, 1005]);
    server.set_moved("tt0000003", 5003);
    // TMDB has no movie for the IMDb ID of 1004, and the one for 1005 is gone, too.
    server.set_moved("tt0000005", 1005);
    let report = fetched(&folder, &server, &["--all"]);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((count("found"), count("moved"), count("missing")), (4, 1, 2), "{report}");
    let mut lookups = server.other_requests();
    lookups.sort_unstable();
    assert_eq!(lookups, ["find tt0000003", "find tt0000004", "find tt0000005"]);
    assert!(table(&folder).contains("\n5003,\"Film 5003, version 0\""));
    // A second run has nothing to do.
    server.requested();
    assert_eq!(fetched(&folder, &server, &["--all"])["asked"], 0);
    assert!(server.requested().is_empty() && server.other_requests().is_empty());

    // `preprocess` uses the metadata of the current ID.
    folder.ok(&["preprocess"]);
    let report = folder.json("data/preprocess_report.json");
    assert_eq!(report["relinked"][0], serde_json::json!({"movie_id": 3, "from": 1003, "to": 5003}));
    let merged = folder.read("data/movies_merged.csv");
    assert!(merged.contains("Filmen 5003") && merged.contains("5003"), "{merged}");
}

#[test]
fn preserves_rows_of_an_existing_table() {
    let (folder, server) = (folder_of(3), TmdbServer::start());
    let old = "tmdb_id,title,release_date,runtime,popularity,vote_count,vote_average,genres,\
               overview,keywords,cast_top,director\n1001,Old,1990-01-01,90,1,5,6,drama,x,,,\n\
               77,Only here,1991-01-01,91,1,5,6,drama,y,a|b,C|D,E\n";
    folder.write("raw/tmdb/tmdb_metadata.csv", old.as_bytes());
    let report = fetched(&folder, &server, &["--max-ids", "1"]);
    assert_eq!(report["films"], 2);
    let csv = table(&folder);
    assert!(
        csv.contains("77,Only here,1991-01-01,91,1,5,6,drama,y,a|b,C|D,E,,,,,,,,,,,,\n"),
        "{csv}"
    );
    // Fetched metadata takes precedence over the existing table.
    assert!(csv.contains("1001,\"Film 1001, version 0\"") && !csv.contains("Old"), "{csv}");
    // Rows added manually later are kept too.
    let more = format!("{csv}78,By hand,,,,,,,,,,,,,,,,,,,,,,\n");
    folder.write("raw/tmdb/tmdb_metadata.csv", more.as_bytes());
    fetched(&folder, &server, &["--all"]);
    assert!(table(&folder).contains("78,By hand,"));
    assert_eq!(table(&folder).lines().count(), 1 + 5);
}

#[test]
fn a_second_concurrent_fetch_fails() {
    let (folder, server) = (folder_of(40), TmdbServer::start());
    server.set_faults(|_, _| Some(Fault::Slow(300)));
    let mut first = command(&folder, &server, &["--all", "--quiet"]).spawn().unwrap();
    wait_until("the first request", || !server.requested().is_empty());
    let second = fetch(&folder, &server, &["--all"]);
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && error.contains("is in use by another"), "{error}");
    assert!(first.wait().unwrap().success());
}

/// Injects every fault, then searches all output and files for the token, which may appear only in the header.
#[test]
fn the_token_never_appears_in_output_or_files() {
    let other_server = TmdbServer::start();
    let faults = |other_server: &TmdbServer| {
        let url = format!("{}/3/movie/1?append_to_response=", other_server.url());
        [
            Fault::Status(401, None, r#"{"status_code":7}"#),
            Fault::Status(500, None, "<html>"),
            Fault::Status(418, None, "{}"),
            Fault::Hangup,
            Fault::Cut,
            Fault::Garbage,
            Fault::WrongMovie,
            Fault::Redirect(url),
            Fault::Redirect("http://localhost:1/".to_owned()),
        ]
    };
    for fault in faults(&other_server) {
        let (folder, server) = (folder_of(3), TmdbServer::start());
        let injected = fault.clone();
        server.set_faults(move |id, _| (id > 1001).then(|| injected.clone()));
        for more in [&[][..], &["--json"]] {
            let output = command(&folder, &server, more).env("RUST_LOG", "trace").output().unwrap();
            for text in [&output.stdout, &output.stderr] {
                let text = String::from_utf8_lossy(text);
                assert!(!text.contains(CANARY) && !text.contains("panicked"), "{fault:?}: {text}");
            }
        }
        assert!(server.tokens().contains(&format!("Bearer {CANARY}")), "{fault:?}");
        assert_no_token(&folder.path(""));
    }
    assert!(other_server.tokens().is_empty(), "the token followed a redirect");
    // An http: address is rejected before any request is sent.
    let (folder, server) = (folder_of(1), TmdbServer::start());
    let mut command = command(&folder, &server, &[]);
    let output = command.env("CINEMATCH_TMDB_URL", "http://example.org").output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("cannot be used"), "{error}");
}

/// Asserts that no file in `directory` contains the token.
fn assert_no_token(directory: &std::path::Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_token(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!found, "the token is in {}", path.display());
        }
    }
}
