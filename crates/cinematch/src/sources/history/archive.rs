//! ZIP archive reader. Unpacks in memory, within the import limits, and never writes to disk.

use std::fmt::Display;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::budget::Budget;
use super::entry::History;
use super::error::HistoryError;
use super::limits::{MAX_ARCHIVE_ENTRIES, MAX_NAME_BYTES};
use super::{registry, text};

/// Reads the movie lists in the archive and merges them into one history.
pub(crate) fn read(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let invalid = |reason: &dyn Display| HistoryError::Archive {
        file: file.to_owned(),
        reason: reason.to_string(),
    };
    // Count the central directory entries by their signature before `ZipArchive` allocates memory for
    // them.
    if memchr::memmem::find_iter(bytes, b"PK\x01\x02").nth(MAX_ARCHIVE_ENTRIES).is_some() {
        return Err(invalid(&format_args!("it has more than {MAX_ARCHIVE_ENTRIES} entries")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| match error {
        ZipError::InvalidArchive(_) => invalid(&"it is not a complete ZIP file"),
        other => invalid(&other),
    })?;
    if archive.has_duplicate_names() {
        return Err(invalid(&"two of its entries have the same name"));
    }
    // Overlapping entries share compressed bytes, as in a zip bomb.
    if archive.has_overlapping_entries().map_err(|error| invalid(&error))? {
        return Err(invalid(&"its entries overlap"));
    }
    let mut history: Option<History> = None;
    for (index, name) in importable_entries(&archive, file)? {
        let entry = archive.by_index(index).map_err(|error| invalid(&error))?;
        let mut content = Vec::new();
        // Don't trust the entry's declared size.
        let read = entry.take(budget.bytes() as u64 + 1).read_to_end(&mut content);
        read.map_err(|error| invalid(&format_args!("{name}: {error}")))?;
        budget.take_bytes(file, content.len(), true)?;
        // An empty file is an empty list.
        if content.trim_ascii().is_empty() {
            continue;
        }
        // Don't unpack nested archives: an archive that contains itself would recurse forever.
        let part = text::read(budget, &name, &content)?;
        match &mut history {
            None => history = Some(part),
            Some(history) => history.append(part),
        }
    }
    history.ok_or_else(|| HistoryError::EmptyArchive {
        file: file.to_owned(),
        services: registry::archive_services(),
    })
}

/// Returns the indices and names of the entries to read, sorted by name so that the result doesn't depend
/// on the order of the entries in the archive.
fn importable_entries(
    archive: &ZipArchive<Cursor<&[u8]>>,
    file: &str,
) -> Result<Vec<(usize, String)>, HistoryError> {
    let invalid = |reason: String| HistoryError::Archive { file: file.to_owned(), reason };
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|error| invalid(error.to_string()))?;
        // List names are ASCII, so an entry whose name can't be decoded isn't one.
        let Ok(name) = entry.name() else { continue };
        if escapes(&name) {
            let reason = format!("`{}` is outside the archive", crate::sources::excerpt(&name));
            return Err(invalid(reason));
        }
        if entry.is_dir() || name.len() > MAX_NAME_BYTES || !registry::is_in_archive(&name) {
            continue;
        }
        if entry.is_symlink() {
            return Err(invalid(format!("`{name}` is a link")));
        }
        if entry.encrypted() {
            return Err(HistoryError::Encrypted { file: file.to_owned() });
        }
        names.push((index, name.into_owned()));
    }
    names.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(names)
}

/// Returns true if `name` is absolute, has a drive letter or contains `..`, and so could escape the
/// target folder on some operating systems.
fn escapes(name: &str) -> bool {
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    is_drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}
