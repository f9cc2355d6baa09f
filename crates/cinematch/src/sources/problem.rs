//! Problems with single rows and errors for whole files, shared by all decoders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Kind of a problem with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The record does not have the header's number of fields, or a quote is not closed.
    MalformedRecord,
    /// The record is not UTF-8.
    InvalidEncoding,
    /// An invalid value: not a number, negative, or out of range.
    InvalidValue,
    /// A required value is empty.
    MissingValue,
    /// An id occurs a second time.
    DuplicateId,
    /// An id refers to an unknown movie.
    UnknownReference,
}

/// Effect of a problem on its row.
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

/// A problem with one row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Name of the file, as given on the command line or in the settings.
    pub file: String,
    /// Line on which the record starts, from 1.
    pub line: u64,
    /// Name of the column, if the problem concerns a single column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Kind of the problem.
    pub kind: ProblemKind,
    /// Effect on the row.
    pub outcome: Outcome,
    /// Message with the expected and the actual value.
    pub reason: String,
}

/// Numbers of problems that are counted but not listed, by column, kind and outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlisted(BTreeMap<(Option<String>, ProblemKind, Outcome), u64>);

impl Unlisted {
    /// Counts a problem. Returns the number of problems with its column, kind and outcome.
    pub(crate) fn add(&mut self, problem: &Problem) -> u64 {
        let key = (problem.field.clone(), problem.kind, problem.outcome);
        let count = self.0.entry(key).or_default();
        *count += 1;
        *count
    }

    /// Adds the counts of `other`.
    pub(crate) fn append(&mut self, other: Self) {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
    }

    /// Returns the total number of unlisted problems.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the number of unlisted problems with this column, kind and outcome.
    pub(crate) fn count(&self, field: Option<&str>, kind: ProblemKind, outcome: Outcome) -> u64 {
        self.0.get(&(field.map(str::to_owned), kind, outcome)).copied().unwrap_or_default()
    }
}

/// Decoded records and problems of a file.
#[derive(Clone, Debug)]
pub struct Decoded<T> {
    /// Usable records, in file order.
    pub records: Vec<T>,
    /// Problems found in the file, in file order.
    pub problems: Vec<Problem>,
    /// Number of data rows, including unusable ones.
    pub rows: u64,
}

/// Error returned for a file that does not have the expected format.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The header lacks required columns.
    #[error(
        "{file} has the wrong header: column{} {} missing; expected `{expected}`, got `{found}`. \
         Check that the path names the right file and that its first line is the header",
        if missing.contains(", ") { "s" } else { "" }, missing
    )]
    WrongHeader {
        /// Name of the file.
        file: String,
        /// Missing columns, separated by `, `.
        missing: String,
        /// Expected header.
        expected: String,
        /// Actual header, shortened.
        found: String,
    },
    /// The file is empty.
    #[error("{file} is empty; expected the header `{expected}`")]
    Empty {
        /// Name of the file.
        file: String,
        /// Expected header.
        expected: String,
    },
}

/// Shortens a value to 60 characters on one line, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let one_line = |character| if matches!(character, '\n' | '\r') { '⏎' } else { character };
    let mut characters = text.chars().map(one_line);
    let mut short: String = characters.by_ref().take(MAX_CHARS).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
