//! Fault-tolerant CSV reader for files with a header. A malformed row doesn't affect any other row.
//!
//! Accepts LF and CRLF line endings and a leading UTF-8 byte order mark. Columns may be in any order, and
//! unknown columns are ignored. An unclosed quote would swallow the rows after it, so the reader detects
//! such a record, reports its first line and continues on the next line.
//!
//! A file that ends in the middle of a row is rejected, because rows after that one are missing too. A
//! Ctrl-Z at the end of the file, which some DOS and Windows programs write, is ignored.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use crate::digits::thousands;

mod column;
mod header;
mod ragged;
mod record;

pub use column::Column;

use header::{header, positions};
use record::{Field, read_record, skip_line_ends};

use super::problem::{Decoded, Outcome, Problem, ProblemKind, SourceError, excerpt};

/// A well-formed row with the values of the known columns, in the decoder's order. Values without escaped
/// quotes borrow from the file.
#[derive(Debug)]
pub struct Row<'r, 'a> {
    file: &'r str,
    columns: &'r [Column],
    positions: &'r [Option<usize>],
    values: &'r [Cow<'a, str>],
    /// Line where the record starts, from 1.
    pub line: u64,
    /// True if the record has more or fewer fields than the header. Only values whose place is certain are kept.
    pub is_ragged: bool,
}

impl<'a> Row<'_, 'a> {
    /// Returns the trimmed value of the decoder's `column`th column, from 0, or an empty string if the
    /// file lacks it.
    pub(crate) fn get(&self, column: usize) -> &str {
        self.positions[column].map_or("", |position| self.values[position].trim())
    }

    /// Like [`get`](Self::get), but the value has the lifetime of the file.
    pub(crate) fn get_cow(&self, column: usize) -> Cow<'a, str> {
        match self.positions[column].map(|position| &self.values[position]) {
            None => Cow::Borrowed(""),
            Some(Cow::Borrowed(text)) => Cow::Borrowed(text.trim()),
            Some(Cow::Owned(text)) => Cow::Owned(text.trim().to_owned()),
        }
    }

    /// Returns true if the file has the decoder's `column`th column, from 0.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.positions[column].is_some()
    }

    /// Returns true if the decoder's `column`th column, from 0, is optional.
    pub(crate) fn is_optional(&self, column: usize) -> bool {
        !self.columns[column].required
    }

    /// Creates a problem for a value in this row. The caller adds it to the list of problems.
    pub(crate) fn problem(
        &self,
        column: usize,
        kind: ProblemKind,
        outcome: Outcome,
        reason: impl Into<String>,
    ) -> Problem {
        Problem {
            file: self.file.to_owned(),
            line: self.line,
            field: Some(self.columns[column].name.to_owned()),
            kind,
            outcome,
            reason: reason.into(),
        }
    }

    /// Parses a required value. On failure, returns `None` and reports a problem whose outcome is
    /// [`Outcome::RowDropped`].
    pub(crate) fn require<T: std::str::FromStr>(
        &self,
        column: usize,
        expected: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<T> {
        let text = self.get(column);
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let kind =
                if text.is_empty() { ProblemKind::MissingValue } else { ProblemKind::InvalidValue };
            let reason = format!("expected {expected}, got `{}`", excerpt(text));
            problems.push(self.problem(column, kind, Outcome::RowDropped, reason));
        }
        parsed
    }
}

/// Counts the line feeds in `bytes`, as a capacity hint for the rows. O(bytes), limited by memory
/// bandwidth.
pub(crate) fn row_capacity(bytes: &[u8]) -> usize {
    count(b'\n', bytes) as usize
}

/// Calls `decode` with each well-formed row in `bytes`. Returns the number of rows, including malformed
/// ones. Appends to `problems` in file order. O(bytes). Copies only values with escaped quotes.
pub(crate) fn read<'a>(
    file: &str,
    bytes: &'a [u8],
    columns: &[Column],
    problems: &mut Vec<Problem>,
    mut decode: impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>),
) -> Result<u64, SourceError> {
    let bytes = strip_end_mark(strip_bom(bytes));
    let table = Table::open(file, bytes, columns)?;
    let read = table.read(bytes, &table.whole_file(bytes), problems, &mut decode);
    table.reject_incomplete(read.cut_line, bytes.last())?;
    Ok(read.rows)
}

/// Like [`read`], for exports. `names` replaces the column names in the header and is compared without
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

/// Decodes all well-formed rows in `bytes` in parallel and returns the records in file order. Use
/// [`read`] if the decoder keeps state between rows. O(bytes) work.
pub(crate) fn decode<'a, T: Send>(
    file: &str,
    bytes: &'a [u8],
    columns: &[Column],
    decode: impl Fn(&Row<'_, 'a>, &mut Vec<Problem>) -> Option<T> + Sync,
) -> Result<Decoded<T>, SourceError> {
    /// Number of bytes per task.
    const CHUNK: usize = 1 << 20;
    let bytes = strip_end_mark(strip_bom(bytes));
    let table = Table::open(file, bytes, columns)?;
    let read = |chunk: &Chunk| {
        let (mut records, mut problems) = (Vec::new(), Vec::new());
        let read = table.read(bytes, chunk, &mut problems, &mut |row, problems| {
            records.extend(decode(row, problems));
        });
        (Decoded { records, problems, rows: read.rows }, read)
    };
    let chunks = table.chunks(bytes, CHUNK);
    let mut parts: Vec<(Decoded<T>, ChunkRead)> = chunks.par_iter().map(read).collect();
    // Chunks end at line ends outside quotes, on the assumption that all quotes are balanced. The
    // parallel result equals the sequential one only if the last row of every chunk ends where the chunk
    // does. If not, read the whole file sequentially.
    if !parts.iter().all(|(_, read)| read.ends_with_chunk) {
        parts = vec![read(&table.whole_file(bytes))];
    }
    let cut_line = parts.last().and_then(|(_, read)| read.cut_line);
    table.reject_incomplete(cut_line, bytes.last())?;
    let n_records = parts.iter().map(|(part, _)| part.records.len()).sum();
    let mut merged =
        Decoded { records: Vec::with_capacity(n_records), problems: Vec::new(), rows: 0 };
    for (part, _) in parts {
        merged.records.extend(part.records);
        merged.problems.extend(part.problems);
        merged.rows += part.rows;
    }
    Ok(merged)
}

/// Strips a UTF-8 byte order mark.
pub(super) fn strip_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// Strips a Ctrl-Z at the end of a file.
fn strip_end_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\x1a").unwrap_or(bytes)
}

/// A file whose header has been parsed.
#[derive(Debug)]
pub(super) struct Table<'t> {
    file: &'t str,
    columns: &'t [Column],
    /// For each known column, its index in the header.
    positions: Vec<Option<usize>>,
    /// For each column in the header, true if its values may contain line breaks.
    multiline: Vec<bool>,
    /// True if rows with too few or too many fields are decoded.
    keeps_ragged: bool,
    /// Offset of the first byte after the header.
    pub(super) data_start: usize,
}

/// A part of a file that one task reads.
#[derive(Clone, Debug)]
struct Chunk {
    /// Byte range in which the chunk's rows start.
    bytes: Range<usize>,
    /// Line number of the first byte in `bytes`.
    line: u64,
}

/// The result of reading a chunk.
struct ChunkRead {
    rows: u64,
    /// True if the last row ends inside the chunk.
    ends_with_chunk: bool,
    /// Line of the last row if it lacks fields or has an open quote, and no blank line follows.
    cut_line: Option<u64>,
}

impl<'t> Table<'t> {
    /// Parses the header of `file`. `bytes` must not start with a [byte order mark](strip_bom).
    pub(super) fn open(
        file: &'t str,
        bytes: &[u8],
        columns: &'t [Column],
    ) -> Result<Self, SourceError> {
        let (names, data_start) = header(file, bytes, columns)?;
        let positions = positions(file, &names, columns, |name, column| name == column)?;
        Ok(Self::with_positions(file, columns, positions, names.len(), data_start))
    }

    fn with_positions(
        file: &'t str,
        columns: &'t [Column],
        positions: Vec<Option<usize>>,
        width: usize,
        data_start: usize,
    ) -> Self {
        let multiline = (0..width)
            .map(|field| {
                let column = positions.iter().position(|position| *position == Some(field));
                column.is_none_or(|column| columns[column].multiline)
            })
            .collect();
        Self { file, columns, positions, multiline, keeps_ragged: false, data_start }
    }

    /// Returns true if the file has exactly the known columns, in the same order.
    pub(super) fn is_plain(&self) -> bool {
        let width = self.columns.len();
        self.multiline.len() == width && self.positions.iter().copied().eq((0..width).map(Some))
    }

    /// Returns an error if a file ends in the middle of a row. `cut_line` is the line of the last row if it
    /// lacks fields or has an open quote. `last_byte` is the last byte of the file. The error advises to
    /// download the file again; callers that read other files replace the
    /// [advice](SourceError::with_advice).
    pub(super) fn reject_incomplete(
        &self,
        cut_line: Option<u64>,
        last_byte: Option<&u8>,
    ) -> Result<(), SourceError> {
        match cut_line {
            Some(line) if !matches!(last_byte, Some(b'\n' | b'\r')) => {
                let (file, advice) = (self.file.to_owned(), "Download it again");
                Err(SourceError::Incomplete { file, line, advice })
            }
            _ => Ok(()),
        }
    }

    /// Reads the single line in `bytes`. Returns the number of rows, and true if the row lacks fields or
    /// has an open quote. A quoted value that doesn't end on the line is reported as a problem.
    pub(super) fn read_line<'a>(
        &self,
        bytes: &'a [u8],
        line: u64,
        problems: &mut Vec<Problem>,
        mut decode: impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>),
    ) -> (u64, bool) {
        let bytes = strip_end_mark(bytes);
        let chunk = Chunk { bytes: 0..bytes.len(), line };
        let read = self.read(bytes, &chunk, problems, &mut decode);
        (read.rows, read.cut_line.is_some())
    }

    /// Creates the problem for a line that is too long to be a row.
    pub(super) fn too_long(&self, line: u64, bytes: &[u8]) -> Problem {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        let reason = format!("the line is too long, starting `{}`", excerpt(&start));
        row_problem(self.file, line, ProblemKind::MalformedRecord, reason)
    }

    fn whole_file(&self, bytes: &[u8]) -> Chunk {
        let line = 1 + count(b'\n', &bytes[..self.data_start]);
        Chunk { bytes: self.data_start..bytes.len(), line }
    }

    /// Splits the data after line ends that follow an even number of quotes. In a valid file, such a line
    /// end is never inside a quoted value.
    fn chunks(&self, bytes: &[u8], length: usize) -> Vec<Chunk> {
        let data = &bytes[self.data_start..];
        let counts: Vec<(u64, u64)> =
            data.par_chunks(length).map(|part| (count(b'"', part), count(b'\n', part))).collect();
        let mut chunks = vec![self.whole_file(bytes)];
        let mut lines = chunks[0].line;
        let mut quotes = 0;
        for (index, (quotes_here, lines_here)) in counts.into_iter().enumerate() {
            let from = self.data_start + index * length;
            let mut open = quotes % 2 == 1;
            let end = (index > 0).then(|| {
                memchr::memchr2_iter(b'"', b'\n', &bytes[from..]).find(|offset| {
                    let is_quote = bytes[from + offset] == b'"';
                    open ^= is_quote;
                    !is_quote && !open
                })
            });
            if let Some(Some(length)) = end {
                let chunk_start = from + length + 1;
                let last = chunks.len() - 1;
                if chunk_start > chunks[last].bytes.start && chunk_start < bytes.len() {
                    chunks[last].bytes.end = chunk_start;
                    let line = lines + count(b'\n', &bytes[from..chunk_start]);
                    chunks.push(Chunk { bytes: chunk_start..bytes.len(), line });
                }
            }
            quotes += quotes_here;
            lines += lines_here;
        }
        chunks
    }

    /// Reads the rows that start in `chunk`.
    fn read<'a>(
        &self,
        bytes: &'a [u8],
        chunk: &Chunk,
        problems: &mut Vec<Problem>,
        decode: &mut impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>),
    ) -> ChunkRead {
        let Self { file, columns, .. } = *self;
        let width = self.multiline.len();
        let mut position = chunk.bytes.start;
        let mut lines = LineCounter { bytes, counted: position, line: chunk.line };
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(width);
        let mut values: Vec<Cow<'a, str>> = Vec::with_capacity(width);
        let (mut rows, mut cut_line) = (0, None);
        while let Some(start) =
            skip_line_ends(bytes, position).filter(|start| *start < chunk.bytes.end)
        {
            let record = read_record(bytes, start, &self.multiline, &mut fields);
            position = record.end;
            if record.n_fields == 1 && fields[0].raw.trim_ascii().is_empty() {
                cut_line = None;
                continue;
            }
            rows += 1;
            let line = lines.line_at(start);
            cut_line = (record.n_fields < width || !record.closed).then_some(line);
            let is_ragged = record.n_fields != width;
            let is_kept = !is_ragged || (self.keeps_ragged && !record.spans_lines);
            if !is_kept || !record.closed {
                let reason = describe_malformed(&fields, record.n_fields, width, !record.closed);
                problems.push(row_problem(file, line, ProblemKind::MalformedRecord, reason));
                if record.spans_lines
                    && let Some(length) = memchr::memchr(b'\n', &bytes[start..position])
                {
                    position = start + length + 1;
                }
                continue;
            }
            values.clear();
            if is_ragged && record.n_fields > width {
                // Read all fields: those after the last text column are counted from the end.
                read_record(bytes, start, &[], &mut fields);
            }
            values.extend(fields.iter().map_while(Field::text));
            if is_ragged && values.len() == fields.len() {
                ragged::align(&mut values, width, columns, &self.positions);
            }
            if values.len() == width {
                let (positions, values) = (&self.positions, &values);
                decode(&Row { file, columns, positions, values, line, is_ragged }, problems);
            } else {
                let reason = "expected UTF-8 text; save the file as UTF-8 to keep this row";
                problems.push(row_problem(file, line, ProblemKind::InvalidEncoding, reason.into()));
            }
        }
        ChunkRead { rows, ends_with_chunk: position <= chunk.bytes.end, cut_line }
    }
}

fn count(byte: u8, bytes: &[u8]) -> u64 {
    memchr::memchr_iter(byte, bytes).count() as u64
}

fn describe_malformed(
    fields: &[Field<'_>],
    got: usize,
    width: usize,
    has_unclosed_quote: bool,
) -> String {
    if has_unclosed_quote && got == width {
        return "a quoted value continues past the end of its line".to_owned();
    }
    let plural = if got == 1 { "" } else { "s" };
    let first = String::from_utf8_lossy(fields.first().map_or(&[], |field| field.raw)).into_owned();
    format!(
        "expected {width} fields, got {} field{plural}, starting `{}`",
        thousands(got as u64),
        excerpt(&first)
    )
}

fn row_problem(file: &str, line: u64, kind: ProblemKind, reason: String) -> Problem {
    let outcome = Outcome::RowDropped;
    Problem { file: file.to_owned(), line, field: None, kind, outcome, reason }
}

/// Converts ascending byte offsets to line numbers incrementally.
struct LineCounter<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn line_at(&mut self, position: usize) -> u64 {
        self.line += count(b'\n', &self.bytes[self.counted..position]);
        self.counted = position;
        self.line
    }
}

#[cfg(test)]
mod tests;
