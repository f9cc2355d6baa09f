//! What became of every row of an import.

use serde::{Serialize, Serializer};

use crate::catalog::matching::Match;
use crate::catalog::{Movie, count_problems};
use crate::ids::MovieId;
use crate::sources::Problem;
use crate::sources::history::{Entry, History, Said, Service, Skipped};

/// Films named for a row that could be several.
const MOST_CANDIDATES: usize = 5;

/// How the film of a row was found, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// By number.
    Id,
    /// By title and year.
    Title,
    /// It could be several.
    Ambiguous,
    /// The catalogue does not have it.
    Unmatched,
}

/// A film that a row may be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateMovie {
    /// The film.
    pub movie_id: MovieId,
    /// Its title.
    pub title: String,
    /// The year of its release.
    pub year: Option<u16>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowReport {
    /// The file.
    pub file: String,
    /// Its line, or the place in a JSON list, from 1.
    pub line: u64,
    /// What the file calls the film.
    pub title: String,
    /// The year it gives.
    pub year: Option<u16>,
    /// What was said of it.
    pub said: Said,
    /// How it was found.
    pub matched: Matched,
    /// Whether by a year that is off by one or not given.
    pub fuzzy: bool,
    /// The film.
    pub movie_id: Option<MovieId>,
    /// What an ambiguous row could be, at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<MovieId>,
    /// The same with their titles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "candidate_films")]
    pub candidate_movies: Vec<CandidateMovie>,
}

/// What became of the rows of an import: each is found, ambiguous, unmatched, skipped or a problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchReport {
    /// Whose exports they were, file by file.
    pub services: Vec<Service>,
    /// Rows in all.
    pub rows: u64,
    /// Rows whose film was found by number.
    pub by_id: usize,
    /// Rows whose film was found by title.
    pub by_title: usize,
    /// Those of them with a year that is off by one or not given.
    pub fuzzy: usize,
    /// Rows that could be about several films.
    pub ambiguous: usize,
    /// Rows about films that the catalogue does not have.
    pub unmatched: usize,
    /// Rows about series and the like.
    pub skipped: usize,
    /// What could not be read, file by file; counted in JSON.
    #[serde(serialize_with = "counted")]
    pub problems: Vec<Problem>,
    /// The rows skipped.
    pub skipped_rows: Vec<Skipped>,
    /// The other rows, file by file.
    pub matches: Vec<RowReport>,
}

fn counted<S: Serializer>(problems: &[Problem], serializer: S) -> Result<S::Ok, S::Error> {
    count_problems(problems).serialize(serializer)
}

impl MatchReport {
    /// Of exports and what was found of their entries.
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
        let of = |wanted| report.matches.iter().filter(|row| row.matched == wanted).count();
        report.by_id = of(Matched::Id);
        report.by_title = of(Matched::Title);
        report.ambiguous = of(Matched::Ambiguous);
        report.unmatched = of(Matched::Unmatched);
        report.fuzzy = report.matches.iter().filter(|row| row.fuzzy).count();
        report.skipped = report.skipped_rows.len();
        report
    }

    /// The rows of which this became, in their order.
    pub fn rows_that_are(&self, matched: Matched) -> impl Iterator<Item = &RowReport> {
        self.matches.iter().filter(move |row| row.matched == matched)
    }
}

impl RowReport {
    fn new(entry: Entry, found: &Match, movies: &[Movie]) -> Self {
        let candidates = match found {
            Match::Ambiguous(films) => &films[..films.len().min(MOST_CANDIDATES)],
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
            said: entry.said,
            matched: match found {
                Match::ById(_) => Matched::Id,
                Match::ByTitle(_) | Match::ByTitleNearly(_) => Matched::Title,
                Match::Ambiguous(_) => Matched::Ambiguous,
                Match::Unmatched => Matched::Unmatched,
            },
            fuzzy: matches!(found, Match::ByTitleNearly(_)),
            movie_id: found.movie().map(|movie| movies[movie.row()].movie_id),
            candidates: candidate_movies.iter().map(|movie| movie.movie_id).collect(),
            candidate_movies,
        }
    }
}
