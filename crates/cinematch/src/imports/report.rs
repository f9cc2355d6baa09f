//! Report of an import, with the result of every row.

use serde::{Serialize, Serializer};

use crate::catalog::matching::Match;
use crate::catalog::{Movie, count_problems};
use crate::ids::MovieId;
use crate::sources::Problem;
use crate::sources::history::{Entry, EntryKind, History, Service, Skipped};

/// Maximum number of candidates listed for an ambiguous row.
const MAX_CANDIDATES: usize = 5;

/// Result of matching a row to a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// Matched by id.
    Id,
    /// Matched by title. [`RowReport::fuzzy`] is true if the year is missing or off by one.
    Title,
    /// Several movies match.
    Ambiguous,
    /// No movie of the catalog matches.
    Unmatched,
}

/// A candidate for an ambiguous row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateMovie {
    /// MovieLens id of the movie.
    pub movie_id: MovieId,
    /// Title of the movie.
    pub title: String,
    /// Release year; `None` if unknown.
    pub year: Option<u16>,
}

/// Match result of one row of an export.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowReport {
    /// Name of the export file.
    pub file: String,
    /// Line in the file or position in a JSON list, from 1.
    pub line: u64,
    /// Title in the file.
    pub title: String,
    /// Release year in the file, if the row contains a valid one.
    pub year: Option<u16>,
    /// Feedback in the row: a rating, a like, a viewing or a watchlist entry.
    #[serde(rename = "said")]
    pub kind: EntryKind,
    /// Result of matching.
    pub matched: Matched,
    /// True if the title matched with a year that is missing or off by one.
    pub fuzzy: bool,
    /// Id of the matched movie; `None` if the row is ambiguous or unmatched.
    pub movie_id: Option<MovieId>,
    /// Candidates for an ambiguous row, at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<MovieId>,
    /// The movies of `candidates`, with title and year.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "candidate_films")]
    pub candidate_movies: Vec<CandidateMovie>,
}

/// Report of an import. Every row is matched, ambiguous, unmatched, skipped or a problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchReport {
    /// Service that wrote each file.
    pub services: Vec<Service>,
    /// Total number of rows, including skipped and unreadable ones.
    pub rows: u64,
    /// Number of rows matched by id.
    pub by_id: usize,
    /// Number of rows matched by title.
    pub by_title: usize,
    /// Number of rows matched by title with a year that is missing or off by one.
    pub fuzzy: usize,
    /// Number of rows that match several movies.
    pub ambiguous: usize,
    /// Number of rows about movies that are not in the catalog.
    pub unmatched: usize,
    /// Number of rows about series, episodes and other items that are not movies.
    pub skipped: usize,
    /// Unreadable rows and values, file by file. Serialized as counts.
    #[serde(serialize_with = "serialize_counts")]
    pub problems: Vec<Problem>,
    /// Rows about items that are not movies.
    pub skipped_rows: Vec<Skipped>,
    /// Results of the readable rows about movies, file by file.
    pub matches: Vec<RowReport>,
}

fn serialize_counts<S: Serializer>(problems: &[Problem], serializer: S) -> Result<S::Ok, S::Error> {
    count_problems(problems).serialize(serializer)
}

impl MatchReport {
    /// Creates the report from decoded exports and the matches of their entries.
    pub(super) fn new(histories: Vec<History>, found: Vec<Vec<Match>>, movies: &[Movie]) -> Self {
        let mut report = Self {
            services: Vec::new(),
            rows: 0,
            by_id: 0,
            by_title: 0,
            fuzzy: 0,
            ambiguous: 0,
            unmatched: 0,
            skipped: 0,
            problems: Vec::new(),
            skipped_rows: Vec::new(),
            matches: Vec::new(),
        };
        for (history, found) in histories.into_iter().zip(found) {
            report.services.push(history.service);
            report.rows += history.rows;
            report.problems.extend(history.problems);
            report.skipped_rows.extend(history.skipped);
            let rows = history.entries.into_iter().zip(found);
            report.matches.extend(rows.map(|(entry, found)| RowReport::new(entry, &found, movies)));
        }
        let count = |matched| report.matches.iter().filter(|row| row.matched == matched).count();
        report.by_id = count(Matched::Id);
        report.by_title = count(Matched::Title);
        report.ambiguous = count(Matched::Ambiguous);
        report.unmatched = count(Matched::Unmatched);
        report.fuzzy = report.matches.iter().filter(|row| row.fuzzy).count();
        report.skipped = report.skipped_rows.len();
        report
    }

    /// Returns the rows with the result `matched`, in the order of `matches`.
    pub fn rows_by_match(&self, matched: Matched) -> impl Iterator<Item = &RowReport> {
        self.matches.iter().filter(move |row| row.matched == matched)
    }
}

impl RowReport {
    fn new(entry: Entry, found: &Match, movies: &[Movie]) -> Self {
        let candidates = match found {
            Match::Ambiguous(movies) => &movies[..movies.len().min(MAX_CANDIDATES)],
            _ => &[],
        };
        let candidate_movies: Vec<CandidateMovie> = candidates
            .iter()
            .map(|movie| {
                let Movie { movie_id, title, year, .. } = &movies[movie.row()];
                CandidateMovie { movie_id: *movie_id, title: title.clone(), year: *year }
            })
            .collect();
        Self {
            file: entry.file,
            line: entry.line,
            title: entry.title,
            year: entry.year,
            kind: entry.kind,
            matched: match found {
                Match::ById(_) => Matched::Id,
                Match::ByTitle(_) | Match::ByTitleAndNearYear(_) => Matched::Title,
                Match::Ambiguous(_) => Matched::Ambiguous,
                Match::Unmatched => Matched::Unmatched,
            },
            fuzzy: matches!(found, Match::ByTitleAndNearYear(_)),
            movie_id: found.movie().map(|movie| movies[movie.row()].movie_id),
            candidates: candidate_movies.iter().map(|movie| movie.movie_id).collect(),
            candidate_movies,
        }
    }
}
