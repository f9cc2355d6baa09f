//! Reads exports that users have edited: column names in another case or language, and rows with too few or too
//! many fields.

use std::borrow::Cow;

use super::super::problem::{Problem, SourceError};
use super::{Column, Row, Table, header, positions, strip_bom, strip_end_mark};

/// Like [`read`](super::read), for exports. `names` replaces the column names in the header and is compared without
/// case. If `keeps_ragged` is true, rows with too few or too many fields are decoded too, with
/// [`Row::is_ragged`] set and uncertain values empty. O(bytes).
pub(crate) fn read_export<'a>(
    (file, bytes): (&str, &'a [u8]),
    names: &[String],
    columns: &[Column],
    keeps_ragged: bool,
    problems: &mut Vec<Problem>,
    mut decode: impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>),
) -> Result<u64, SourceError> {
    let bytes = strip_end_mark(strip_bom(bytes));
    let (found, data_start) = header(file, bytes, columns)?;
    let names = if names.len() == found.len() { names } else { &found };
    let is_equal = |name: &str, column: &str| name.eq_ignore_ascii_case(column);
    let positions = positions(file, names, columns, is_equal)?;
    let table = Table::with_positions(file, columns, positions, names.len(), data_start);
    let table = Table { keeps_ragged, ..table };
    let read = table.read(bytes, &table.whole_file(bytes), problems, &mut decode);
    table.reject_incomplete(read.cut_line, bytes.last())?;
    Ok(read.rows)
}

/// Makes `values`, the fields of a record, as many as the header's columns.
///
/// Missing values are empty. Too many values come from separators in an unquoted text. Values before the first
/// text column are therefore in their place, values after the last one are counted from the end, and values
/// between them are uncertain and become empty.
pub(super) fn align(values: &mut Vec<Cow<'_, str>>, table: &Table<'_>) {
    let width = table.multiline.len();
    let Some(excess) = values.len().checked_sub(width + 1).map(|excess| excess + 1) else {
        values.resize(width, Cow::Borrowed(""));
        return;
    };
    if values[width..].iter().all(|value| value.trim().is_empty()) {
        values.truncate(width);
        return;
    }
    let columns = table.columns.iter().zip(&table.positions);
    let texts = columns.filter(|(column, _)| column.multiline).filter_map(|(_, at)| *at);
    let (first, last) = texts.fold((width, 0), |(first, last), at| (first.min(at), last.max(at)));
    for at in first.saturating_add(1)..width {
        values[at] = if at > last { values[at + excess].clone() } else { Cow::Borrowed("") };
    }
    values.truncate(width);
}
