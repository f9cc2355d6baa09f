//! The importer interface: recognizes and decodes one service's exports.

use serde_json::value::RawValue;

use super::entry::{History, Service};
use super::error::HistoryError;
use crate::sources::table::{self, Column, Row};
use crate::sources::{Problem, SourceError};

/// An importer for one service's exports, listed in `registry.rs`. Importers don't enforce limits: the
/// caller has already limited file size, row count and archive entries.
pub(crate) struct Importer {
    /// Service whose exports it reads.
    pub service: Service,
    /// Returns true if `path` is a file to read from the service's ZIP archives. `None` if the service
    /// doesn't export archives.
    pub is_in_archive: Option<fn(path: &str) -> bool>,
    /// Functions that recognize and decode a file.
    pub decoder: Decoder,
    /// Name and contents of a small export for the conformance tests, with at least one movie and no
    /// invalid rows. If the service exports archives, the name is a path within the archive.
    #[cfg(test)]
    pub sample: (&'static str, &'static str),
}

/// Recognizes and decodes files in one format. Recognition must depend on the contents rather than the
/// file name, because users rename files. At most one importer may recognize a file.
pub(crate) enum Decoder {
    /// Decodes CSV files.
    Csv {
        /// Returns true if the columns match one of the service's exports.
        recognizes: fn(&CsvFile<'_>) -> bool,
        /// Decodes all rows.
        decode: fn(&CsvFile<'_>) -> Result<History, HistoryError>,
    },
    /// Decodes JSON files that contain a list.
    Json {
        /// Returns true if the elements match one of the service's exports.
        recognizes: fn(&JsonFile<'_>) -> bool,
        /// Decodes all elements.
        decode: fn(&JsonFile<'_>) -> History,
    },
}

/// A CSV file whose header has been parsed.
#[derive(Debug)]
pub(crate) struct CsvFile<'a> {
    /// File name, used in messages.
    pub name: &'a str,
    /// Column names, in file order.
    pub columns: Vec<String>,
    /// File contents, including the header.
    pub bytes: &'a [u8],
    /// Name of the list, if the file is a user-defined list of Letterboxd.
    pub list_name: Option<&'a str>,
}

impl<'a> CsvFile<'a> {
    /// Returns true if the file has a column named `column`, in any case.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name.eq_ignore_ascii_case(column))
    }

    /// Decodes all rows. Returns their number.
    pub(crate) fn read(
        &self,
        columns: &[Column],
        problems: &mut Vec<Problem>,
        decode: impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>),
    ) -> Result<u64, SourceError> {
        table::read_export((self.name, self.bytes), &self.columns, columns, false, problems, decode)
    }

    /// Like [`read`](Self::read), but also decodes rows with too few or too many fields. The decoder must reject
    /// them if they have no ID.
    pub(crate) fn read_ragged(
        &self,
        columns: &[Column],
        problems: &mut Vec<Problem>,
        decode: impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>),
    ) -> Result<u64, SourceError> {
        table::read_export((self.name, self.bytes), &self.columns, columns, true, problems, decode)
    }
}

/// A JSON file that contains a list.
#[derive(Debug)]
pub(crate) struct JsonFile<'a> {
    /// File name, used in messages.
    pub name: &'a str,
    /// List elements as unparsed JSON.
    pub elements: Vec<&'a RawValue>,
}
