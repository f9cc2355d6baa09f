//! Decodes the exports that users download from other services.
//!
//! Each service has an importer, listed in `registry.rs`. The format is detected from the contents. The
//! file name is used only to tell apart files from one service that share a header. Rows about series,
//! episodes and other items that aren't movies are returned as [`OtherTitle`]s if they have an ID and as
//! [`Skipped`] otherwise, user-defined lists as [`CustomList`]s, and unreadable rows as
//! [`Problem`](super::Problem)s with file and line.
//!
//! Tables are read as spreadsheet programs save them: separated by commas, semicolons or tabs, and encoded in
//! UTF-8, UTF-16 or Windows-1252. Column names are compared without case.
//!
//! [`read`] enforces the limits and selects the importer. Importers only decode rows.

mod archive;
mod budget;
mod dialect;
mod encoding;
mod entry;
mod error;
mod imdb;
mod imdb_layout;
mod importer;
mod letterboxd;
mod letterboxd_import;
mod limits;
mod movary;
mod movielens_org;
mod registry;
mod rows;
mod simkl;
mod text;
mod tmdb;
mod trakt;
mod tv_time;
mod values;
mod yamtrack;

use budget::Budget;
pub use entry::{CustomList, Entry, EntryKind, History, ListMeaning, OtherTitle, Service, Skipped};
pub use error::HistoryError;
use limits::MAX_NAME_BYTES;
pub use limits::{MAX_BYTES, MAX_ROWS};
pub use registry::{archive_services, service_names, services, supported_exports};

/// Reads an export. `file` is its name, with or without a path. Takes O(bytes) time. Memory is bounded by
/// [`MAX_BYTES`] and [`MAX_ROWS`].
///
/// # Errors
/// Returns an error if the file is not a supported export, exceeds a limit, or is an unsafe archive.
pub fn read(file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    read_within(&mut Budget::new(), file, bytes)
}

/// Reads all `files` of an import, given as names and contents. The limits apply to the import as a
/// whole.
///
/// # Errors
/// Returns the error for the first file that [`read`] would reject or that exceeds the shared limits.
pub fn read_all<N: AsRef<str>, B: AsRef<[u8]>>(
    files: &[(N, B)],
) -> Result<Vec<History>, HistoryError> {
    let mut budget = Budget::new();
    let read = |(file, bytes): &(N, B)| read_within(&mut budget, file.as_ref(), bytes.as_ref());
    files.iter().map(read).collect()
}

/// Returns true if `path` names a file that is read from an archive or a folder with the contents of one. Paths are
/// relative to the archive.
pub fn is_in_archive(path: &str) -> bool {
    path.len() <= MAX_NAME_BYTES && registry::is_in_archive(path)
}

fn read_within(budget: &mut Budget, file: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let file = truncated(file);
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        if bytes.len() > MAX_BYTES {
            return Err(HistoryError::TooLarge { file: file.to_owned(), unpacked: false });
        }
        return archive::read(budget, file, bytes);
    }
    budget.take_bytes(file, bytes.len(), false)?;
    text::read(budget, file, bytes)
}

/// Truncates `file` to its last [`MAX_NAME_BYTES`] bytes.
fn truncated(file: &str) -> &str {
    &file[file.ceil_char_boundary(file.len().saturating_sub(MAX_NAME_BYTES))..]
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod spreadsheets;
#[cfg(test)]
mod tests;
