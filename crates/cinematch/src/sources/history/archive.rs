//! The ZIP files of Letterboxd and Trakt, read in memory and with a limit: nothing is ever written.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{History, HistoryError, LARGEST, base_name, trakt};

/// Letterboxd has a file for every list of one's own.
const MOST_FILES: usize = 20_000;

/// Reads all files of an export that say something of films.
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let broken = |error: &dyn std::fmt::Display| HistoryError::Archive {
        file: file.to_owned(),
        reason: error.to_string(),
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > MOST_FILES {
        return Err(HistoryError::TooLarge { file: file.to_owned(), unpacked: true });
    }
    let mut names: Vec<(usize, String)> = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|error| broken(&error))?;
        // A name that is no text is none of those looked for.
        let name = entry.name().map(std::borrow::Cow::into_owned).unwrap_or_default();
        if entry.is_file() && (is_letterboxd(&name) || trakt::is_list(&name)) {
            names.push((at, name));
        }
    }
    // The same whatever the order in the archive.
    names.sort_by(|a, b| a.1.cmp(&b.1));
    let mut left = LARGEST;
    let mut whole: Option<History> = None;
    for (at, name) in names {
        let entry = archive.by_index(at).map_err(|error| broken(&error))?;
        let mut content = Vec::new();
        // What an entry says of its size is only what it says.
        let read = entry.take(left as u64 + 1).read_to_end(&mut content);
        read.map_err(|error| broken(&format_args!("{name}: {error}")))?;
        left = left
            .checked_sub(content.len())
            .ok_or_else(|| HistoryError::TooLarge { file: file.to_owned(), unpacked: true })?;
        // A file named as an export's, and empty, is an export without such films.
        if content.trim_ascii().is_empty() {
            continue;
        }
        let part = super::read(&name, &content)?;
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => {
                whole.entries.extend(part.entries);
                whole.skipped.extend(part.skipped);
                whole.problems.extend(part.problems);
                whole.rows += part.rows;
            }
        }
    }
    whole.ok_or_else(|| HistoryError::Empty { file: file.to_owned() })
}

/// Letterboxd's tables, but not what was deleted or belongs to films that are gone.
fn is_letterboxd(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let mut folders = lower.split('/').rev().skip(1);
    if folders.clone().any(|folder| matches!(folder, "deleted" | "orphaned")) {
        return false;
    }
    match base_name(&lower) {
        "ratings.csv" | "diary.csv" | "watched.csv" | "watchlist.csv" => {
            folders.all(|folder| folder != "lists")
        }
        "films.csv" => folders.next() == Some("likes"),
        _ => false,
    }
}
