//! Errors for files that are not a supported export.

use super::limits::{MAX_BYTES, MAX_ROWS};
use crate::digits::thousands;
use crate::sources::SourceError;

/// Error returned when a file is not a supported export.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// No importer recognizes the format.
    #[error("{file} is not a supported export: {found}. CineMatch reads exports of {supported}")]
    UnsupportedExport {
        /// Name of the rejected file.
        file: String,
        /// Description of the file's contents.
        found: String,
        /// Supported services and their formats.
        supported: String,
    },
    /// The file is empty.
    #[error("{file} is empty")]
    EmptyFile {
        /// Name of the rejected file.
        file: String,
    },
    /// The file could be one of several lists. Letterboxd's watched.csv, watchlist.csv and films.csv
    /// share a header, so they can be told apart only by file name.
    #[error("cannot tell which list {file} contains: {advice}")]
    UnknownTable {
        /// Name of the rejected file.
        file: String,
        /// How to rename the file so that the list can be identified.
        advice: &'static str,
    },
    /// The JSON file is not encoded in UTF-8 or UTF-16.
    #[error("{file} is not UTF-8 text: save it as UTF-8 or export it again")]
    Encoding {
        /// Name of the rejected file.
        file: String,
    },
    /// The import exceeds [`MAX_BYTES`].
    #[error("{file} is too large{}: the maximum is {} MiB",
        if *.unpacked { " when unpacked" } else { "" }, MAX_BYTES >> 20)]
    TooLarge {
        /// Name of the rejected file.
        file: String,
        /// True if the size limit was exceeded while unpacking an archive.
        unpacked: bool,
    },
    /// The import exceeds [`MAX_ROWS`].
    #[error("{file} has too many rows: the maximum is {}", thousands(MAX_ROWS as u64))]
    TooManyRows {
        /// Name of the rejected file.
        file: String,
    },
    /// The ZIP archive is corrupt or unsafe.
    #[error("{file} cannot be read as a ZIP archive: {reason}. Export it again")]
    Archive {
        /// Name of the rejected file.
        file: String,
        /// The reason why the archive was rejected.
        reason: String,
    },
    /// The ZIP archive is encrypted.
    #[error("{file} is encrypted: unpack it and import the files in it")]
    Encrypted {
        /// Name of the rejected file.
        file: String,
    },
    /// The ZIP archive contains no list that any importer reads.
    #[error("{file} has none of the files that CineMatch reads from archives of {services}")]
    EmptyArchive {
        /// Name of the rejected file.
        file: String,
        /// Services that have supported archives.
        services: String,
    },
    /// The file is not valid JSON.
    #[error("{file} cannot be read as JSON: {reason}")]
    Json {
        /// Name of the rejected file.
        file: String,
        /// Description of the error, with advice.
        reason: String,
    },
    /// The file is not a valid CSV table.
    #[error(transparent)]
    Table(#[from] SourceError),
}
