//! `cinematch fetch movielens`: downloading, verifying, resuming and replacing releases.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Output;

use cinematch_fetch::movielens::md5_of_file;
use cinematch_testing::Dice;
use zip::write::SimpleFileOptions;

use super::grouplens::{Archive, GroupLens};
use crate::support::folder::Folder;

/// Returns a ZIP archive of a release with `n_movies` movies.
fn release(folder: &str, n_movies: u32) -> Vec<u8> {
    use std::fmt::Write;
    let mut movies = "movieId,title,genres\n".to_owned();
    let mut ratings = "userId,movieId,rating,timestamp\n".to_owned();
    let mut links = "movieId,imdbId,tmdbId\n".to_owned();
    for movie in 1..=n_movies {
        writeln!(movies, "{movie},Film {movie} (1999),Drama").unwrap();
        writeln!(ratings, "{movie},{movie},4.0,{}", 100_000 + movie * 7919 % 65_537).unwrap();
        writeln!(links, "{movie},{movie:07},{movie}").unwrap();
    }
    let checksums = format!("{}  movies.csv\n{}  ratings.csv\n", md5(&movies), md5(&ratings));
    zipped(
        &[
            ("movies.csv", movies),
            ("links.csv", links),
            ("ratings.csv", ratings),
            ("tags.csv", "userId,movieId,tag,timestamp\n".to_owned()),
            ("README.txt", "terms".to_owned()),
            ("checksums.txt", checksums),
        ]
        .map(|(name, text)| (format!("{folder}/{name}"), text)),
    )
}

fn zipped(entries: &[(String, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn md5(text: impl AsRef<[u8]>) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    md5_of_file(file.path()).unwrap()
}

fn archive(bytes: Vec<u8>, tag: &str) -> Archive {
    Archive { md5: Some(md5(&bytes)), bytes, tag: format!("\"{tag}\"") }
}

fn fetch(folder: &Folder, server: &GroupLens, arguments: &[&str]) -> Output {
    let mut command = folder.command(&[&["fetch", "movielens"], arguments].concat());
    command.env("CINEMATCH_GROUPLENS_URL", server.url()).output().unwrap()
}

fn all_output(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

/// Asserts that `raw/` contains only `names`, apart from lock files.
fn assert_raw_contains(folder: &Folder, names: &[&str]) {
    let mut found: Vec<String> = std::fs::read_dir(folder.path("raw"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new(name).extension() != Some("lock".as_ref()))
        .collect();
    found.sort();
    assert_eq!(found, names);
}

#[test]
fn downloads_verifies_and_unpacks_a_release() {
    let (folder, server) = (Folder::empty(), GroupLens::start());
    server.add("ml-latest-small.zip", archive(release("ml-latest-small", 300), "a"));
    let output = fetch(&folder, &server, &["latest-small"]);
    let text = all_output(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("300 rows  movies.csv"), "{text}");
    assert!(text.contains("2 files match the release's checksums.txt"), "{text}");
    assert!(text.contains("raw/ml-latest-small: MovieLens latest-small"), "{text}");
    assert!(
        text.contains("does not allow commercial use") && text.contains("README.txt"),
        "{text}"
    );
    assert_raw_contains(&folder, &["ml-latest-small"]);
    folder.ok(&["preprocess"]);
    // Fetching an unchanged release downloads nothing.
    server.ranges();
    let text = all_output(&fetch(&folder, &server, &["ml-latest-small"]));
    assert!(text.contains("is up to date; nothing was downloaded"), "{text}");
    assert!(server.ranges().is_empty());
    // A newer release replaces the old one, and the changes are reported.
    server.add("ml-latest-small.zip", archive(release("ml-latest-small", 310), "b"));
    let text = all_output(&fetch(&folder, &server, &["latest-small"]));
    assert!(text.contains("310 rows  movies.csv, 300 before"), "{text}");
    assert!(text.contains("10 movies added, 0 removed"), "{text}");
    assert_raw_contains(&folder, &["ml-latest-small"]);
}

#[test]
fn resumes_a_broken_download() {
    let (folder, server) = (Folder::empty(), GroupLens::start());
    let complete = archive(release("ml-32m", 4000), "a");
    let piece = complete.bytes.len() / 5 + 1;
    server.add("ml-32m.zip", complete.clone());
    server.cut_after(Some(piece));
    let output = fetch(&folder, &server, &[]);
    assert!(output.status.success(), "{}", all_output(&output));
    let expected: Vec<Option<String>> =
        (0..5).map(|at| (at > 0).then(|| format!("bytes={}-", at * piece))).collect();
    assert_eq!(server.ranges(), expected);
    assert_eq!(folder.read("raw/ml-32m/movies.csv").lines().count(), 4001);
}

#[test]
fn restarts_a_partial_download_of_another_version() {
    let (folder, server) = (Folder::empty(), GroupLens::start());
    let new = archive(release("ml-32m", 50), "new");
    folder.write("raw/.ml-32m.zip.part", &[7; 500]);
    folder.write("raw/.ml-32m.zip.part.version", b"\"old\"");
    server.add("ml-32m.zip", new);
    let output = fetch(&folder, &server, &["32m"]);
    assert!(output.status.success(), "{}", all_output(&output));
    assert_eq!(server.ranges(), [Some("bytes=500-".to_owned())]);
    assert_eq!(folder.read("raw/ml-32m/movies.csv").lines().count(), 51);
}

#[test]
fn damaged_archives_replace_nothing() {
    let (folder, server) = (Folder::empty(), GroupLens::start());
    folder.write("raw/ml-32m/movies.csv", b"mine");
    let mut wrong = archive(release("ml-32m", 50), "a");
    wrong.md5 = Some("0".repeat(32));
    server.add("ml-32m.zip", wrong);
    let output = fetch(&folder, &server, &[]);
    let text = all_output(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("ml-32m.zip is damaged: GroupLens publishes the MD5 0000"), "{text}");
    assert_eq!(folder.read("raw/ml-32m/movies.csv"), "mine");
    assert_raw_contains(&folder, &["ml-32m"]);

    // The archive is intact, but one file does not match the archive's checksums.txt.
    let entries = [
        ("movies.csv", "movieId,title,genres\n1,A (1999),Drama\n".to_owned()),
        ("links.csv", "movieId,imdbId,tmdbId\n".to_owned()),
        ("ratings.csv", "userId,movieId,rating,timestamp\n".to_owned()),
        ("checksums.txt", format!("{}  movies.csv\n", "1".repeat(32))),
    ];
    let entries = entries.map(|(name, text)| (format!("ml-32m/{name}"), text));
    server.add("ml-32m.zip", archive(zipped(&entries), "b"));
    let text = all_output(&fetch(&folder, &server, &[]));
    assert!(text.contains("movies.csv in the archive is damaged: checksums.txt lists"), "{text}");
    assert_eq!(folder.read("raw/ml-32m/movies.csv"), "mine");
    // A file with a wrong header is rejected.
    let mut other = entries.clone();
    other[2].1 = "foo,bar\n".to_owned();
    server.add("ml-32m.zip", archive(zipped(&other[..3]), "d"));
    let text = all_output(&fetch(&folder, &server, &[]));
    assert!(text.contains("ratings.csv has the wrong header"), "{text}");
    assert_eq!(folder.read("raw/ml-32m/movies.csv"), "mine");
    // An archive without a required file is rejected.
    server.add("ml-32m.zip", archive(zipped(&entries[..2]), "c"));
    let text = all_output(&fetch(&folder, &server, &[]));
    assert!(text.contains("the archive lacks ratings.csv"), "{text}");
}

#[test]
fn unpacks_a_local_archive_without_a_network() {
    let folder = Folder::empty();
    folder.write("here.zip", &release("ml-25m", 20));
    let text = folder.ok(&["fetch", "movielens", "--from", "here.zip"]);
    assert!(text.contains("raw/ml-25m: MovieLens 25m"), "{text}");
    assert!(folder.path("here.zip").exists(), "the user's archive is not deleted");
    folder.write("bad.zip", b"PK\x03\x04");
    let error = folder.fails(&["fetch", "movielens", "--from", "bad.zip"]);
    assert!(error.contains("bad.zip cannot be read as a ZIP archive"), "{error}");
    folder.write("evil.zip", &zipped(&[("ml-25m/../../evil".to_owned(), "x".to_owned())]));
    let error = folder.fails(&["fetch", "movielens", "--from", "evil.zip"]);
    assert!(error.contains("points outside of the folder"), "{error}");
    assert!(!folder.path("evil").exists());
    assert_eq!(folder.read("raw/ml-25m/movies.csv").lines().count(), 21);
}

#[test]
fn reports_missing_releases_redirects_and_missing_checksums() {
    let (folder, server) = (Folder::empty(), GroupLens::start());
    let text = all_output(&fetch(&folder, &server, &["25m"]));
    assert!(text.contains("GroupLens does not have ml-25m.zip (HTTP 404)"), "{text}");
    let output = fetch(&folder, &server, &["10m"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(all_output(&output).contains("expected one of 32m, 25m, 20m, latest, latest-small"));
    // A redirect to another server is not followed.
    let other_server = GroupLens::start();
    other_server.add("ml-20m.zip", archive(release("ml-20m", 5), "a"));
    server.set_redirect(Some(other_server.url()));
    let text = all_output(&fetch(&folder, &server, &["20m"]));
    assert!(text.contains("a redirect to another server, which is not followed"), "{text}");
    assert!(other_server.ranges().is_empty());
    server.set_redirect(None);
    // A release without a published checksum is accepted with a notice.
    let mut without_md5 = archive(release("ml-latest", 5), "a");
    without_md5.md5 = None;
    server.add("ml-latest.zip", without_md5);
    let text = all_output(&fetch(&folder, &server, &["latest"]));
    assert!(text.contains("GroupLens publishes no MD5 for ml-latest.zip"), "{text}");
}

#[test]
fn a_killed_fetch_leaves_either_the_old_or_the_new_release() {
    let (folder, server) = (Folder::empty(), GroupLens::start());
    let releases = [archive(release("ml-32m", 9000), "a"), archive(release("ml-32m", 9001), "b")];
    server.add("ml-32m.zip", releases[0].clone());
    assert!(fetch(&folder, &server, &[]).status.success());
    let mut dice = Dice::new(1);
    let (mut killed, mut turn) = (0, 0);
    while killed < 40 {
        turn += 1;
        assert!(turn < 400, "too many runs ended before they could be killed");
        server.add("ml-32m.zip", releases[turn % 2].clone());
        let mut command = folder.command(&["fetch", "movielens", "--quiet"]);
        let mut child = command.env("CINEMATCH_GROUPLENS_URL", server.url()).spawn().unwrap();
        // Sleeping is deliberate here: the kill must come at a random moment, not when a condition holds.
        std::thread::sleep(std::time::Duration::from_millis(dice.below(60)));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = |file: &str| folder.read(&format!("raw/ml-32m/{file}")).lines().count();
        let found = ["movies.csv", "links.csv", "ratings.csv"].map(lines);
        assert!(found == [9001; 3] || found == [9002; 3], "{found:?}");
    }
    server.add("ml-32m.zip", releases[1].clone());
    assert!(fetch(&folder, &server, &["--force"]).status.success());
    assert_eq!(folder.read("raw/ml-32m/movies.csv").lines().count(), 9002);
    assert_raw_contains(&folder, &["ml-32m"]);
}
