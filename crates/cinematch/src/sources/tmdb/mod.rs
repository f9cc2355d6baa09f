//! Decoder for `tmdb_metadata.csv`: TMDB metadata in CineMatch's own format, one row per movie.
//!
//! Invalid values are emptied and reported. TMDB writes 0 for an unknown runtime, and for the average
//! vote of a movie with no votes.

pub mod dumps;
pub mod facts;
mod literal;

use std::borrow::Cow;

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::date::Date;
use crate::ids::TmdbId;
use crate::sources::problem::{Decoded, Outcome, Problem, ProblemKind, SourceError, excerpt};
use crate::sources::table::{self, Column, Row};
use crate::sources::values::whole_number;

/// TMDB metadata for a movie. List items are separated by `|`, in file order, and can be split with
/// [`list`](crate::sources::values::list). Unknown strings and lists are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct TmdbRow<'a> {
    /// TMDB ID.
    pub tmdb_id: TmdbId,
    /// Title on TMDB.
    pub title: Cow<'a, str>,
    /// Title in the original language.
    pub original_title: Cow<'a, str>,
    /// Titles in other countries.
    pub alternative_titles: Cow<'a, str>,
    /// IMDb ID, such as `tt0133093`.
    pub imdb_id: Cow<'a, str>,
    /// Plot summary.
    pub overview: Cow<'a, str>,
    /// Runtime in minutes, at least 1.
    pub runtime: Option<u32>,
    /// TMDB popularity score, 0 or higher.
    pub popularity: Option<f32>,
    /// Number of votes on TMDB.
    pub vote_count: Option<u32>,
    /// Average vote on TMDB, 0 to 10; `None` if there are no votes.
    pub vote_average: Option<f32>,
    /// Keywords assigned on TMDB.
    pub keywords: Cow<'a, str>,
    /// Actors, in billing order.
    pub cast: Cow<'a, str>,
    /// Names of the directors.
    pub directors: Cow<'a, str>,
    /// ISO 639-1 code of the original language.
    pub original_language: Cow<'a, str>,
    /// Poster path on TMDB's image host.
    pub poster_path: Cow<'a, str>,
    /// Name of the collection that the movie belongs to, such as `Toy Story Collection`.
    pub collection: Cow<'a, str>,
    /// True for adult movies; false if unknown.
    pub is_adult: bool,
    /// Status of the production, such as `Released` or `Planned`.
    pub status: Cow<'a, str>,
    /// Date of the first release, which may be in the future.
    pub release_date: Option<Date>,
    /// Date on which the row was fetched from TMDB.
    pub fetched_on: Option<Date>,
    /// Country and name of each certificate, such as `DE:12|US:PG-13`.
    pub certifications: Cow<'a, str>,
    /// Names of the streaming services that offer the movie, if provider data was fetched.
    pub services: Cow<'a, str>,
}

/// A decoded `tmdb_metadata.csv` file.
#[derive(Clone, Debug)]
pub struct TmdbFile<'a> {
    /// Rows and any problems found in them.
    pub decoded: Decoded<TmdbRow<'a>>,
    /// True if the file has a `services` column, which means that provider data was fetched.
    pub has_services: bool,
}

const COLUMNS: [Column; 22] = [
    Column::required("tmdb_id"),
    Column::required("overview").multiline(),
    Column::required("runtime"),
    Column::required("popularity"),
    Column::required("vote_count"),
    Column::required("vote_average"),
    Column::required("keywords"),
    Column::required("cast_top"),
    Column::required("director"),
    Column::optional("original_language"),
    Column::optional("poster_path"),
    Column::optional("services"),
    Column::optional("title"),
    Column::optional("collection"),
    Column::optional("adult"),
    Column::optional("status"),
    Column::optional("release_date"),
    Column::optional("fetched_on"),
    Column::optional("certifications"),
    Column::optional("original_title").multiline(),
    Column::optional("alternative_titles").multiline(),
    Column::optional("imdb_id"),
];

/// Maximum valid runtime in minutes. The longest movie ever made runs for 51,420 minutes.
const MAX_RUNTIME: u32 = 60_000;

/// Decodes `tmdb_metadata.csv`. If an ID appears more than once, the last row is kept, because it was
/// fetched last.
pub fn metadata<'a>(file: &str, bytes: &'a [u8]) -> Result<TmdbFile<'a>, SourceError> {
    let mut records: Vec<TmdbRow<'a>> = Vec::with_capacity(table::row_capacity(bytes));
    let mut problems = Vec::new();
    let mut seen = FxHashMap::with_capacity_and_hasher(records.capacity(), FxBuildHasher);
    let mut has_services = false;
    let rows = table::read(file, bytes, &COLUMNS, &mut problems, |row, problems| {
        let Some(tmdb_id) = whole_number(row.get(0)).map(TmdbId) else {
            let reason = format!("expected a whole number above 0, got `{}`", excerpt(row.get(0)));
            let kind = ProblemKind::InvalidValue;
            problems.push(row.problem(0, kind, Outcome::RowDropped, reason));
            return;
        };
        has_services |= row.has(11);
        let record = decode(tmdb_id, row, problems);
        if let Some(index) = seen.insert(tmdb_id, records.len()) {
            let reason = format!("TMDB ID {tmdb_id} appears more than once; the later row is kept");
            let outcome = Outcome::EarlierRowReplaced;
            problems.push(row.problem(0, ProblemKind::DuplicateId, outcome, reason));
            records[index] = record;
            seen.insert(tmdb_id, index);
        } else {
            records.push(record);
        }
    })?;
    Ok(TmdbFile { decoded: Decoded { records, problems, rows }, has_services })
}

fn decode<'a>(tmdb_id: TmdbId, row: &Row<'_, 'a>, problems: &mut Vec<Problem>) -> TmdbRow<'a> {
    let mut values = Values { row, problems };
    let runtime = values.number(2, &format!("1 to {MAX_RUNTIME} minutes"), |text| {
        whole_number(text).filter(|minutes| *minutes <= MAX_RUNTIME)
    });
    let popularity = values.number(3, "0 or more", |text| finite(text, 0.0..=f32::MAX));
    let vote_count = values.number(4, "a whole number, 0 or more", |text| match text {
        "0" | "0.0" => Some(0),
        _ => whole_number(text),
    });
    let vote_average = match (values.row.get(5), vote_count) {
        // The average of a movie with no votes is missing, not invalid.
        ("0" | "0.0" | "0.000", _) | (_, Some(0)) => None,
        _ => values.number(5, "0 to 10", |text| finite(text, 0.0..=10.0)),
    };
    let is_adult = values.number(14, "true or false", |text| match text {
        "true" | "True" => Some(true),
        "false" | "False" => Some(false),
        _ => None,
    });
    let mut date =
        |column| values.number(column, "a date such as 1999-10-15", |text| text.parse().ok());
    let (release_date, fetched_on) = (date(16), date(17));
    // An invalid certificate is reported and the others are kept, since movies without any may count as suitable.
    values.number(18, "certificates such as DE:12|US:PG-13", |text| {
        text.split('|').all(is_certification).then_some(())
    });
    TmdbRow {
        tmdb_id,
        overview: row.get_cow(1),
        runtime,
        popularity,
        vote_count,
        vote_average,
        keywords: row.get_cow(6),
        cast: row.get_cow(7),
        directors: row.get_cow(8),
        original_language: row.get_cow(9),
        poster_path: row.get_cow(10),
        services: row.get_cow(11),
        title: row.get_cow(12),
        original_title: row.get_cow(19),
        alternative_titles: row.get_cow(20),
        imdb_id: row.get_cow(21),
        collection: row.get_cow(13),
        is_adult: is_adult.unwrap_or(false),
        status: row.get_cow(15),
        release_date,
        fetched_on,
        certifications: row.get_cow(18),
    }
}

/// Returns true if `text` is a country (ISO 3166-1), a colon and the name of a certificate.
fn is_certification(text: &str) -> bool {
    text.split_once(':').is_some_and(|(country, name)| {
        country.len() == 2 && country.bytes().all(|it| it.is_ascii_uppercase()) && !name.is_empty()
    })
}

struct Values<'r, 'a> {
    row: &'r Row<'r, 'a>,
    problems: &'r mut Vec<Problem>,
}

impl Values<'_, '_> {
    fn number<T>(
        &mut self,
        column: usize,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.row.get(column);
        if text.is_empty() {
            return None;
        }
        let value = parse(text);
        if value.is_none() {
            let reason = format!("expected {expected}, got `{}`", excerpt(text));
            let kind = ProblemKind::InvalidValue;
            self.problems.push(self.row.problem(column, kind, Outcome::ValueEmptied, reason));
        }
        value
    }
}

fn finite(text: &str, range: std::ops::RangeInclusive<f32>) -> Option<f32> {
    text.parse().ok().filter(|value| range.contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::values::list;

    const HEADER: &str = "tmdb_id,title,release_date,runtime,popularity,vote_count,vote_average,\
                          genres,overview,keywords,cast_top,director\n";

    #[test]
    fn empties_and_reports_invalid_values() {
        let csv = format!(
            "{HEADER}1,A,,0,-1,-2,11,drama,\"two\nlines\",x| y||x,P|Q,D\n2,B,,95.0,1.5,0,0.0,,,,,\n"
        );
        let file = metadata("t.csv", csv.as_bytes()).unwrap();
        let first = &file.decoded.records[0];
        assert_eq!(first.overview, "two\nlines");
        assert_eq!((first.runtime, first.popularity, first.vote_count), (None, None, None));
        assert_eq!(list(&first.keywords), ["x", "y"]);
        let fields: Vec<&str> =
            file.decoded.problems.iter().map(|p| p.field.as_deref().unwrap()).collect();
        assert_eq!(fields, ["runtime", "popularity", "vote_count", "vote_average"]);
        let second = &file.decoded.records[1];
        assert_eq!(
            (second.runtime, second.vote_count, second.vote_average),
            (Some(95), Some(0), None)
        );
        assert!(!file.has_services);
    }

    #[test]
    fn reports_an_invalid_certificate_and_keeps_the_others() {
        let header = HEADER.trim_end();
        let csv =
            format!("{header},certifications\n1,A,,90,,,,,,,,,DE:12|PG\n2,B,,90,,,,,,,,,US:R\n");
        let file = metadata("t.csv", csv.as_bytes()).unwrap();
        let [problem] = &file.decoded.problems[..] else { panic!("{:?}", file.decoded.problems) };
        assert_eq!((problem.line, problem.field.as_deref()), (2, Some("certifications")));
        assert_eq!(list(&file.decoded.records[0].certifications), ["DE:12", "PG"]);
    }

    #[test]
    fn keeps_the_last_row_of_a_repeated_id() {
        let csv = format!("{HEADER}1,A,,90,,,,,old,,,\n2,B,,90,,,,,,,,\n1,A,,91,,,,,new,,,\n");
        let file = metadata("t.csv", csv.as_bytes()).unwrap();
        assert_eq!(file.decoded.records.len(), 2);
        assert_eq!(file.decoded.records[0].overview, "new");
        assert_eq!(file.decoded.problems[0].outcome, Outcome::EarlierRowReplaced);
    }
}
