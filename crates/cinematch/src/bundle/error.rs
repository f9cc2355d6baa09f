//! Errors that can occur when reading or publishing generations.

use std::path::PathBuf;

use serde::Deserialize;

use crate::files::FileError;

/// Error returned when artifacts cannot be read or published.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactsError {
    /// The artifacts directory contains no published generation.
    #[error("artifacts not found in {}: run `cinematch train` first", artifacts.display())]
    NotFound {
        /// Path of the artifacts directory.
        artifacts: PathBuf,
    },
    /// There are generations, but the link `current` is missing or points to one that does not exist.
    #[error(
        "{} {}: run `cinematch models promote N` to serve a generation; {}", link.display(),
        missing_target.map_or("not found".to_owned(), |generation| {
            format!("points to generation {generation}, which does not exist")
        }),
        existing(known)
    )]
    NotServed {
        /// Path of the link `current`.
        link: PathBuf,
        /// Generation that the link points to; `None` if there is no link.
        missing_target: Option<u64>,
        /// Numbers of the existing generations.
        known: Vec<u64>,
    },
    /// A file is missing, damaged or from an incompatible version.
    #[error(
        "{}: {reason}. The generation is damaged: run `cinematch models rollback` or \
         `cinematch train`", path.display()
    )]
    Broken {
        /// Path of the damaged file.
        path: PathBuf,
        /// Explanation of the damage.
        reason: String,
    },
    /// Another process holds the lock on the artifacts directory.
    #[error(
        "another process is writing to {} (`cinematch train`, `update` or `models`); try again later",
        artifacts.display()
    )]
    Busy {
        /// Path of the artifacts directory.
        artifacts: PathBuf,
    },
    /// The requested generation does not exist.
    #[error(
        "{} has no generation {generation}; {}", artifacts.display(),
        if known.is_empty() { "run `cinematch train` first".to_owned() } else {
            existing(known)
        }
    )]
    NoGeneration {
        /// Path of the artifacts directory.
        artifacts: PathBuf,
        /// Number that was requested.
        generation: u64,
        /// Numbers of the existing generations.
        known: Vec<u64>,
    },
    /// No generation that was served before the champion still exists.
    #[error(
        "there is no earlier generation to roll back to: generation {champion} is the first one served, or the \
         earlier ones were deleted. `cinematch models list` lists the generations, and `cinematch models \
         promote N` serves one of them"
    )]
    NoPreviousGeneration {
        /// Generation number of the champion.
        champion: u64,
    },
    /// Another generation was promoted while the champion was being updated.
    #[error(
        "another generation was promoted while generation {base} was being updated; run \
         `cinematch update` again"
    )]
    Superseded {
        /// Number of the generation that was being updated.
        base: u64,
    },
    /// `promotions.json` is damaged or has an unknown version.
    #[error(
        "{}: {reason}. This file records which generations were served: move it away and run \
         `cinematch models promote N` to start a new one", path.display()
    )]
    History {
        /// Path of `promotions.json`.
        path: PathBuf,
        /// Explanation of the problem.
        reason: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Formats the numbers of the existing generations: `the existing generations are 1, 2 and 3`.
fn existing(known: &[u64]) -> String {
    let numbers: Vec<String> = known.iter().map(u64::to_string).collect();
    match numbers.as_slice() {
        [others @ .., last] if !others.is_empty() => {
            format!("the existing generations are {} and {last}", others.join(", "))
        }
        only => format!("the only generation is {}", only.concat()),
    }
}

/// A missing, damaged or inconsistent file in a generation.
#[derive(Debug)]
pub(crate) struct LoadError {
    /// Name of the file within the generation.
    pub file: String,
    /// Explanation of the damage.
    pub reason: String,
}

/// Creates the error for a missing, damaged or inconsistent file.
pub(crate) fn broken(file: &str, reason: impl std::fmt::Display) -> LoadError {
    LoadError { file: file.to_owned(), reason: format!("{reason}") }
}

/// Parses `bytes` as JSON. Errors refer to the file as `file`.
pub(crate) fn parse<'a, T: Deserialize<'a>>(file: &str, bytes: &'a [u8]) -> Result<T, LoadError> {
    serde_json::from_slice(bytes).map_err(|error| broken(file, error))
}
