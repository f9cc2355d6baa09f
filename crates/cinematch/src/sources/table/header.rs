//! Finds the columns of a decoder in the header of a table.

use super::super::problem::{SourceError, excerpt};
use super::column::Column;
use super::record::{Field, read_record, skip_line_ends};

/// Returns the column names, and the offset where the data starts.
pub(super) fn header(
    file: &str,
    bytes: &[u8],
    columns: &[Column],
) -> Result<(Vec<String>, usize), SourceError> {
    let Some(start) = skip_line_ends(bytes, 0) else {
        return Err(SourceError::Empty { file: file.to_owned(), expected: expected(columns) });
    };
    let mut fields = Vec::new();
    let record = read_record(bytes, start, &[], &mut fields);
    let name = |field: &Field<'_>| String::from_utf8_lossy(field.raw).trim().to_owned();
    Ok((fields.iter().map(name).collect(), record.end))
}

/// Returns the index of each known column in the header, `names`.
pub(super) fn positions(
    file: &str,
    names: &[String],
    columns: &[Column],
    is_equal: impl Fn(&str, &str) -> bool,
) -> Result<Vec<Option<usize>>, SourceError> {
    let position = |column: &Column| names.iter().position(|name| is_equal(name, column.name));
    let positions: Vec<Option<usize>> = columns.iter().map(position).collect();
    let is_missing = |(column, at): &(&Column, &Option<usize>)| column.required && at.is_none();
    let missing = columns.iter().zip(&positions).filter(is_missing);
    let missing: Vec<&str> = missing.map(|(column, _)| column.name).collect();
    if !missing.is_empty() {
        return Err(SourceError::WrongHeader {
            file: file.to_owned(),
            missing: missing.join(", "),
            expected: expected(columns),
            found: excerpt(&names.join(",")),
        });
    }
    Ok(positions)
}

/// Returns the names of the required columns, as a header.
fn expected(columns: &[Column]) -> String {
    let required = columns.iter().filter(|column| column.required).map(|column| column.name);
    required.collect::<Vec<_>>().join(",")
}
