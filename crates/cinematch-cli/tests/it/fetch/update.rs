//! Refreshing stored replies: `fetch tmdb --update` and `--providers`.

use super::tmdb_server::{Fault, TmdbServer};
use super::{command, fetch, fetched, folder_of, table};
use crate::support::folder::Folder;

/// Runs `fetch tmdb --json` with the clock `days` days ahead, and returns its report.
fn fetched_after(
    folder: &Folder,
    server: &TmdbServer,
    days: u32,
    arguments: &[&str],
) -> serde_json::Value {
    let mut command = command(folder, server, &[arguments, &["--json"]].concat());
    let output = command.env("CINEMATCH_CLOCK_AHEAD", days.to_string()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sorted(mut ids: Vec<u32>) -> Vec<u32> {
    ids.sort_unstable();
    ids
}

#[test]
fn update_fails_before_the_first_fetch() {
    let (folder, server) = (folder_of(3), TmdbServer::start());
    for flag in ["--update", "--providers"] {
        let output = fetch(&folder, &server, &[flag]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.contains("no stored replies to refresh; run `cinematch fetch tmdb` first"),
            "{error}"
        );
    }
    assert!(server.other_requests().is_empty() && server.requested().is_empty());
}

#[test]
fn update_within_two_weeks_fetches_only_changed_movies() {
    let (folder, server) = (folder_of(10), TmdbServer::start());
    fetched(&folder, &server, &["--all"]);
    server.requested();
    // The list of changes also contains movies that are not in the catalog.
    server.set_changed(&[1002, 5, 1003, 1009, 9999]);
    let report = fetched_after(&folder, &server, 10, &["--update"]);
    assert_eq!((&report["changed"], &report["found"]), (&3.into(), &3.into()), "{report}");
    assert_eq!(sorted(server.requested()), [1002, 1003, 1009]);
    let pages = server.other_requests();
    assert_eq!(pages.len(), 3, "{pages:?}");
    assert!(table(&folder).contains("\"Film 1003, version 1\""));
    assert!(table(&folder).contains("\"Film 1004, version 0\""));
    // The next update requests changes starting at the end of the previous period.
    server.set_changed(&[]);
    fetched_after(&folder, &server, 20, &["--update"]);
    assert!(server.requested().is_empty());
    let days: Vec<String> = server.other_requests()[0].split(' ').map(str::to_owned).collect();
    assert_eq!(days[1], pages[0].split(' ').nth(2).unwrap());
}

#[test]
fn update_after_two_weeks_fetches_all_movies() {
    let (folder, server) = (folder_of(10), TmdbServer::start());
    server.set_missing(&[1004]);
    fetched(&folder, &server, &["--all"]);
    server.requested();
    assert_eq!(server.other_requests(), ["find tt0000004"]);
    let report = fetched_after(&folder, &server, 15, &["--update"]);
    assert_eq!((&report["changed"], &report["found"]), (&serde_json::Value::Null, &9.into()));
    assert!(server.other_requests().is_empty());
    // Movies missing from TMDB are not requested again.
    assert!(!server.requested().contains(&1004));
}

#[test]
fn an_interrupted_update_resumes_with_the_remaining_movies() {
    let (folder, server) = (folder_of(10), TmdbServer::start());
    fetched(&folder, &server, &["--all"]);
    server.requested();
    server.set_changed(&[1002, 1003]);
    server.set_faults(|id, _| (id == 1003).then_some(Fault::Status(500, None, "")));
    assert!(!fetch(&folder, &server, &["--update"]).status.success());
    server.set_changed(&[]);
    server.clear_faults();
    server.requested();
    fetched_after(&folder, &server, 1, &["--update"]);
    assert_eq!(server.requested(), [1003]);
}

#[test]
fn replies_expire_after_six_months() {
    let (folder, server) = (folder_of(7), TmdbServer::start());
    server.set_missing(&[1007]);
    fetched(&folder, &server, &["--all"]);
    // Updates every 10 days up to day 170 find no changed movies.
    for days in (10..180).step_by(10) {
        fetched_after(&folder, &server, days, &["--update"]);
    }
    server.requested();
    server.set_faults(|id, _| (id == 1002).then_some(Fault::Status(500, None, "")));
    let report = {
        let mut command = command(&folder, &server, &["--update", "--json"]);
        let output = command.env("CINEMATCH_CLOCK_AHEAD", "184").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!((&report["expired"], &report["dropped"]), (&6.into(), &1.into()), "{report}");
    // A "not found" reply never expires.
    assert!(!server.requested().contains(&1007));
    let csv = table(&folder);
    assert!(!csv.contains("Film 1002") && csv.contains("Film 1003"), "{csv}");
}

#[test]
fn watch_providers_are_refreshed_weekly() {
    let (folder, server) = (folder_of(4), TmdbServer::start());
    server.set_missing(&[1003]);
    fetched(&folder, &server, &["--all"]);
    server.requested();
    server.other_requests();
    assert_eq!(fetched_after(&folder, &server, 6, &["--providers"])["asked"], 0);
    let report = fetched_after(&folder, &server, 8, &["--providers"]);
    assert_eq!(report["found"], 3, "{report}");
    assert_eq!(sorted(server.requested()), [1001, 1002, 1004]);
    assert_eq!(server.other_requests().len(), 3);
    let csv = table(&folder);
    assert!(csv.lines().skip(1).all(|line| line.ends_with(",arte")), "{csv}");
    assert!(csv.contains("Film 1001, version 0"), "other columns are unchanged");
    assert!(folder.read("raw/tmdb/watch_providers.csv").contains("1001,DE,,,arte,,"));
    assert_eq!(fetched_after(&folder, &server, 9, &["--providers"])["asked"], 0);
    // A reply without regions is rejected.
    server.set_faults(|_, _| Some(Fault::Status(200, None, r#"{"id":1001}"#)));
    let output = {
        let mut command = command(&folder, &server, &["--providers"]);
        command.env("CINEMATCH_CLOCK_AHEAD", "20").output().unwrap()
    };
    assert_eq!(output.status.code(), Some(1));
    assert!(table(&folder).lines().skip(1).all(|line| line.ends_with(",arte")));
    server.clear_faults();
    // A newer reply with all details replaces the watch providers.
    fetched_after(&folder, &server, 30, &["--update"]);
    assert!(!table(&folder).contains(",arte"));
}
