//! Decoders: bytes → records *and* problems. A bad row is data, not a failure: it is left out or
//! mended, and said so with its file, line and field. Only a file that cannot be the right one (its
//! header is wrong) is an error.

pub mod history;
pub mod movielens;
pub mod ratings;
pub mod table;
pub mod tmdb;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The record does not have the header's number of fields, or its quotes do not close.
    MalformedRecord,
    /// The record is not UTF-8.
    InvalidEncoding,
    /// A value that cannot be: not a number, negative, outside its range.
    InvalidValue,
    /// A value that must be there is not.
    MissingValue,
    /// An id that came before.
    DuplicateId,
    /// An id that no film has.
    UnknownReference,
}

/// What became of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The row is not in the result.
    RowDropped,
    /// The row is in the result, without this value.
    ValueEmptied,
    /// The row replaced an earlier one with the same id.
    EarlierRowReplaced,
}

/// One thing that was wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file, as it was named on the command line or in the settings.
    pub file: String,
    /// The line the record starts on, from 1.
    pub line: u64,
    /// The column, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was wrong.
    pub kind: ProblemKind,
    /// What became of the row.
    pub outcome: Outcome,
    /// A sentence for people, with what was expected and what was found.
    pub reason: String,
}

/// Problems beyond those listed, counted by column and sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlisted(BTreeMap<(Option<String>, ProblemKind, Outcome), u64>);

impl Unlisted {
    /// Counts one more, and gives how many of its sort there are.
    pub(crate) fn add(&mut self, problem: &Problem) -> u64 {
        let sort = (problem.field.clone(), problem.kind, problem.outcome);
        let count = self.0.entry(sort).or_default();
        *count += 1;
        *count
    }

    /// Takes the counts of another over.
    pub(crate) fn append(&mut self, other: Self) {
        for (sort, count) in other.0 {
            *self.0.entry(sort).or_default() += count;
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many there are of one column and sort.
    pub fn of(&self, field: Option<&str>, kind: ProblemKind, outcome: Outcome) -> u64 {
        self.0.get(&(field.map(str::to_owned), kind, outcome)).copied().unwrap_or_default()
    }
}

/// Records, and what was wrong with the others.
#[derive(Clone, Debug)]
pub struct Decoded<T> {
    /// The usable records, in file order.
    pub records: Vec<T>,
    /// What was wrong, in file order.
    pub problems: Vec<Problem>,
    /// Data rows seen, good and bad.
    pub rows: u64,
}

/// A file that cannot be read as what it should be.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The header lacks columns.
    #[error(
        "{file} has the wrong header: column{} {} missing; expected `{expected}`, got `{found}`. \
         Check that the path names the right file and that its first line is the header",
        if missing.contains(", ") { "s" } else { "" }, missing
    )]
    WrongHeader {
        /// The file.
        file: String,
        /// The missing columns, joined by `, `.
        missing: String,
        /// The expected header.
        expected: String,
        /// The first line found, shortened.
        found: String,
    },
    /// There is nothing in it.
    #[error("{file} is empty; expected the header `{expected}`")]
    Empty {
        /// The file.
        file: String,
        /// The expected header.
        expected: String,
    },
}

/// Shortens a value for a message, on a character boundary.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let one_line = |character| if matches!(character, '\n' | '\r') { '⏎' } else { character };
    let mut characters = text.chars().map(one_line);
    let mut short: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
