//! Errors for files that are not a supported export.

use super::limits::{MAX_BYTES, MAX_ROWS};
use crate::sources::SourceError;

/// Error returned for a file that is not a supported export.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The format is unknown.
    #[error("{file} is not a supported export. CineMatch reads exports of {supported}")]
    UnsupportedExport {
        /// Name of the file.
        file: String,
        /// Supported services with their formats.
        supported: String,
    },
    /// The file is empty.
    #[error("{file} is empty")]
    EmptyFile {
        /// Name of the file.
        file: String,
    },
    /// Neither the content nor the file name identifies the list. Letterboxd's watched.csv,
    /// watchlist.csv and films.csv have the same header.
    #[error("cannot tell which list {file} contains: {advice}")]
    UnknownTable {
        /// Name of the file.
        file: String,
        /// File names that identify the list.
        advice: &'static str,
    },
    /// The file is not UTF-8.
    #[error(
        "{file} is not UTF-8 text{}: save it as UTF-8 or export it again",
        found.map(|encoding| format!(" but {encoding}")).unwrap_or_default()
    )]
    Encoding {
        /// Name of the file.
        file: String,
        /// Detected encoding, if known.
        found: Option<&'static str>,
    },
    /// The import exceeds [`MAX_BYTES`].
    #[error("{file} is too large{}: the maximum is {} MiB",
        if *.unpacked { " when unpacked" } else { "" }, MAX_BYTES >> 20)]
    TooLarge {
        /// Name of the file.
        file: String,
        /// True if only the unpacked size exceeds the limit.
        unpacked: bool,
    },
    /// The import exceeds [`MAX_ROWS`].
    #[error("{file} has too many rows: the maximum is {MAX_ROWS}")]
    TooManyRows {
        /// Name of the file.
        file: String,
    },
    /// The ZIP archive is corrupt or unsafe.
    #[error("{file} cannot be read as a ZIP archive: {reason}. Export it again")]
    Archive {
        /// Name of the file.
        file: String,
        /// Description of the error.
        reason: String,
    },
    /// The ZIP archive is encrypted.
    #[error("{file} is encrypted: unpack it and import the files in it")]
    Encrypted {
        /// Name of the file.
        file: String,
    },
    /// The ZIP archive contains none of the known lists.
    #[error("{file} has none of the files that CineMatch reads from archives of {services}")]
    EmptyArchive {
        /// Name of the file.
        file: String,
        /// Services whose archives are supported.
        services: String,
    },
    /// The file is not valid JSON.
    #[error("{file} cannot be read as JSON: {reason}")]
    Json {
        /// Name of the file.
        file: String,
        /// Description and position of the error.
        reason: String,
    },
    /// The file is not a valid CSV table.
    #[error(transparent)]
    Table(#[from] SourceError),
}
