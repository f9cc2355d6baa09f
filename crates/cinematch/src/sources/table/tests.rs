use super::*;
use proptest::prelude::*;

const COLUMNS: [Column; 3] =
    [Column::required("id"), Column::required("text").multiline(), Column::optional("note")];

/// Asserts that reading `input` yields `expect`: rows as `line:id|text|note`, problems as
/// `!line field kind`. If the file is rejected, `expect` is the error message.
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

proptest! {
    #[test]
    fn chunked_reading_equals_sequential_reading(text in "([0-9]{1,2},|[a-z]{1,3}|\"|,|\n|\r\n){0,60}", length in 1_usize..40) {
        let csv = format!("id,text,note\n{text}");
        let seen = |row: &Row<'_, '_>| (row.line, row.get(0).to_owned(), row.get(1).to_owned());
        let bytes = csv.as_bytes();
        let table = Table::open("t.csv", bytes, &COLUMNS).unwrap();
        let mut whole = (Vec::new(), Vec::new());
        let read =
            table.read(bytes, &table.whole_file(bytes), &mut whole.1, &mut |row, _| whole.0.push(seen(row)));
        let mut parts = (Vec::new(), Vec::new());
        let mut rows = 0;
        for chunk in table.chunks(bytes, length) {
            let read = table.read(bytes, &chunk, &mut parts.1, &mut |row, _| parts.0.push(seen(row)));
            rows += read.rows;
            if !read.ends_with_chunk {
                // The chunk doesn't end at the end of a row. `decode` detects this and falls back to
                // sequential reading.
                return Ok(());
            }
        }
        prop_assert_eq!(parts, whole);
        prop_assert_eq!(rows, read.rows);
    }
}

#[test]
fn decode_returns_records_of_a_large_file_in_order() {
    let row = |id: u32| format!("{id},\"a \"\"b\"\"\n{id}\",n\n");
    let rows: String = (0..120_000).map(row).collect();
    let one_by_one = |csv: &str, rows: u64| {
        let id = |row: &Row<'_, '_>, _: &mut Vec<Problem>| {
            Some((row.get(0).parse::<u64>().unwrap(), row.line))
        };
        let decoded = decode("t.csv", csv.as_bytes(), &COLUMNS, id).unwrap();
        assert_eq!(decoded.rows, rows);
        decoded.records
    };
    let records = one_by_one(&format!("id,text,note\n{rows}"), 120_000);
    assert!(records.iter().zip(0..).all(|((id, line), at)| *id == at && *line == 2 * at + 2));
    // A stray quote swaps the quoted and unquoted parts of the file.
    let stray = one_by_one(&format!("id,text,note\n7,5\" disk,n\n{rows}"), 120_001);
    assert_eq!(stray.len(), 120_001);
    assert_eq!(stray[120_000], (119_999, 240_001));
}

#[test]
fn accepts_any_line_endings_byte_order_mark_and_column_order() {
    check(b"id,text\n1,a\n2,b\n", "2:1|a| 3:2|b| 2 rows");
    check(b"id,text\r\n1,a\r\n2,b\r\n", "2:1|a| 3:2|b| 2 rows");
    check(b"\xef\xbb\xbfid,text,note\n1,a,n", "2:1|a|n 1 rows");
    check(b"note,x,text,id\nn,?,a,1\n\n", "2:1|a|n 1 rows");
}

#[test]
fn keeps_quoted_line_breaks_in_multiline_columns() {
    check(b"id,text\n1,\"a\nb\"\n2,c\n", "2:1|a\nb| 4:2|c| 2 rows");
    check(b"id,text\n1,\"a \"\"q\"\", b\"\n", "2:1|a \"q\", b| 1 rows");
}

#[test]
fn drops_only_the_malformed_row() {
    check(b"id,text\nx,a\n,b\n3,c\n", "4:3|c| !2 id InvalidValue !3 id MissingValue 3 rows");
    check(
        b"id,text\n1,a,extra\n2\n3,c\n",
        "4:3|c| !2 - MalformedRecord !3 - MalformedRecord 3 rows",
    );
    check(b"id,text\n1,\xff\n2,b\n", "3:2|b| !2 - InvalidEncoding 2 rows");
}

#[test]
fn drops_only_the_row_with_an_unclosed_quote() {
    check(b"id,text,note\n1,\"a,n\n2,b,n\n3,c,n\n", "3:2|b|n 4:3|c|n !2 - MalformedRecord 3 rows");
    check(b"id,text,note\n1,a,\"n\n2,b,n\n", "3:2|b|n !2 - MalformedRecord 2 rows");
    check(
        b"id,text,note\r\n1,\"a,n\r\n2,\"b, c\",n\r\n3,c,n\r\n",
        "3:2|b, c|n 4:3|c|n !2 - MalformedRecord 3 rows",
    );
}

#[test]
fn rejects_a_file_that_ends_in_the_middle_of_a_row() {
    let cut = |line: u32| {
        format!(
            "t.csv ends in the middle of line {line}: the file is incomplete. Download it again"
        )
    };
    check(b"id,text,note\n1,a,n\n2,b", &cut(3));
    check(b"id,text,note\n1,a,n\n2", &cut(3));
    check(b"id,text,note\n1,a,n\n2,b,\"n", &cut(3));
    // The quoted value continues on line 4, where the file ends.
    check(b"id,text,note\n1,a,n\n2,\"b\nc", &cut(4));
    // Only the last row matters, and a complete last row needs no line break.
    check(b"id,text,note\n1,a\n2,b,n", "3:2|b|n !2 - MalformedRecord 2 rows");
    check(b"id,text,note\n1,\"a,n\n2,b,n", "3:2|b|n !2 - MalformedRecord 2 rows");
    check(b"id,text,note\n1,a,n\n2,b\n", "2:1|a|n !3 - MalformedRecord 2 rows");
    check(b"id,text\n1,a\n2,b,extra", "2:1|a| !3 - MalformedRecord 2 rows");
    check(b"id,text\n1,a\n ", "2:1|a| 1 rows");
    check(b"id,text,note\n1,a\n  ", "!2 - MalformedRecord 1 rows");
    let csv = format!("id,text,note\n{}7,b", "7,\"a\nb\",n\n".repeat(200_000));
    let id = |row: &Row<'_, '_>, _: &mut Vec<Problem>| Some(row.line);
    let error = decode("t.csv", csv.as_bytes(), &COLUMNS, id).unwrap_err().to_string();
    assert_eq!(error, cut(400_002));
}

#[test]
fn ignores_a_ctrl_z_at_the_end_of_the_file() {
    check(b"id,text\n1,a\n\x1a", "2:1|a| 1 rows");
    check(b"id,text\r\n1,a\r\n\x1a", "2:1|a| 1 rows");
    check(b"id,text\n1,a\x1a", "2:1|a| 1 rows");
    let id = |row: &Row<'_, '_>, _: &mut Vec<Problem>| Some(row.line);
    assert_eq!(decode("t.csv", b"id,text\n1,a\n\x1a", &COLUMNS, id).unwrap().records, [2]);
}

#[test]
fn reads_a_file_full_of_stray_quotes_in_linear_time() {
    // A quadratic reader would take hours.
    let mut csv = b"id,text\n1,fine\n".to_vec();
    csv.extend_from_slice(&b"a\",\"b\n".repeat(300_000));
    let mut problems = Vec::new();
    let rows = read("t.csv", &csv, &COLUMNS, &mut problems, |_, _| {}).unwrap();
    assert!(rows > 100_000 && problems.len() as u64 >= rows / 2);
}

#[test]
fn error_for_a_wrong_header_names_the_expected_columns() {
    check(
        b"userId,movieId\n1,2\n",
        "t.csv has the wrong header: columns id, text missing; expected `id,text`, got \
         `userId,movieId`. Check that the path names the right file and that its first line is \
         the header",
    );
    check(b"", "t.csv is empty; expected the header `id,text`");
}

#[test]
fn counts_excess_fields_without_storing_them() {
    let (mut fields, line) = (Vec::new(), [vec![b','; 1000], b"\n".to_vec()].concat());
    let record = read_record(&line, 0, &[false; 3], &mut fields);
    assert_eq!((record.n_fields, fields.len(), record.end), (1001, 3, 1001));
    let mut problems = Vec::new();
    let csv = [&b"id,text\n"[..], &line, b"2,b\n"].concat();
    let rows = read("t.csv", &csv, &COLUMNS, &mut problems, |_, _| {}).unwrap();
    assert_eq!(
        (rows, problems[0].reason.as_str()),
        (2, "expected 2 fields, got 1,001 fields, starting ``")
    );
}
