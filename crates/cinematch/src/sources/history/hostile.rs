//! Tests with malicious files. Each one is either rejected with a short message or read within the
//! limits.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

use super::tests::{RATINGS, WATCHED, stars, summary, zipped};
use super::*;

const HEADER: &str = "Date,Name,Year,Letterboxd URI,Rating\n";

fn refusal(file: &str, bytes: &[u8]) -> String {
    let error = read(file, bytes).unwrap_err().to_string();
    assert!(error.len() < 700, "{} characters", error.len());
    error
}

/// Replaces every occurrence of `what` with `with`, which must be the same length.
fn replaced(bytes: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    assert_eq!(what.len(), with.len());
    let mut bytes = bytes.to_vec();
    while let Some(at) = memchr::memmem::find(&bytes, what) {
        bytes[at..at + what.len()].copy_from_slice(with);
    }
    bytes
}

/// Sets `flags` in the local and central headers of every archive entry.
fn flagged(bytes: &[u8], flags: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (signature, offset) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, signature).collect();
        for at in places {
            bytes[at + offset] |= flags;
        }
    }
    bytes
}

fn bomb(name: &str, bytes: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(&vec![b'0'; bytes]).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn rejects_archives_that_unpack_to_more_than_the_limit() {
    let small = bomb("ratings.csv", MAX_BYTES + 1);
    assert!(small.len() < 100_000);
    let error = refusal("bomb.zip", &small);
    assert!(
        error.contains("bomb.zip is too large when unpacked: the maximum is 32 MiB"),
        "{error}"
    );
    // Entries that aren't movie lists are never unpacked.
    let unread = bomb("reviews.csv", MAX_BYTES + 1);
    assert!(matches!(read("b.zip", &unread), Err(HistoryError::EmptyArchive { .. })));
    // The limit applies to the combined size of all files.
    let half = "x".repeat(MAX_BYTES / 2);
    let halves = [format!("{HEADER}1,{half},1990,u,3\n"), format!("{HEADER}2,{half},1990,u,3\n")];
    assert!(matches!(
        read_all(&[("ratings.csv", &halves[0]), ("b/ratings.csv", &halves[1])]),
        Err(HistoryError::TooLarge { unpacked: false, .. })
    ));
    let archive =
        zipped(&[("diary.csv", halves[0].as_bytes()), ("ratings.csv", halves[1].as_bytes())]);
    assert!(matches!(read("b.zip", &archive), Err(HistoryError::TooLarge { unpacked: false, .. })));
    assert!(read("ratings.csv", halves[0].as_bytes()).is_ok());
    // Nested archives are not unpacked, so an archive that contains itself terminates.
    let inner = zipped(&[("ratings.csv", RATINGS.as_bytes())]);
    let error = refusal("nested.zip", &zipped(&[("ratings.csv", &inner)]));
    assert!(error.contains("ratings.csv is not a supported export"), "{error}");
}

#[test]
fn rejects_archives_with_unsafe_duplicate_overlapping_or_too_many_entries() {
    let plain = zipped(&[("ratings.csv", RATINGS.as_bytes()), ("watched.csv", WATCHED.as_bytes())]);
    assert_eq!(read("a.zip", &plain).unwrap().rows, 4);
    for name in ["../ratings.csv", "a/../../ratings.csv", "/ratings.csv", "..\\x.csv", "C:\\x.csv"]
    {
        let error = refusal("a.zip", &zipped(&[(name, RATINGS.as_bytes())]));
        assert!(error.contains("is outside the archive"), "{name}: {error}");
    }
    let error = refusal("a.zip", &replaced(&plain, b"watched.csv", b"ratings.csv"));
    assert!(error.contains("two of its entries have the same name"), "{error}");
    let error = refusal("a.zip", &flagged(&plain, 1));
    assert!(error.contains("a.zip is encrypted"), "{error}");

    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("ratings.csv", SimpleFileOptions::default()).unwrap();
    zip.write_all(RATINGS.as_bytes()).unwrap();
    for folder in 0..20 {
        zip.shallow_copy_file("ratings.csv", &format!("{folder}/ratings.csv")).unwrap();
    }
    let error = refusal("a.zip", &zip.finish().unwrap().into_inner());
    assert!(error.contains("its entries overlap"), "{error}");

    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("ratings.csv", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let error = refusal("a.zip", &zip.finish().unwrap().into_inner());
    assert!(error.contains("`ratings.csv` is a link"), "{error}");

    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in 0..=10_000 {
        zip.start_file(format!("lists/{file}.csv"), SimpleFileOptions::default()).unwrap();
    }
    let error = refusal("a.zip", &zip.finish().unwrap().into_inner());
    assert!(error.contains("more than 10000 entries"), "{error}");
}

/// Truncates an archive at every position, then changes each byte in turn.
#[test]
fn never_panics_on_a_corrupt_archive_and_rejects_a_truncated_one() {
    let plain = zipped(&[("ratings.csv", RATINGS.as_bytes()), ("watched.csv", WATCHED.as_bytes())]);
    let mut read_well = 0;
    for at in 0..plain.len() {
        read_well += usize::from(read("a.zip", &plain[..at]).is_ok());
        for change in [0x01, 0x80, 0xff] {
            let mut changed = plain.clone();
            changed[at] ^= change;
            let _ = read("a.zip", &changed);
        }
    }
    // A truncated ZIP archive lacks the directory at its end, so it is never valid.
    assert_eq!(read_well, 0);
}

#[test]
fn rejects_files_with_too_many_rows() {
    let many = "a,b\n".repeat(MAX_ROWS + 1);
    let error = refusal("ratings.csv", format!("{HEADER}{many}").as_bytes());
    assert!(error.contains("too many rows: the maximum is 200,000"), "{error}");
    // A bare carriage return also ends a row.
    let quoted = "\"\"\r".repeat(MAX_ROWS + 1);
    let error = refusal("ratings.csv", format!("{HEADER}{quoted}").as_bytes());
    assert!(error.contains("too many rows: the maximum is 200,000"), "{error}");
    // The limit applies to the combined row count of both files.
    let half = format!("{HEADER}{}", "1,A,1990,u,3\n".repeat(MAX_ROWS / 2 + 1));
    let both = read_all(&[("a.csv", &half), ("b.csv", &half)]);
    assert!(matches!(both, Err(HistoryError::TooManyRows { .. })));
    assert_eq!(read("a.csv", half.as_bytes()).unwrap().entries.len(), MAX_ROWS / 2 + 1);
    let list = format!("[{}0]", "0,".repeat(MAX_ROWS));
    let error = refusal("watched-movies.json", list.as_bytes());
    assert!(error.contains("too many rows: the maximum is 200,000"), "{error}");
    assert_eq!(read("watched-movies.json", &list.as_bytes()[2..]).ok(), None);
}

#[test]
fn bounds_time_and_memory_for_endless_lines_and_fields() {
    let long = vec![b'x'; MAX_BYTES + 1];
    let error = refusal("ratings.csv", &long);
    assert!(error.contains("ratings.csv is too large: the maximum is 32 MiB"), "{error}");
    // Headers that are too long or have too many columns are rejected.
    assert!(refusal("r.csv", &long[..MAX_BYTES]).contains("not a supported export"));
    let columns = format!("Name,Year,Letterboxd URI{}\n", ",x".repeat(100));
    assert!(refusal("ratings.csv", columns.as_bytes()).contains("not a supported export"));
    // An overlong title is truncated.
    let title = "x".repeat(MAX_BYTES - 100);
    let history = read("ratings.csv", format!("{HEADER}1,{title},1990,u,3\n").as_bytes()).unwrap();
    assert_eq!((history.entries[0].title.len(), history.entries[0].kind), (500, stars(3.0)));
    // Excess fields are counted but not stored.
    let commas = format!("{HEADER}{}\n1,Heat,1995,u,5\n", ",".repeat(MAX_BYTES - 100));
    let history = read("ratings.csv", commas.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("Heat", Some(1995), stars(5.0))]);
    assert!(history.problems[0].reason.starts_with("expected 5 fields, got 33,554,333 fields"));
    // An overlong file name is truncated in the entries.
    let name = format!("{}/ratings.csv", "é".repeat(50_000));
    let history = read(&name, RATINGS.as_bytes()).unwrap();
    assert!(
        history.entries[0].file.len() <= 200 && history.entries[0].file.ends_with("ratings.csv")
    );
    // Unclosed quotes don't cause quadratic time.
    let quotes = format!("{HEADER}{}", "1,\"A,1990,u,3\n".repeat(MAX_ROWS - 1));
    let started = std::time::Instant::now();
    let history = read("ratings.csv", quotes.as_bytes()).unwrap();
    assert!(history.rows > 0 && !history.problems.is_empty());
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn bounds_time_and_memory_for_deep_and_wide_json() {
    let (open, close) = ("[".repeat(2_000_000), "]".repeat(2_000_000));
    assert!(refusal("r.json", open.as_bytes()).contains("cannot be read as JSON"));
    let deep = format!("{open}{close}");
    let history = read("r.json", deep.as_bytes()).unwrap();
    assert!(history.problems[0].reason.starts_with("expected an object, got `[[["));
    assert!(history.problems[0].reason.len() < 200);
    // Unknown fields are skipped, however deep, wide or long their values are.
    for value in [
        deep.clone(),
        format!("\"{}\"", "x".repeat(MAX_BYTES - 1000)),
        "9".repeat(MAX_BYTES - 1000),
        format!("[{}0]", "0,".repeat(10_000_000)),
        format!("{{{}\"b\":0}}", "\"a\":0,".repeat(4_000_000)),
    ] {
        let of = |field: &str| {
            let movie = r#""movie":{"title":"Heat","year":1995,"ids":{"imdb":"tt0113277"}}"#;
            read("ratings-movies.json", format!("[{{{movie},\"{field}\":{value}}}]").as_bytes())
        };
        let history = of("notes").unwrap();
        assert_eq!(summary(&history), [("Heat", Some(1995), EntryKind::Watched)]);
        // The hostile value is not a valid rating.
        let history = of("rating").unwrap();
        assert_eq!(summary(&history), [("Heat", Some(1995), EntryKind::Watched)]);
        assert!(history.problems[0].reason.len() < 300, "{}", history.problems[0].reason.len());
    }
    let movies =
        format!(r#"[{{"movie":{deep}}},{{"movie":{{"ids":{deep}}}}},{{"movie":"{close}"}}]"#);
    let history = read("watched-movies.json", movies.as_bytes()).unwrap();
    assert_eq!((history.entries.len(), history.problems.len()), (0, 3));
    assert!(history.problems.iter().all(|problem| problem.reason.len() < 300));
}

#[test]
fn rejects_json_that_is_not_unicode() {
    let error = refusal("r.json", b"[{\"movie\":{\"title\":\"Am\xe9lie\"}}]");
    assert!(error.contains("r.json is not UTF-8 text"), "{error}");
}
