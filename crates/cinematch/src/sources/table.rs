//! CSV files with a header, read so that one bad row costs one row.
//!
//! Line ends may be LF or CRLF, a UTF-8 byte order mark may come first, columns may stand in any
//! order and unknown ones are passed over. A quote that never closes would swallow the rows after
//! it: such a record is recognised, its first line is reported, and reading goes on at the next
//! line.

use csv::{ByteRecord, ReaderBuilder};

use super::{Outcome, Problem, ProblemKind, SourceError, excerpt};

/// A column a decoder knows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Whether a file without it is the wrong file.
    pub required: bool,
    /// Whether a value may hold line breaks.
    pub multiline: bool,
}

impl Column {
    /// A column that must be there and holds one line.
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true, multiline: false }
    }

    /// A column that may be absent and holds one line.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false, multiline: false }
    }

    /// The same column, with line breaks allowed in its values.
    pub const fn multiline(self) -> Self {
        Self { multiline: true, ..self }
    }
}

/// One well-formed row: the values of the known columns, in the order the decoder named them.
#[derive(Debug)]
pub struct Row<'a> {
    file: &'a str,
    columns: &'a [Column],
    positions: &'a [Option<usize>],
    record: &'a ByteRecord,
    /// The line the record starts on, from 1.
    pub line: u64,
}

impl<'a> Row<'a> {
    /// The value of the decoder's `column`-th column, trimmed; empty where the file lacks it.
    pub fn get(&self, column: usize) -> &'a str {
        let bytes = self.positions[column].map_or(&[][..], |position| &self.record[position]);
        // The whole record was checked to be UTF-8 before the row was handed out.
        std::str::from_utf8(bytes).unwrap_or_default().trim()
    }

    /// Whether the file has the decoder's `column`-th column.
    pub fn has(&self, column: usize) -> bool {
        self.positions[column].is_some()
    }

    /// A problem of this row, to be pushed by the decoder.
    pub fn problem(
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

    /// Parses a value that must be there; otherwise the row is dropped with a problem.
    pub fn require<T: std::str::FromStr>(
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

/// Calls `decode` with every well-formed row of `bytes` and returns the number of rows seen, bad
/// ones included. Problems go to `problems` in file order.
pub fn read(
    file: &str,
    bytes: &[u8],
    columns: &[Column],
    problems: &mut Vec<Problem>,
    mut decode: impl FnMut(&Row<'_>, &mut Vec<Problem>),
) -> Result<u64, SourceError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let (positions, width, body) = header(file, bytes, columns)?;
    let multiline: Vec<bool> = (0..width)
        .map(|at| {
            let known = positions.iter().position(|position| *position == Some(at));
            known.is_none_or(|column| columns[column].multiline)
        })
        .collect();

    let mut rows = 0;
    let mut start = body;
    let mut lines = LineCounter { bytes, counted: 0, line: 1 };
    // One pass of the outer loop reads up to the end, or up to a record that has to be abandoned.
    'resume: loop {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&bytes[start..]);
        let mut record = ByteRecord::new();
        loop {
            // Reading from memory with `flexible` has no failure left: a record is a record.
            if !reader.read_byte_record(&mut record).unwrap_or(false) {
                return Ok(rows);
            }
            // A record's position may lie on the line ends before it.
            let mut at = start + record.position().map_or(0, csv::Position::byte) as usize;
            at += bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let line = lines.line_at(at);
            if record.len() == 1 && record[0].trim_ascii().is_empty() {
                continue;
            }
            rows += 1;
            let broken_line = record.iter().enumerate().any(|(at, value)| {
                value.contains(&b'\n') && !multiline.get(at).is_some_and(|ok| *ok)
            });
            if record.len() != width || broken_line {
                let reason = if broken_line && record.len() == width {
                    "a quoted value runs over the end of its line".to_owned()
                } else {
                    let plural = if record.len() == 1 { "" } else { "s" };
                    format!("expected {width} fields, got {}{}", record.len(), {
                        let first = String::from_utf8_lossy(&record[0]);
                        format!(" field{plural}, starting `{}`", excerpt(&first))
                    })
                };
                problems.push(whole_row(file, line, ProblemKind::MalformedRecord, reason));
                let end = start + reader.position().byte() as usize;
                if let Some(length) = memchr::memchr(b'\n', &bytes[at..end])
                    && at + length + 1 < end
                {
                    start = at + length + 1;
                    continue 'resume;
                }
                continue;
            }
            if record.iter().any(|value| std::str::from_utf8(value).is_err()) {
                let reason = "expected UTF-8 text; save the file as UTF-8 to keep this row";
                problems.push(whole_row(file, line, ProblemKind::InvalidEncoding, reason.into()));
                continue;
            }
            let row = Row { file, columns, positions: &positions, record: &record, line };
            decode(&row, problems);
        }
    }
}

/// Where each known column stands, the header's width, and the byte at which the data starts.
type Header = (Vec<Option<usize>>, usize, usize);

fn header(file: &str, bytes: &[u8], columns: &[Column]) -> Result<Header, SourceError> {
    let required = || columns.iter().filter(|column| column.required).map(|column| column.name);
    let expected = required().collect::<Vec<_>>().join(",");
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).unwrap_or(false) {
        return Err(SourceError::Empty { file: file.to_owned(), expected });
    }
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let positions: Vec<Option<usize>> =
        columns.iter().map(|column| names.iter().position(|name| name == column.name)).collect();
    let missing: Vec<&str> =
        required().filter(|wanted| !names.iter().any(|name| name == wanted)).collect();
    if !missing.is_empty() {
        return Err(SourceError::WrongHeader {
            file: file.to_owned(),
            missing: missing.join(", "),
            expected,
            found: excerpt(&names.join(",")),
        });
    }
    Ok((positions, names.len(), reader.position().byte() as usize))
}

fn whole_row(file: &str, line: u64, kind: ProblemKind, reason: String) -> Problem {
    let outcome = Outcome::RowDropped;
    Problem { file: file.to_owned(), line, field: None, kind, outcome, reason }
}

/// Line numbers of ascending byte positions.
struct LineCounter<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn line_at(&mut self, at: usize) -> u64 {
        self.line += memchr::memchr_iter(b'\n', &self.bytes[self.counted..at]).count() as u64;
        self.counted = at;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] =
        [Column::required("id"), Column::required("text").multiline(), Column::optional("note")];

    /// Rows as `line:id|text|note`, then problems as `line field kind`.
    fn check(input: &[u8], expect: &str) {
        let mut problems = Vec::new();
        let mut seen = Vec::new();
        let rows = read("t.csv", input, &COLUMNS, &mut problems, |row, problems| {
            if let Some(id) = row.require::<u32>(0, "a whole number", problems) {
                seen.push(format!("{}:{id}|{}|{}", row.line, row.get(1), row.get(2)));
            }
        });
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                assert_eq!(error.to_string(), expect);
                return;
            }
        };
        for problem in &problems {
            seen.push(format!(
                "!{} {} {:?}",
                problem.line,
                problem.field.as_deref().unwrap_or("-"),
                problem.kind
            ));
        }
        seen.push(format!("{rows} rows"));
        assert_eq!(seen.join(" "), expect);
    }

    #[test]
    fn line_ends_marks_and_column_order_do_not_matter() {
        check(b"id,text\n1,a\n2,b\n", "2:1|a| 3:2|b| 2 rows");
        check(b"id,text\r\n1,a\r\n2,b\r\n", "2:1|a| 3:2|b| 2 rows");
        check(b"\xef\xbb\xbfid,text,note\n1,a,n", "2:1|a|n 1 rows");
        check(b"note,x,text,id\nn,?,a,1\n\n", "2:1|a|n 1 rows");
    }

    #[test]
    fn quoted_line_breaks_are_text_where_text_is_expected() {
        check(b"id,text\n1,\"a\nb\"\n2,c\n", "2:1|a\nb| 4:2|c| 2 rows");
        check(b"id,text\n1,\"a \"\"q\"\", b\"\n", "2:1|a \"q\", b| 1 rows");
    }

    #[test]
    fn a_bad_row_costs_one_row() {
        check(b"id,text\nx,a\n,b\n3,c\n", "4:3|c| !2 id InvalidValue !3 id MissingValue 3 rows");
        check(
            b"id,text\n1,a,extra\n2\n3,c\n",
            "4:3|c| !2 - MalformedRecord !3 - MalformedRecord 3 rows",
        );
        check(b"id,text\n1,\xff\n2,b\n", "3:2|b| !2 - InvalidEncoding 2 rows");
    }

    #[test]
    fn a_quote_that_never_closes_costs_one_row() {
        check(
            b"id,text,note\n1,\"a,n\n2,b,n\n3,c,n\n",
            "3:2|b|n 4:3|c|n !2 - MalformedRecord 3 rows",
        );
        check(b"id,text,note\n1,a,\"n\n2,b,n\n", "3:2|b|n !2 - MalformedRecord 2 rows");
        check(
            b"id,text,note\r\n1,\"a,n\r\n2,\"b, c\",n\r\n3,c,n\r\n",
            "3:2|b, c|n 4:3|c|n !2 - MalformedRecord 3 rows",
        );
    }

    #[test]
    fn the_wrong_file_is_an_error_that_says_what_was_expected() {
        check(
            b"userId,movieId\n1,2\n",
            "t.csv has the wrong header: columns id, text missing; expected `id,text`, got \
             `userId,movieId`. Check that the path names the right file and that its first line is \
             the header",
        );
        check(b"", "t.csv is empty; expected the header `id,text`");
    }
}
