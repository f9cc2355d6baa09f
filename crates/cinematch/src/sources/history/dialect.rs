//! Converts tables that spreadsheet programs have saved to comma-separated values, without changing line numbers.

use std::borrow::Cow;

/// Start of the first line of Letterboxd's exported lists, in lowercase.
const LIST_MARK: &str = "letterboxd list export";
/// Maximum number of lines before the header of a list.
const MAX_PREAMBLE_LINES: usize = 50;

/// A table whose header is the first nonempty line.
pub(super) struct Table<'a> {
    /// Comma-separated values.
    pub bytes: Cow<'a, [u8]>,
    /// Name of the list, if the table is a list that Letterboxd has exported.
    pub list_name: Option<String>,
}

/// Removes a `sep=` line and the lines before the header of a list, and converts other separators to commas. Removed
/// lines become empty. O(bytes).
pub(super) fn normalized(bytes: Cow<'_, [u8]>) -> Table<'_> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    let (mut header, mut stated) = (start, None);
    let first = line(&bytes, start);
    if let Some(separator) = stated_separator(first) {
        stated = Some(separator);
        header = (start + first.len() + 1).min(bytes.len());
    }
    let mut list_name = None;
    if is_list_mark(line(&bytes, header)) {
        let (name, list_header) = preamble(&bytes, header);
        (list_name, header) = (Some(name), list_header);
    }
    let separator = stated.unwrap_or_else(|| separator(line(&bytes, header)));
    if header == start && separator == b',' {
        return Table { bytes, list_name };
    }
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    text.extend(bytes[..header].iter().filter(|byte| **byte == b'\n'));
    if separator == b',' {
        text.extend_from_slice(&bytes[header..]);
    } else {
        convert(&bytes[header..], separator, &mut text);
    }
    Table { bytes: Cow::Owned(text), list_name }
}

/// Returns the line at `start`, without its line feed.
fn line(bytes: &[u8], start: usize) -> &[u8] {
    let rest = &bytes[start.min(bytes.len())..];
    &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
}

/// Returns the separator in a line such as `sep=;`.
fn stated_separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii().strip_prefix(b"\"").unwrap_or(line);
    let (name, rest) = line.split_at_checked(4)?;
    let separator = *rest.first()?;
    (name.eq_ignore_ascii_case(b"sep=") && matches!(separator, b',' | b';' | b'\t' | b'|'))
        .then_some(separator)
}

fn is_list_mark(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    line.get(..LIST_MARK.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(LIST_MARK.as_bytes()))
}

/// Returns the name of the list and the offset of its header. `start` is the offset of the first line.
fn preamble(bytes: &[u8], start: usize) -> (String, usize) {
    let (mut at, mut name) = (start, None);
    for index in 0..MAX_PREAMBLE_LINES {
        let text = line(bytes, at);
        let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
        if lower.trim_start_matches('"').starts_with("position") {
            return (name.unwrap_or_default(), at);
        }
        // The third line has the date, the name, the tags, the URL and the description.
        if index == 2 {
            let mut fields = Vec::new();
            convert(text, separator(text), &mut fields);
            name = second_field(&String::from_utf8_lossy(&fields));
        }
        at = (at + text.len() + 1).min(bytes.len());
    }
    (name.unwrap_or_default(), start)
}

/// Returns the second comma-separated value of a line.
fn second_field(line: &str) -> Option<String> {
    let rest = line.split_once(',')?.1;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",").map_or(quoted, |(name, _)| name).to_owned(),
        None => rest.split(',').next().unwrap_or_default().to_owned(),
    };
    Some(name.replace("\"\"", "\"").chars().take(100).collect())
}

/// Returns the most frequent of `,`, `;`, tab and `|` outside quotes. A comma wins ties.
fn separator(header: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in header {
        is_quoted ^= *byte == b'"';
        if let Some((_, count)) =
            counts.iter_mut().find(|(separator, _)| !is_quoted && separator == byte)
        {
            *count += 1;
        }
    }
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    best.map_or(b',', |(separator, _)| *separator)
}

/// Appends `bytes` with values separated by commas instead of `separator`. Quotes the values that contain a comma.
fn convert(bytes: &[u8], separator: u8, text: &mut Vec<u8>) {
    let mut position = 0;
    while position < bytes.len() {
        let rest = &bytes[position..];
        if rest[0] == b'"' {
            let length = quoted_length(rest);
            text.extend_from_slice(&rest[..length]);
            position += length;
        } else {
            let length = memchr::memchr2(separator, b'\n', rest).unwrap_or(rest.len());
            let value = &rest[..length];
            if memchr::memchr2(b',', b'"', value).is_some() {
                let (value, end) = match value.strip_suffix(b"\r") {
                    Some(value) => (value, &b"\r"[..]),
                    None => (value, &b""[..]),
                };
                text.push(b'"');
                for byte in value {
                    text.extend(std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"')));
                }
                text.push(b'"');
                text.extend_from_slice(end);
            } else {
                text.extend_from_slice(value);
            }
            position += length;
        }
        if let Some(byte) = bytes.get(position) {
            text.push(if *byte == separator { b',' } else { *byte });
            position += 1;
        }
    }
}

/// Returns the length of the quoted value at the start of `bytes`, with its quotes. A quote that isn't closed ends
/// with the line.
fn quoted_length(bytes: &[u8]) -> usize {
    let mut position = 1;
    while let Some(quote) = memchr::memchr(b'"', &bytes[position..]) {
        position += quote + 1;
        if bytes.get(position) != Some(&b'"') {
            return position;
        }
        position += 1;
    }
    memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())
}
