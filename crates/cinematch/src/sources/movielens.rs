//! Decoders for the MovieLens files `movies.csv`, `links.csv`, `ratings.csv` and `tags.csv`.
//!
//! Source: F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context", 2015.

use std::borrow::Cow;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::problem::{Decoded, Outcome, Problem, ProblemKind, SourceError, excerpt};
use super::table::{self, Column, Row};
use super::values::{ID_EXPECTED, joined, whole_number};
use crate::ids::{MovieId, TmdbId, UserId};
use crate::rating::Stars;

/// A row of `movies.csv`, with the title and genres as written in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovieRow<'a> {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Title, such as `Matrix, The (1999)`.
    pub title: Cow<'a, str>,
    /// Genres, such as `Action|Sci-Fi|Thriller`.
    pub genres: Cow<'a, str>,
    /// Line number in the file, from 1.
    pub line: u64,
}

/// A row of `links.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow<'a> {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// IMDb ID without the `tt` prefix but with leading zeros; `None` if missing or invalid.
    pub imdb_id: Option<Cow<'a, str>>,
    /// TMDB ID; `None` if missing or invalid.
    pub tmdb_id: Option<TmdbId>,
    /// Line number in the file, from 1.
    pub line: u64,
}

/// A row of `ratings.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatingRow {
    /// MovieLens ID of the user who rated the movie.
    pub user_id: UserId,
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Rating, 0.5 to 5 stars.
    pub stars: Stars,
    /// Time of the rating, in seconds since 1970, UTC. Overflows in 2106.
    pub timestamp: u32,
}

/// A row of `tags.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRow {
    /// MovieLens ID of the user who added the tag.
    pub user_id: UserId,
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// The tag as the user wrote it.
    pub tag: String,
    /// Time when the tag was added, in seconds since 1970, UTC; `None` if missing or invalid.
    pub timestamp: Option<u32>,
}

/// Decodes `movies.csv`. If an ID appears more than once, the first row is kept.
pub fn movies<'a>(file: &str, bytes: &'a [u8]) -> Result<Decoded<MovieRow<'a>>, SourceError> {
    const COLUMNS: [Column; 3] = [
        Column::required("movieId"),
        Column::required("title").multiline(),
        Column::required("genres"),
    ];
    let mut records: Vec<MovieRow<'a>> = Vec::with_capacity(table::row_capacity(bytes));
    let mut problems = Vec::new();
    let mut seen = FxHashMap::with_capacity_and_hasher(records.capacity(), FxBuildHasher);
    let rows = table::read(file, bytes, &COLUMNS, &mut problems, |row, problems| {
        let Some(movie_id) = row.require::<MovieId>(0, ID_EXPECTED, problems) else { return };
        if row.get(1).is_empty() {
            let reason = format!("movie {movie_id} has no title");
            problems.push(row.problem(1, ProblemKind::MissingValue, Outcome::RowDropped, reason));
            return;
        }
        if let Some(first) = seen.get(&movie_id) {
            let reason =
                format!("movie {movie_id} already appears on line {first}; the first row is kept");
            problems.push(row.problem(0, ProblemKind::DuplicateId, Outcome::RowDropped, reason));
            return;
        }
        seen.insert(movie_id, row.line);
        records.push(MovieRow {
            movie_id,
            title: row.get_cow(1),
            genres: row.get_cow(2),
            line: row.line,
        });
    })?;
    Ok(Decoded { records, problems, rows })
}

/// Normalizes a `|`-separated genre list: lowercases and trims each genre, and removes duplicates and
/// `(no genres listed)`.
pub(crate) fn genres(raw: &str) -> String {
    const NONE: &str = "(no genres listed)";
    let lower = raw.to_lowercase();
    let genres = joined(&lower);
    if !genres.contains(NONE) {
        return genres.into_owned();
    }
    let listed: Vec<&str> = genres.split('|').filter(|genre| *genre != NONE).collect();
    listed.join("|")
}

/// Decodes `links.csv`. If a movie appears more than once, the first row is kept. Invalid IDs become
/// `None`.
pub fn links<'a>(file: &str, bytes: &'a [u8]) -> Result<Decoded<LinkRow<'a>>, SourceError> {
    const COLUMNS: [Column; 3] =
        [Column::required("movieId"), Column::required("imdbId"), Column::required("tmdbId")];
    let mut records: Vec<LinkRow<'a>> = Vec::with_capacity(table::row_capacity(bytes));
    let mut problems = Vec::new();
    let mut seen = FxHashMap::with_capacity_and_hasher(records.capacity(), FxBuildHasher);
    let rows = table::read(file, bytes, &COLUMNS, &mut problems, |row, problems| {
        let Some(movie_id) = row.require::<MovieId>(0, ID_EXPECTED, problems) else { return };
        if let Some(first) = seen.get(&movie_id) {
            let reason =
                format!("movie {movie_id} already appears on line {first}; the first row is kept");
            problems.push(row.problem(0, ProblemKind::DuplicateId, Outcome::RowDropped, reason));
            return;
        }
        seen.insert(movie_id, row.line);
        let mut report_emptied = |column: usize, expected: &str| {
            let reason = format!("expected {expected}, got `{}`", excerpt(row.get(column)));
            let kind = ProblemKind::InvalidValue;
            problems.push(row.problem(column, kind, Outcome::ValueEmptied, reason));
        };
        let imdb_id = match row.get_cow(1) {
            digits if digits.is_empty() => None,
            digits if digits.len() >= IMDB_DIGITS && is_number(&digits) => Some(digits),
            other => {
                let digits = other.strip_prefix("tt").unwrap_or(&other);
                let padded = is_number(digits).then(|| format!("{digits:0>IMDB_DIGITS$}"));
                if padded.is_none() {
                    report_emptied(1, "digits such as 0114709");
                }
                padded.map(Cow::Owned)
            }
        };
        let tmdb_id = match row.get(2) {
            "" => None,
            text => {
                let id = whole_number(text).map(TmdbId);
                if id.is_none() {
                    report_emptied(2, "a whole number above 0");
                }
                id
            }
        };
        records.push(LinkRow { movie_id, imdb_id, tmdb_id, line: row.line });
    })?;
    Ok(Decoded { records, problems, rows })
}

/// Minimum number of digits in an IMDb ID. Spreadsheets drop leading zeros, so shorter IDs are padded.
const IMDB_DIGITS: usize = 7;

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The columns of `ratings.csv`.
pub(super) const RATING_COLUMNS: [Column; 4] = [
    Column::required("userId"),
    Column::required("movieId"),
    Column::required("rating"),
    Column::required("timestamp"),
];

/// The columns of a user history file: those of `ratings.csv`, but with an optional timestamp.
pub(super) const HISTORY_COLUMNS: [Column; 4] =
    [RATING_COLUMNS[0], RATING_COLUMNS[1], RATING_COLUMNS[2], Column::optional("timestamp")];

/// Decodes a small `ratings.csv`. If a user rated a movie more than once, returns all of the ratings. Use
/// [`super::ratings`] for large files.
pub fn ratings(file: &str, bytes: &[u8]) -> Result<Decoded<RatingRow>, SourceError> {
    table::decode(file, bytes, &RATING_COLUMNS, rating)
}

/// Parses a row of `ratings.csv`. If a value is invalid, reports a problem and returns `None`.
pub(super) fn rating(row: &Row<'_, '_>, problems: &mut Vec<Problem>) -> Option<RatingRow> {
    let user_id = row.require(0, ID_EXPECTED, problems)?;
    let movie_id = row.require(1, ID_EXPECTED, problems)?;
    let stars = row.require::<f32>(2, "0.5 to 5.0 in halves", problems)?;
    let Some(stars) = Stars::from_value(stars) else {
        let reason = format!("expected 0.5 to 5.0 in halves, got `{}`", excerpt(row.get(2)));
        problems.push(row.problem(2, ProblemKind::InvalidValue, Outcome::RowDropped, reason));
        return None;
    };
    // In a history file, some or all rows may have no timestamp.
    let is_omitted = row.get(3).is_empty() && row.is_optional(3);
    let timestamp = if is_omitted { 0 } else { row.require(3, "seconds since 1970", problems)? };
    Some(RatingRow { user_id, movie_id, stars, timestamp })
}

/// Decodes `tags.csv`. Invalid timestamps become `None`.
pub fn tags(file: &str, bytes: &[u8]) -> Result<Decoded<TagRow>, SourceError> {
    const COLUMNS: [Column; 4] = [
        Column::required("userId"),
        Column::required("movieId"),
        Column::required("tag").multiline(),
        Column::optional("timestamp"),
    ];
    let mut records = Vec::new();
    let mut problems = Vec::new();
    let rows = table::read(file, bytes, &COLUMNS, &mut problems, |row, problems| {
        let Some(user_id) = row.require(0, ID_EXPECTED, problems) else { return };
        let Some(movie_id) = row.require(1, ID_EXPECTED, problems) else { return };
        if row.get(2).is_empty() {
            let reason = "the tag is empty";
            problems.push(row.problem(2, ProblemKind::MissingValue, Outcome::RowDropped, reason));
            return;
        }
        let timestamp = row.get(3).parse().ok();
        if row.has(3) && timestamp.is_none() {
            let reason = format!("expected seconds since 1970, got `{}`", excerpt(row.get(3)));
            let kind = ProblemKind::InvalidValue;
            problems.push(row.problem(3, kind, Outcome::ValueEmptied, reason));
        }
        records.push(TagRow { user_id, movie_id, tag: row.get(2).to_owned(), timestamp });
    })?;
    Ok(Decoded { records, problems, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genres_removes_the_no_genre_marker_and_duplicates() {
        assert_eq!(genres("(no genres listed)"), "");
        assert_eq!(genres("Comedy| (No Genres Listed) |Sci-Fi"), "comedy|sci-fi");
        assert_eq!(genres("Action|ACTION| action ||Thriller"), "action|thriller");
    }

    #[test]
    fn movies_keeps_the_first_row_of_a_repeated_id() {
        let csv = b"movieId,title,genres\n1,A (1999),Drama\n1,B (2000),Drama\n2,,Drama\n3,C,\n";
        let decoded = movies("movies.csv", csv).unwrap();
        let titles: Vec<&str> = decoded.records.iter().map(|row| row.title.as_ref()).collect();
        assert_eq!(titles, ["A (1999)", "C"]);
        assert_eq!(decoded.rows, 4);
        let reasons: Vec<&str> = decoded.problems.iter().map(|p| p.reason.as_str()).collect();
        assert_eq!(
            reasons,
            ["movie 1 already appears on line 2; the first row is kept", "movie 2 has no title"]
        );
    }

    #[test]
    fn links_keeps_leading_zeros_and_repairs_ids_changed_by_spreadsheets() {
        let csv = b"movieId,imdbId,tmdbId\r\n1,0114709,862\r\n2,113497,8844.0\r\n3,,\r\n\
                    4,nm1,-5\r\n5,tt12345678,0\r\n";
        let decoded = links("links.csv", csv).unwrap();
        let rows: Vec<(Option<&str>, Option<u32>)> = decoded
            .records
            .iter()
            .map(|row| (row.imdb_id.as_deref(), row.tmdb_id.map(|id| id.0)))
            .collect();
        assert_eq!(
            rows,
            [
                (Some("0114709"), Some(862)),
                (Some("0113497"), Some(8844)),
                (None, None),
                (None, None),
                (Some("12345678"), None)
            ]
        );
        let fields: Vec<(u64, &str)> = decoded
            .problems
            .iter()
            .map(|problem| (problem.line, problem.field.as_deref().unwrap()))
            .collect();
        assert_eq!(fields, [(5, "imdbId"), (5, "tmdbId"), (6, "tmdbId")]);
    }

    #[test]
    fn tags_returns_no_timestamp_if_it_is_missing_or_invalid() {
        let times = |csv: &[u8]| {
            let decoded = tags("tags.csv", csv).unwrap();
            let times: Vec<Option<u32>> = decoded.records.iter().map(|row| row.timestamp).collect();
            (times, decoded.problems.len())
        };
        assert_eq!(times(b"userId,movieId,tag\n1,2,dark\n"), (vec![None], 0));
        let csv = b"userId,movieId,tag,timestamp\n1,2,dark,12\n1,3,fun,soon\n1,4,,13\n";
        assert_eq!(times(csv), (vec![Some(12), None], 2));
    }

    #[test]
    fn ratings_reports_values_off_the_scale_and_negative_timestamps() {
        let csv = b"userId,movieId,rating,timestamp\n1,1,4.5,10\n1,2,0.0,10\n1,3,4.25,10\n\
                    1,4,NaN,10\n1,5,5.0,-1\n";
        let decoded = ratings("ratings.csv", csv).unwrap();
        assert_eq!(decoded.records.len(), 1);
        assert_eq!(decoded.problems.len(), 4);
        assert!(decoded.problems[0].reason.contains("expected 0.5 to 5.0 in halves, got `0.0`"));
    }
}
