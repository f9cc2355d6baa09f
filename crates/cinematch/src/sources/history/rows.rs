//! Helpers for exports that are a single table with IDs, shared by several importers.

use super::entry::{Entry, History};
use super::importer::CsvFile;
use super::values::{imdb_number, title, year};
use crate::ids::TmdbId;
use crate::rating::Stars;
use crate::sources::table::{Column, Row};
use crate::sources::values::whole_number;
use crate::sources::{Outcome, Problem, ProblemKind, SourceError, excerpt};

/// Places of the columns that identify a title in the decoder's columns.
pub(super) struct TitleColumns {
    pub title: usize,
    pub year: usize,
    pub imdb: Option<usize>,
    pub tmdb: Option<usize>,
}

/// Feedback in a row and the type of its item.
pub(super) struct RowFeedback<'a> {
    /// The entry's feedback.
    pub kind: super::EntryKind,
    /// Type of the item if it isn't a movie. TMDB numbers such items apart from movies.
    pub other: Option<&'a str>,
    /// True if the feedback belongs to a single viewing.
    pub is_viewing: bool,
}

/// Reads all rows into `history`. `feedback` returns `None` for rows to leave out. Rows without a title and ID, and
/// rows of the wrong length without an ID, are reported.
pub(super) fn read<'a>(
    csv: &CsvFile<'a>,
    columns: &[Column],
    of_title: &TitleColumns,
    history: &mut History,
    mut feedback: impl FnMut(&Row<'_, 'a>, &mut Vec<Problem>) -> Option<RowFeedback<'static>>,
) -> Result<(), SourceError> {
    let mut problems = std::mem::take(&mut history.problems);
    let file = csv.name;
    history.rows = csv.read_ragged(columns, &mut problems, |row, problems| {
        let value = |column: Option<usize>| column.map_or("", |column| row.get(column));
        let imdb_id = imdb_number(value(of_title.imdb));
        let tmdb_id = whole_number(value(of_title.tmdb)).map(TmdbId);
        let name = title(row.get(of_title.title));
        let has_id = imdb_id.is_some() || tmdb_id.is_some();
        if !has_id && (name.is_empty() || row.is_ragged) {
            let kind = ProblemKind::MissingValue;
            let reason = "expected a title or an ID";
            problems.push(row.problem(of_title.title, kind, Outcome::RowDropped, reason));
            return;
        }
        let Some(RowFeedback { kind, other, is_viewing }) = feedback(row, problems) else { return };
        let entry = Entry {
            imdb_id,
            tmdb_id: tmdb_id.filter(|_| other.is_none()),
            is_diary_rating: is_viewing,
            ..Entry::new(name, year(row.get(of_title.year)), kind, file, row.line)
        };
        match other {
            None => history.entries.push(entry),
            Some(kind) => history.add_other(entry, kind),
        }
    })?;
    history.problems = problems;
    Ok(())
}

/// Parses the rating in `column` with `parse`. An empty value is no rating, and an invalid one is reported.
pub(super) fn rating(
    row: &Row<'_, '_>,
    column: usize,
    (parse, expected): (fn(&str) -> Option<Stars>, &str),
    problems: &mut Vec<Problem>,
) -> Option<Stars> {
    let text = row.get(column);
    let stars = parse(text);
    if stars.is_none() && !text.is_empty() {
        let reason = format!("expected {expected}, got `{}`", excerpt(text));
        let (kind, outcome) = (ProblemKind::InvalidValue, Outcome::ValueEmptied);
        problems.push(row.problem(column, kind, outcome, reason));
    }
    stars
}

/// Returns the type of an item that isn't a movie, as one of the names that services use; `None` for a movie and for
/// an empty type.
pub(super) fn other_type(name: &str) -> Option<&'static str> {
    let lower = name.trim().to_ascii_lowercase();
    match lower.as_str() {
        "" | "movie" | "movies" | "film" => None,
        "tv" | "show" | "series" => Some("series"),
        "season" => Some("season"),
        "anime" => Some("anime"),
        "game" => Some("game"),
        "book" | "manga" | "comic" | "boardgame" => Some("book or game"),
        _ if lower.contains("episode") => Some("episode"),
        _ => Some("not a movie"),
    }
}
