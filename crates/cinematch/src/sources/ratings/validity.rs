//! Rejects files in which many rows are invalid. Training on the rest would give a plausible but wrong model: if
//! ratings are on a scale of 1 to 10, only those of disliked movies are valid stars.

use super::super::problem::ProblemKind;
use super::{RatingsError, RatingsRead};
use crate::digits::thousands;

/// Share of invalid rows above which a file is rejected.
const MAX_SHARE: f64 = 0.05;
/// Number of invalid rows below which a file is accepted, however small it is.
const MIN_ROWS: u64 = 10;

impl RatingsRead {
    /// Returns an error if more than 5 % of the rows, and at least 10, are invalid. The error names the likely cause.
    /// Ratings of unknown movies are valid: a catalog often has only some of the movies. O(problems).
    pub fn require_valid(&self, file: &str) -> Result<(), RatingsError> {
        let listed =
            || self.problems.iter().filter(|problem| problem.kind != ProblemKind::UnknownReference);
        let n_invalid =
            listed().count() as u64 + self.unlisted.total_except(ProblemKind::UnknownReference);
        if n_invalid < MIN_ROWS || n_invalid as f64 <= MAX_SHARE * self.rows as f64 {
            return Ok(());
        }
        let of_rating = listed().filter(|problem| problem.field.as_deref() == Some("rating"));
        let numbers: Vec<f64> = of_rating
            .filter_map(|problem| problem.reason.split('`').nth(1)?.parse().ok())
            .filter(|number| *number > 5.0)
            .collect();
        let most_are_numbers = numbers.len() * 2 > listed().count();
        let highest = numbers.into_iter().fold(0.0, f64::max);
        let cause = match (most_are_numbers, highest) {
            (true, ..=10.0) => "ratings look like 1 to 10; divide them by 2".to_owned(),
            (true, ..=100.0) => "ratings look like 1 to 100; divide them by 20".to_owned(),
            _ => listed().next().map_or_else(String::new, |problem| {
                format!("the first is line {}: {}", problem.line, problem.reason)
            }),
        };
        Err(RatingsError::MostlyInvalid {
            file: file.to_owned(),
            invalid: thousands(n_invalid),
            rows: thousands(self.rows),
            cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::read;
    use crate::ids::{MovieId, Vocabulary};

    fn check(ratings: impl Iterator<Item = String>) -> Result<(), String> {
        let mut text = "userId,movieId,rating,timestamp\n".to_owned();
        for (user, rating) in ratings.enumerate() {
            writeln!(text, "{user},1,{rating},10").unwrap();
        }
        let movies = Vocabulary::new([MovieId(1)]);
        let read = read("ratings.csv", text.as_bytes(), &movies).unwrap();
        read.require_valid("ratings.csv").map_err(|error| error.to_string())
    }

    #[test]
    fn files_with_more_than_5_percent_of_invalid_rows_are_rejected_with_the_cause() {
        let of = |n: u32, scale: u32| (0..n).map(move |row| (row % scale + 1).to_string());
        assert_eq!(check(of(480, 5)), Ok(()));
        let error = check(of(480, 10)).unwrap_err();
        assert_eq!(
            error,
            "240 of 480 rows of ratings.csv are invalid: ratings look like 1 to 10; divide them by 2"
        );
        assert!(check(of(400, 100)).unwrap_err().contains("look like 1 to 100"));
        let texts = |period: u32| {
            let rating = move |row: u32| if row.is_multiple_of(period) { "good" } else { "3.5" };
            (0..400).map(move |row| rating(row).to_owned())
        };
        let error = check(texts(10)).unwrap_err();
        assert!(error.contains("the first is line 2: expected 0.5 to 5.0 in halves"), "{error}");
        // 5 % are tolerated, and so are a few rows of a small file.
        assert_eq!(check(texts(20)), Ok(()));
        assert_eq!(check(of(15, 10)), Ok(()));
    }
}
