//! Rows with too few or too many fields, as in exports that users have edited.

use std::borrow::Cow;

use super::column::Column;

/// Makes `values`, the fields of a record, as many as the header's columns, `width`. `positions` are those of
/// `columns` in the header.
///
/// Missing values are empty. Too many values come from separators in an unquoted text. Values before the first
/// text column are therefore in their place, values after the last one are counted from the end, and values
/// between them are uncertain and become empty.
pub(super) fn align(
    values: &mut Vec<Cow<'_, str>>,
    width: usize,
    columns: &[Column],
    positions: &[Option<usize>],
) {
    let Some(excess) = values.len().checked_sub(width + 1).map(|excess| excess + 1) else {
        values.resize(width, Cow::Borrowed(""));
        return;
    };
    if values[width..].iter().all(|value| value.trim().is_empty()) {
        values.truncate(width);
        return;
    }
    let columns = columns.iter().zip(positions);
    let texts = columns.filter(|(column, _)| column.multiline).filter_map(|(_, at)| *at);
    let (first, last) = texts.fold((width, 0), |(first, last), at| (first.min(at), last.max(at)));
    for at in first.saturating_add(1)..width {
        values[at] = if at > last { values[at + excess].clone() } else { Cow::Borrowed("") };
    }
    values.truncate(width);
}
