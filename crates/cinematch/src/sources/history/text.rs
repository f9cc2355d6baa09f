//! Reads CSV and JSON files in the encodings and dialects of spreadsheet programs. Checks the header size and the row count before calling an importer.

use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::budget::Budget;
use super::entry::History;
use super::error::HistoryError;
use super::importer::{CsvFile, JsonFile};
use super::limits::{MAX_COLUMNS, MAX_HEADER_BYTES};
use super::{dialect, encoding, registry};
use crate::sources::excerpt;

/// Reads a CSV or JSON file. The caller must already have deducted its size from `budget`.
pub(crate) fn read(budget: &mut Budget, name: &str, bytes: &[u8]) -> Result<History, HistoryError> {
    let bytes = encoding::from_utf16(bytes);
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        return Err(HistoryError::EmptyFile { file: name.to_owned() });
    }
    if matches!(start[0], b'[' | b'{') {
        let file = open_json(budget, name, start)?;
        return registry::decode_json(&file).ok_or_else(|| unsupported(name, &[]));
    }
    // Every row takes up at least one line.
    budget.take_rows(name, n_lines(start).saturating_sub(1))?;
    let table = dialect::normalized(encoding::from_windows_1252(&bytes));
    let columns = columns(table.bytes.trim_ascii_start()).ok_or_else(|| unsupported(name, &[]))?;
    let list_name = table.list_name.as_deref();
    let file = CsvFile { name, columns, bytes: &table.bytes, list_name };
    let history =
        registry::decode_csv(&file).unwrap_or_else(|| Err(unsupported(name, &file.columns)));
    history.map_err(|error| match error {
        HistoryError::Table(error) => error.with_advice("Export it again").into(),
        other => other,
    })
}

/// Returns the error for a file that no importer recognizes. `columns` are those of a table.
fn unsupported(file: &str, columns: &[String]) -> HistoryError {
    let found = match columns {
        [] => "it is neither a table nor a list".to_owned(),
        [line] => format!("it starts with `{}`", excerpt(line)),
        columns => format!("it is a table with the columns {}", excerpt(&columns.join(", "))),
    };
    HistoryError::UnsupportedExport {
        file: file.to_owned(),
        found,
        supported: registry::supported_exports(),
    }
}

/// Reads a CSV file's column names. Returns `None` if the header is too long or has too many columns.
fn columns(bytes: &[u8]) -> Option<Vec<String>> {
    let length = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    if length > MAX_HEADER_BYTES {
        return None;
    }
    let header = String::from_utf8_lossy(&bytes[..length]);
    let name = |field: &str| field.trim().trim_matches('"').trim().to_owned();
    let names: Vec<String> = header.split(',').map(name).collect();
    (names.len() <= MAX_COLUMNS).then_some(names)
}

/// Counts nonempty lines with any kind of line ending. This is an upper bound on the row count.
fn n_lines(bytes: &[u8]) -> usize {
    let mut start = 0;
    let mut lines = 0;
    for end in memchr::memchr2_iter(b'\n', b'\r', bytes).chain([bytes.len()]) {
        lines += usize::from(end > start);
        start = end + 1;
    }
    lines
}

/// Splits a JSON list into its elements and deducts them from `budget`. `bytes` must not start with a
/// byte order mark.
fn open_json<'a>(
    budget: &mut Budget,
    name: &'a str,
    bytes: &'a [u8],
) -> Result<JsonFile<'a>, HistoryError> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(HistoryError::Encoding { file: name.to_owned() });
    };
    let json_error = |error: serde_json::Error| HistoryError::Json {
        file: name.to_owned(),
        reason: match error.classify() {
            Category::Data => "expected a list".to_owned(),
            Category::Eof => "the file is incomplete. Export it again".to_owned(),
            Category::Io | Category::Syntax => {
                format!(
                    "line {}, column {} is invalid. Export it again",
                    error.line(),
                    error.column()
                )
            }
        },
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let list = Elements { max: budget.rows() };
    let (elements, has_more) = reader.deserialize_seq(list).map_err(json_error)?;
    reader.end().map_err(json_error)?;
    budget.take_rows(name, elements.len() + usize::from(has_more))?;
    Ok(JsonFile { name, elements })
}

/// Visitor that returns the first `max` list elements as unparsed JSON, and whether there are more.
struct Elements {
    max: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = (Vec<&'de RawValue>, bool);

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == self.max {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok((elements, true));
            }
            elements.push(element);
        }
        Ok((elements, false))
    }
}
