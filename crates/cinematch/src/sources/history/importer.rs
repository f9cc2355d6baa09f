//! Importers: recognition and decoding of the exports of one service.

use serde_json::value::RawValue;

use super::entry::{History, Service};
use super::error::HistoryError;

/// An importer of one service's exports, registered in `registry.rs`. It does not enforce limits:
/// the caller bounds files, rows and archives beforehand.
pub(crate) struct Importer {
    /// Service whose exports are imported.
    pub service: Service,
    /// Returns true for the paths of the files to read from the service's ZIP archives. `None` if the
    /// service does not export archives.
    pub is_in_archive: Option<fn(path: &str) -> bool>,
    /// Functions that recognize and decode a file.
    pub decoder: Decoder,
    /// Name and contents of a small export for the conformance tests, with at least one movie and no invalid
    /// rows. If the service exports archives, the name is a path in them.
    #[cfg(test)]
    pub sample: (&'static str, &'static str),
}

/// Recognition and decoding of files of one format. Recognition depends on the contents and not on
/// the file name, because users rename files. At most one importer recognizes a file.
pub(crate) enum Decoder {
    /// For CSV files.
    Csv {
        /// Returns true if the columns are those of an export of the service.
        recognizes: fn(&CsvFile<'_>) -> bool,
        /// Decodes the rows.
        decode: fn(&CsvFile<'_>) -> Result<History, HistoryError>,
    },
    /// For JSON files with a list.
    Json {
        /// Returns true if the elements are those of an export of the service.
        recognizes: fn(&JsonFile<'_>) -> bool,
        /// Decodes the elements.
        decode: fn(&JsonFile<'_>) -> History,
    },
}

/// A CSV file with its parsed header.
#[derive(Debug)]
pub(crate) struct CsvFile<'a> {
    /// Name of the file.
    pub name: &'a str,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Contents of the file, including the header.
    pub bytes: &'a [u8],
}

impl CsvFile<'_> {
    /// Returns true if the file has a column of this name.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }
}

/// A JSON file with a list.
#[derive(Debug)]
pub(crate) struct JsonFile<'a> {
    /// Name of the file.
    pub name: &'a str,
    /// Elements of the list, unparsed.
    pub elements: Vec<&'a RawValue>,
}
