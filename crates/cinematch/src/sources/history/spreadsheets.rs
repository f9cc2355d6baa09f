//! Tests with exports that spreadsheet programs and editors have changed.

use super::tests::{RATINGS, WATCHED, stars, summary};
use super::*;

const IMDB: &str = "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,\
                    Genres,Num Votes,Release Date,Directors\n";

#[test]
fn reads_utf_16_with_and_without_a_mark() {
    let expected = read("ratings.csv", RATINGS.as_bytes()).unwrap();
    let utf_16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        [mark.to_vec(), RATINGS.encode_utf16().flat_map(bytes).collect()].concat()
    };
    for text in [
        utf_16(b"\xff\xfe", u16::to_le_bytes),
        utf_16(b"\xfe\xff", u16::to_be_bytes),
        utf_16(b"", u16::to_le_bytes),
        utf_16(b"", u16::to_be_bytes),
    ] {
        assert_eq!(read("ratings.csv", &text).unwrap(), expected);
        // A file may end in the middle of a character.
        let _ = read("ratings.csv", &text[..text.len() - 1]);
    }
}

#[test]
fn reads_windows_1252() {
    let header = RATINGS.lines().next().unwrap();
    let rows = b"\n1,Am\xe9lie,2001,u,5\n1,L\x92Avventura,1960,u,4\n1,\xc3\x89t\xc3\xa9,1995,u,4\n";
    let history = read("ratings.csv", &[header.as_bytes(), rows].concat()).unwrap();
    let titles: Vec<&str> = history.entries.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles, ["Amélie", "L’Avventura", "Été"]);
    assert!(history.problems.is_empty());
}

#[test]
fn reads_other_separators_lower_case_headers_and_decimal_commas() {
    let expected = read("ratings.csv", RATINGS.as_bytes()).unwrap();
    for separator in [";", "\t", "|"] {
        // The title with a comma needs no quotes, except those that remain from the original.
        let plain = RATINGS.replace("\"Me, Myself & Irene\"", "Me# Myself & Irene");
        let changed = plain.replace(',', separator).replace('#', ",");
        assert_eq!(read("ratings.csv", changed.as_bytes()).unwrap(), expected, "{changed}");
        let stated = format!("sep={separator}\r\n{changed}");
        let history = read("ratings.csv", stated.as_bytes()).unwrap();
        assert_eq!(summary(&history), summary(&expected));
        assert_eq!(history.entries[0].line, 3);
    }
    let stated = format!("sep=,\n{RATINGS}");
    assert_eq!(summary(&read("ratings.csv", stated.as_bytes()).unwrap()), summary(&expected));
    let german = "date;name;year;letterboxd uri;rating\r\n2024;\"A; \"\"B\"\"\";1995.0;u;4,5\r\n";
    let history = read("ratings.csv", german.as_bytes()).unwrap();
    assert_eq!(summary(&history), [("A; \"B\"", Some(1995), stars(4.5))]);
    let lower = WATCHED.to_lowercase();
    assert_eq!(read("watched.csv", lower.as_bytes()).unwrap().entries.len(), 1);
}

#[test]
fn rows_with_too_few_or_too_many_fields_are_read_if_they_have_an_id() {
    let rows = "tt0113277,9,2020-01-01,Heat, again,Heat,https://x,Movie,8.3,170,1995,Crime,1,1995-12-15,M\n\
                tt0112641,8,2020-01-01,Casino\n\
                ,8,2020-01-01,Nothing\n\
                tt0078748,7,2020-01-01,Alien,Alien,https://x,Movie,8.5,117,1979,Horror,1,1979-05-25,R,,,\n";
    let history = read("ratings.csv", format!("{IMDB}{rows}").as_bytes()).unwrap();
    assert_eq!(
        summary(&history),
        [
            ("Heat", None, stars(4.5)),
            ("Casino", None, stars(4.0)),
            ("Alien", Some(1979), stars(3.5))
        ]
    );
    assert_eq!((history.problems.len(), history.rows), (1, 4));
    // Without an ID, a row must be complete.
    let rows = format!("{}2024-01-02,Heat,1995\n", RATINGS.split_inclusive('\n').next().unwrap());
    assert_eq!(read("ratings.csv", rows.as_bytes()).unwrap().entries.len(), 0);
}
