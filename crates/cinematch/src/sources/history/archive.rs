//! The ZIP files of Letterboxd and Trakt, read in memory and with limits: nothing is ever written.

use std::fmt::Display;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{Budget, History, HistoryError, LONGEST_NAME, base_name, read_text, trakt};

/// Letterboxd has a file for every list of one's own.
const MOST_ENTRIES: usize = 10_000;

/// Reads all files of an export that say something of films.
pub fn read(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let broken = |reason: &dyn Display| HistoryError::Archive {
        file: file.to_owned(),
        reason: reason.to_string(),
    };
    // Every entry of the directory starts with these bytes: counted before a directory is made of them.
    if memchr::memmem::find_iter(bytes, b"PK\x01\x02").nth(MOST_ENTRIES).is_some() {
        return Err(broken(&format_args!("it has more than {MOST_ENTRIES} entries")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.has_duplicate_names() {
        return Err(broken(&"two of its entries have the same name"));
    }
    // Many entries of the same bytes would unpack to more than such an archive can hold.
    if archive.has_overlapping_entries().map_err(|error| broken(&error))? {
        return Err(broken(&"its entries overlap"));
    }
    let mut whole: Option<History> = None;
    for (at, name) in wanted(&archive, file)? {
        let entry = archive.by_index(at).map_err(|error| broken(&error))?;
        let mut content = Vec::new();
        // What an entry says of its size is only what it says.
        let read = entry.take(budget.bytes as u64 + 1).read_to_end(&mut content);
        read.map_err(|error| broken(&format_args!("{name}: {error}")))?;
        budget.take_bytes(content.len(), || HistoryError::TooLarge {
            file: file.to_owned(),
            unpacked: true,
        })?;
        // A file named as an export's, and empty, is an export without such films.
        if content.trim_ascii().is_empty() {
            continue;
        }
        // Never as an archive: one that holds itself would have no end.
        let part = read_text(budget, &name, &content)?;
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

/// Places and names of the entries to be read, by name: the same whatever their order in the archive.
fn wanted(
    archive: &ZipArchive<Cursor<&[u8]>>,
    file: &str,
) -> Result<Vec<(usize, String)>, HistoryError> {
    let broken = |reason: String| HistoryError::Archive { file: file.to_owned(), reason };
    let mut names = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_data(at).map_err(|error| broken(error.to_string()))?;
        // A name that is no text is none of those looked for.
        let Ok(name) = entry.name() else { continue };
        if escapes(&name) {
            let reason = format!("`{}` lies outside of it", crate::sources::excerpt(&name));
            return Err(broken(reason));
        }
        let is_list = is_letterboxd(&name) || trakt::List::of(&name).is_some();
        if entry.is_dir() || name.len() > LONGEST_NAME || !is_list {
            continue;
        }
        if entry.is_symlink() {
            return Err(broken(format!("`{name}` is a link")));
        }
        if entry.encrypted() {
            return Err(HistoryError::Encrypted { file: file.to_owned() });
        }
        names.push((at, name.into_owned()));
    }
    names.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(names)
}

/// Whether a path leads out of the folder it would be unpacked in, on any system.
fn escapes(name: &str) -> bool {
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    is_drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
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
