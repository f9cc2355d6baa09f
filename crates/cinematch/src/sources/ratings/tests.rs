use std::fmt::Write as _;

use super::*;
use crate::ids::MovieId;
use proptest::prelude::*;

const HEADER: &str = "userId,movieId,rating,timestamp\n";

fn movies() -> Vocabulary {
    Vocabulary::new([7, 1, 300].map(MovieId))
}

/// Returns the user, movie, half stars, time and line number of each valid row.
fn rows(read: &RatingsRead) -> Vec<(u32, u32, u8, u32, u64)> {
    let of_part = |part: &Part| {
        (0..part.users.len())
            .map(|row| {
                let (movie, stars) = (movies().id_of(part.movies[row]).0, part.stars[row]);
                (part.users[row].0, movie, stars.halves(), part.times[row], part.line_of(row))
            })
            .collect::<Vec<_>>()
    };
    read.parts.iter().flat_map(of_part).collect()
}

#[test]
fn reads_every_valid_form_of_a_row_and_reports_all_others() {
    let csv = format!(
        "\u{feff}{HEADER}1,7,5.0,10\r\n\n\"2\",1,4.5,11\n3,8,1.0,12\n4,300, 3 ,13\n5,1,5.5,14\n\
         6,1,2.5,4294967296\n7,1\n8,1,0.5,15"
    );
    let read = read("r.csv", csv.as_bytes(), &movies()).unwrap();
    assert_eq!(
        rows(&read),
        [(1, 7, 10, 10, 2), (2, 1, 9, 11, 4), (4, 300, 6, 13, 6), (8, 1, 1, 15, 10)]
    );
    assert_eq!(read.rows, 8);
    let problems: Vec<(u64, Option<&str>, &str)> = read
        .problems
        .iter()
        .map(|problem| (problem.line, problem.field.as_deref(), problem.reason.as_str()))
        .collect();
    assert_eq!(
        problems,
        [
            (5, Some("movieId"), "there is no movie 8 in movies.csv"),
            (7, Some("rating"), "expected 0.5 to 5.0 in halves, got `5.5`"),
            (8, Some("timestamp"), "expected seconds since 1970, got `4294967296`"),
            (9, None, "expected 4 fields, got 2 fields, starting `7`"),
        ]
    );
}

#[test]
fn accepts_columns_in_any_order() {
    let csv = "timestamp,rating,extra,movieId,userId\n10,4.0,\"a, b\",7,1\n";
    let read = read("r.csv", csv.as_bytes(), &movies()).unwrap();
    assert_eq!(rows(&read), [(1, 7, 8, 10, 2)]);
    let wrong = super::read("r.csv", b"userId,movieId\n".as_slice(), &movies()).unwrap_err();
    assert!(wrong.to_string().contains("columns rating, timestamp missing"), "{wrong}");
}

#[test]
fn reads_every_line_across_piece_boundaries() {
    // Lines of various lengths that span several pieces, some of them too long.
    let mut csv = HEADER.to_owned();
    let mut expected = Vec::new();
    let mut line = 2;
    for row in 0_u32.. {
        if csv.len() as u64 > 4 * PIECE_BYTES {
            break;
        }
        if row % 100_000 == 50_000 {
            csv.push_str(&"x".repeat(3 * MAX_LINE_BYTES as usize));
            csv.push('\n');
        } else {
            writeln!(csv, "{row},7,{}.5,{row}", row % 5).unwrap();
            expected.push((row, 7, (row % 5 * 2 + 1) as u8, row, line));
        }
        line += 1;
    }
    let read = read("r.csv", csv.as_bytes(), &movies()).unwrap();
    assert!(read.parts.len() > 3);
    assert_eq!(read.rows, line - 2);
    assert_eq!(read.problems.len() as u64, line - 2 - expected.len() as u64);
    assert_eq!(rows(&read), expected);
}

#[test]
fn lists_a_bounded_number_of_problems() {
    let csv = format!("{HEADER}{}", "a\n".repeat(10_000));
    let read = read("r.csv", csv.as_bytes(), &movies()).unwrap();
    assert_eq!((read.problems.len(), read.unlisted.total(), read.rows), (1_000, 9_000, 10_000));
}

proptest! {
    /// Checks that both readers agree on files with no line breaks inside quoted values.
    #[test]
    fn agrees_with_the_table_reader(
        lines in proptest::collection::vec(
            "[1-9]{1,3},(1|7|300|8),[0-5][.][05],[0-9]{1,10}\r?\n|[ 0-9,.a\"+-]{0,14}\n|\n", 0..40
        ),
    ) {
        let body: String = lines
            .iter()
            .filter(|line| line.matches('"').count() == 0 || line.starts_with("\"1\","))
            .cloned()
            .collect();
        let csv = format!("{HEADER}{body}");
        let by_lines = read("r.csv", csv.as_bytes(), &movies()).unwrap();
        let by_table = movielens::ratings("r.csv", csv.as_bytes()).unwrap();
        let known: Vec<(u32, u32, u8, u32)> = by_table
            .records
            .iter()
            .filter(|row| movies().index_of(row.movie_id).is_some())
            .map(|row| (row.user_id.0, row.movie_id.0, row.stars.halves(), row.timestamp))
            .collect();
        let read: Vec<(u32, u32, u8, u32)> =
            rows(&by_lines).into_iter().map(|(user, movie, stars, time, _)| (user, movie, stars, time)).collect();
        prop_assert_eq!(read, known);
        prop_assert_eq!(by_lines.rows, by_table.rows);
        let unknown = |problem: &&Problem| problem.kind != ProblemKind::UnknownReference;
        let problems: Vec<Problem> = by_lines.problems.iter().filter(unknown).cloned().collect();
        prop_assert_eq!(problems, by_table.problems);
    }
}

#[test]
fn read_histories_defaults_a_missing_timestamp_to_zero() {
    let csv = "userId,movieId,rating\n5,7,4.0\n5,8,4.0\n";
    let histories = read_histories("h.csv", csv.as_bytes(), &movies()).unwrap();
    assert_eq!(histories.parts[0].times, [0]);
    assert_eq!(histories.problems[0].reason, "there is no movie 8 in the catalog");
    let with_time = format!("{HEADER}5,7,4.0,12\n5,1,4.0,\n6,1,4.0,then\n");
    let histories = read_histories("h.csv", with_time.as_bytes(), &movies()).unwrap();
    assert_eq!(histories.parts[0].times, [12, 0]);
    assert_eq!(histories.problems.len(), 1);
    // A user whose rows are all invalid is still listed.
    assert_eq!(histories.users_with_unusable_rows, [UserId(6)]);
    let error = read("r.csv", csv.as_bytes(), &movies()).unwrap_err();
    assert!(error.to_string().contains("timestamp"), "{error}");
}

#[test]
fn reports_a_line_longer_than_a_piece_and_reads_the_next_line() {
    let unfinished = format!("{HEADER}1,7,4.0,5\n{}", "\0".repeat(3 * PIECE_BYTES as usize));
    let tail = format!("{unfinished}\n");
    let middle = format!("{tail}2,7,4.0,6\n");
    for (csv, expected) in [(&tail, 1), (&middle, 2)] {
        let read = read("r.csv", csv.as_bytes(), &movies()).unwrap();
        assert_eq!(rows(&read).len(), expected);
        assert!(!read.problems.is_empty());
    }
    let error = read("r.csv", unfinished.as_bytes(), &movies()).unwrap_err().to_string();
    assert!(error.starts_with("r.csv ends in the middle of line 3"), "{error}");
}

#[test]
fn rejects_a_file_that_ends_in_the_middle_of_a_row() {
    let rows = "1,7,4.0,5\n".repeat(PIECE_BYTES as usize / 8);
    let lines = 1 + PIECE_BYTES / 8;
    for cut in ["1", "1,7,4.", "1,7,\"4.0"] {
        let csv = format!("{HEADER}{rows}{cut}");
        let error = read("r.csv", csv.as_bytes(), &movies()).unwrap_err().to_string();
        let expected = format!("r.csv ends in the middle of line {}: ", lines + 1);
        assert!(error.starts_with(&expected), "{error}");
        let read = read("r.csv", format!("{csv}\n").as_bytes(), &movies()).unwrap();
        assert_eq!((read.rows, read.problems.len()), (lines, 1));
    }
    for end in ["", "\n", "\x1a", "\n\x1a"] {
        let complete = format!("{HEADER}{rows}1,7,4.0,5{end}");
        let read = read("r.csv", complete.as_bytes(), &movies()).unwrap();
        assert_eq!((read.rows, read.problems), (lines, vec![]), "{end:?}");
    }
}
