//! Records and their fields, according to RFC 4180.

use std::borrow::Cow;

/// A raw field of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// Bytes without the enclosing quotes.
    pub raw: &'a [u8],
    /// True if the value contains doubled quotes, each of which stands for a single quote.
    has_quotes: bool,
}

impl<'a> Field<'a> {
    fn has_line_break(&self) -> bool {
        memchr::memchr(b'\n', self.raw).is_some()
    }

    /// Returns the unescaped value, or `None` if it is not valid UTF-8.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        let text = std::str::from_utf8(self.raw).ok()?;
        Some(if self.has_quotes {
            Cow::Owned(text.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(text)
        })
    }
}

/// Length and structure of a record.
pub(super) struct Record {
    /// Offset of the first byte after the record's line ending.
    pub end: usize,
    /// Number of fields.
    pub n_fields: usize,
    /// True if a quoted value contains a line break.
    pub spans_lines: bool,
    /// True if every quote is closed and line breaks occur only in multiline columns.
    pub closed: bool,
}

/// Reads the record at `start` into `fields` according to RFC 4180. Text after a closing quote is
/// included literally, as in most CSV readers.
///
/// `multiline` has an element for each column, which is true if the column's values may contain line
/// breaks. To keep files full of stray quotes from taking quadratic time, this function abandons a record
/// as soon as it detects a misplaced line break, or a line break along with too many fields. Excess
/// fields are counted but not stored, so a line of commas takes no memory. For the header, `multiline` is
/// empty and all fields are stored.
pub(super) fn read_record<'a>(
    bytes: &'a [u8],
    start: usize,
    multiline: &[bool],
    fields: &mut Vec<Field<'a>>,
) -> Record {
    fields.clear();
    let mut record = Record { end: bytes.len(), n_fields: 0, spans_lines: false, closed: true };
    let mut position = start;
    loop {
        let mut field = Field { raw: &[], has_quotes: false };
        if bytes.get(position) == Some(&b'"') {
            let from = position + 1;
            position = from;
            loop {
                let Some(quote) = memchr::memchr(b'"', &bytes[position..]) else {
                    record.closed = false;
                    position = bytes.len();
                    field.raw = &bytes[from..];
                    break;
                };
                position += quote + 1;
                if bytes.get(position) != Some(&b'"') {
                    field.raw = &bytes[from..position - 1];
                    break;
                }
                field.has_quotes = true;
                position += 1;
            }
            let breaks = field.has_line_break();
            record.spans_lines |= breaks;
            if breaks && !multiline.get(record.n_fields).is_some_and(|is_multiline| *is_multiline) {
                record.closed = false;
            }
            if !matches!(bytes.get(position), None | Some(b',' | b'\n' | b'\r')) {
                // There is text after the closing quote, so the value extends to the next separator.
                let rest = memchr::memchr2(b',', b'\n', &bytes[position..])
                    .map_or(bytes.len(), |to| position + to);
                field.raw = &bytes[from..rest];
                position = rest;
            }
        } else {
            let to = bytes[position..].iter().position(|byte| matches!(byte, b',' | b'\n'));
            let to = to.map_or(bytes.len(), |to| position + to);
            let ends_line = bytes.get(to) != Some(&b',');
            let has_carriage_return = ends_line && to > position && bytes[to - 1] == b'\r';
            field.raw = &bytes[position..to - usize::from(has_carriage_return)];
            position = to;
        }
        record.n_fields += 1;
        if multiline.is_empty() || record.n_fields <= multiline.len() {
            fields.push(field);
        }
        if record.spans_lines && (!record.closed || record.n_fields > multiline.len()) {
            record.end = position;
            return record;
        }
        match bytes.get(position) {
            Some(b',') => position += 1,
            Some(b'\r') if matches!(bytes.get(position + 1), Some(b'\n')) => {
                record.end = position + 2;
                return record;
            }
            Some(_) => {
                record.end = position + 1;
                return record;
            }
            None => return record,
        }
    }
}

/// Returns the offset of the first byte at or after `position` that is not part of a line ending.
pub(super) fn skip_line_ends(bytes: &[u8], position: usize) -> Option<usize> {
    let skipped = bytes[position..].iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    Some(position + skipped)
}
