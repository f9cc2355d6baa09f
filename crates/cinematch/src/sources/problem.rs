//! Problems with individual rows and errors for whole files, shared by all decoders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The kind of problem found in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The record has the wrong number of fields, or a quote is not closed.
    MalformedRecord,
    /// The record is not valid UTF-8.
    InvalidEncoding,
    /// A value is not a number, is negative, or is out of range.
    InvalidValue,
    /// A required value is empty.
    MissingValue,
    /// An ID appears more than once.
    DuplicateId,
    /// An ID refers to a movie that doesn't exist.
    UnknownReference,
}

/// How the decoder handled a row with a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The row was left out of the result.
    RowDropped,
    /// The row was kept, but the invalid value was removed.
    ValueEmptied,
    /// The row replaced an earlier row with the same ID.
    EarlierRowReplaced,
}

/// A problem with one row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// File name as given on the command line or in the settings.
    pub file: String,
    /// Line where the record starts, from 1.
    pub line: u64,
    /// Column name, if the problem concerns a single column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The kind of problem.
    pub kind: ProblemKind,
    /// How the row was handled.
    pub outcome: Outcome,
    /// Message that gives the expected and the actual value.
    pub reason: String,
}

/// Number of problems that were counted but not listed, by column, kind and outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlisted(BTreeMap<(Option<String>, ProblemKind, Outcome), u64>);

impl Unlisted {
    /// Counts `problem`. Returns the number of problems counted so far with its column, kind and outcome.
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

    /// Returns the number of unlisted problems of all kinds but `kind`.
    pub(crate) fn total_except(&self, kind: ProblemKind) -> u64 {
        let counts = self.0.iter().filter(|((_, other, _), _)| *other != kind);
        counts.map(|(_, count)| count).sum()
    }

    /// Returns the number of unlisted problems with this column, kind and outcome.
    pub(crate) fn count(&self, field: Option<&str>, kind: ProblemKind, outcome: Outcome) -> u64 {
        self.0.get(&(field.map(str::to_owned), kind, outcome)).copied().unwrap_or_default()
    }
}

/// The records and problems decoded from a file.
#[derive(Clone, Debug)]
pub struct Decoded<T> {
    /// Valid records, in file order.
    pub records: Vec<T>,
    /// Problems, in file order.
    pub problems: Vec<Problem>,
    /// Number of data rows, including invalid ones.
    pub rows: u64,
}

/// Error returned when a file does not have the expected format.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The header is missing required columns.
    #[error(
        "{file} has the wrong header: column{} {} missing; expected `{expected}`, got `{found}`. \
         Check that the path names the right file and that its first line is the header",
        if missing.contains(", ") { "s" } else { "" }, missing
    )]
    WrongHeader {
        /// Name of the rejected file.
        file: String,
        /// Missing column names, separated by `, `.
        missing: String,
        /// The expected header.
        expected: String,
        /// The actual header, shortened.
        found: String,
    },
    /// The file is empty.
    #[error("{file} is empty; expected the header `{expected}`")]
    Empty {
        /// Name of the rejected file.
        file: String,
        /// The expected header.
        expected: String,
    },
    /// The last row lacks fields or has an open quote, and the file doesn't end in a line break.
    #[error("{file} ends in the middle of line {line}: the file is incomplete. {advice}")]
    Incomplete {
        /// Name of the rejected file.
        file: String,
        /// Line number of the last row, from 1.
        line: u64,
        /// How to get a complete file.
        advice: &'static str,
    },
}

impl SourceError {
    /// Replaces the advice for an incomplete file. Other errors stay the same.
    pub(crate) fn with_advice(self, advice: &'static str) -> Self {
        match self {
            Self::Incomplete { file, line, .. } => Self::Incomplete { file, line, advice },
            other => other,
        }
    }
}

/// Shortens `text` to 60 characters on a single line, for use in a message.
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
