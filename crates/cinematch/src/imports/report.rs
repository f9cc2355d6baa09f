//! Report on an import, with the result for each row.

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};

use super::candidates::{self, CandidateMovie};
use crate::catalog::matching::Match;
use crate::catalog::{Movie, count_problems};
use crate::ids::MovieId;
use crate::sources::Problem;
use crate::sources::history::{Entry, EntryKind, History, ListMeaning, Service, Skipped};

/// How a row was matched to a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// Matched by ID.
    Id,
    /// Matched by title. If the year is missing or off by one, [`RowReport::fuzzy`] is true.
    Title,
    /// Several movies match, or one that may be another work.
    Ambiguous,
    /// No catalog movie matches.
    Unmatched,
}

/// The match result for one row of an export.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowReport {
    /// Name of the file that contains the row.
    pub file: String,
    /// Line number, or position in a JSON list, counting from 1.
    pub line: u64,
    /// Title as written in the file.
    pub title: String,
    /// Release year in the file; `None` if missing or invalid.
    pub year: Option<u16>,
    /// The feedback in the row: a rating, a like, a viewing or a watchlist entry.
    #[serde(rename = "said")]
    pub kind: EntryKind,
    /// How the row was matched.
    pub matched: Matched,
    /// True if the row matched by title but its year is missing or off by one.
    pub fuzzy: bool,
    /// MovieLens ID of the matched movie; `None` if the row is ambiguous or unmatched.
    pub movie_id: Option<MovieId>,
    /// MovieLens IDs of up to five candidates for an ambiguous row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<MovieId>,
    /// The movies in `candidates`, with their titles, years and what sets them apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "candidate_films")]
    pub candidate_movies: Vec<CandidateMovie>,
}

/// A title in an import that may refer to other movies, with all of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct AmbiguousTitle<'a> {
    /// Title as written in the files.
    pub title: &'a str,
    /// Release year in the files; `None` if missing or invalid.
    pub year: Option<u16>,
    /// Movies that the title may refer to.
    pub candidates: &'a [CandidateMovie],
    /// The feedback in the rows, in their original order.
    pub kinds: Vec<EntryKind>,
}

/// A user-defined list that was not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListReport {
    /// Name of the file that contains the list.
    pub file: String,
    /// Name of the list.
    pub name: String,
    /// Number of rows that were not imported.
    pub rows: usize,
}

/// Report on an import. Each row is matched, ambiguous, unmatched, skipped, invalid or
/// on a list that was not imported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchReport {
    /// Service that each file comes from.
    pub services: Vec<Service>,
    /// Total number of rows, including skipped and unreadable ones.
    pub rows: u64,
    /// Number of rows matched by ID.
    pub by_id: usize,
    /// Number of rows matched by title.
    pub by_title: usize,
    /// Number of rows matched by title whose year is missing or off by one.
    pub fuzzy: usize,
    /// Number of rows that match more than one movie.
    pub ambiguous: usize,
    /// Number of rows about movies that aren't in the catalog.
    pub unmatched: usize,
    /// Number of rows about series, episodes and other items that aren't movies.
    pub skipped: usize,
    /// Rows and values that could not be read, in file order. Serialized as counts.
    #[serde(serialize_with = "serialize_counts")]
    pub problems: Vec<Problem>,
    /// Rows about items that aren't movies.
    pub skipped_rows: Vec<Skipped>,
    /// User-defined lists that were not imported.
    pub lists: Vec<ListReport>,
    /// The meaning of user-defined lists in this import.
    pub list_meaning: ListMeaning,
    /// Results for the readable rows about movies, in file order.
    pub matches: Vec<RowReport>,
}

fn serialize_counts<S: Serializer>(problems: &[Problem], serializer: S) -> Result<S::Ok, S::Error> {
    count_problems(problems).serialize(serializer)
}

impl MatchReport {
    /// Creates the report from decoded exports and the match for each of their entries.
    pub(super) fn new(
        histories: Vec<History>,
        found: Vec<Vec<Match>>,
        movies: &[Movie],
        list_meaning: ListMeaning,
    ) -> Self {
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
            lists: Vec::new(),
            list_meaning,
            matches: Vec::new(),
        };
        for (history, found) in histories.into_iter().zip(found) {
            report.services.push(history.service);
            report.rows += history.rows;
            report.problems.extend(history.problems);
            report.skipped_rows.extend(history.skipped);
            report.lists.extend(history.lists.into_iter().map(|list| ListReport {
                file: list.file,
                name: list.name,
                rows: list.entries.len() + list.others.len(),
            }));
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

    /// Returns the distinct ambiguous titles, in the order of their first rows. O(rows).
    pub fn ambiguous_titles(&self) -> Vec<AmbiguousTitle<'_>> {
        let mut titles: Vec<AmbiguousTitle<'_>> = Vec::new();
        let mut positions: FxHashMap<(&str, Option<u16>, &[MovieId]), usize> = FxHashMap::default();
        for row in self.rows_by_match(Matched::Ambiguous) {
            let key = (row.title.as_str(), row.year, row.candidates.as_slice());
            let position = *positions.entry(key).or_insert(titles.len());
            if position == titles.len() {
                titles.push(AmbiguousTitle {
                    title: &row.title,
                    year: row.year,
                    candidates: &row.candidate_movies,
                    kinds: Vec::new(),
                });
            }
            titles[position].kinds.push(row.kind);
        }
        titles
    }

    /// Returns the rows whose result is `matched`, in their original order.
    pub fn rows_by_match(&self, matched: Matched) -> impl Iterator<Item = &RowReport> {
        self.matches.iter().filter(move |row| row.matched == matched)
    }
}

impl RowReport {
    fn new(entry: Entry, found: &Match, movies: &[Movie]) -> Self {
        let candidate_movies = match found {
            Match::Ambiguous(candidates) => candidates::describe(candidates, movies),
            _ => Vec::new(),
        };
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
