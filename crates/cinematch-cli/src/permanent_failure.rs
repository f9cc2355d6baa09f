//! Errors that repeating a command cannot fix: missing, invalid or damaged input files, and invalid flags. A
//! server does not retry a job that ends with such an error.

use std::fmt::Display;

use anyhow::{Error, Result};
use cinematch::bundle::ArtifactsError;
use cinematch::catalog::MergeError;
use cinematch::sources::SourceError;
use cinematch::sources::ratings::RatingsError;

use crate::input_error::InputError;
use crate::paths::MissingFile;

/// The error of a job that must not be retried. Its message includes all causes.
#[derive(Debug)]
pub struct PermanentFailure(Error);

impl PermanentFailure {
    /// Marks the error of a job as permanent if a retry cannot succeed.
    pub fn mark<T>(result: Result<T>) -> Result<T> {
        result.map_err(|error| if is_permanent(&error) { Self(error).into() } else { error })
    }
}

impl Display for PermanentFailure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:#}", self.0)
    }
}

impl std::error::Error for PermanentFailure {}

/// Returns false for a file that ends in the middle of a row: it may be complete later, when it has been copied.
fn is_invalid_source(error: &SourceError) -> bool {
    !matches!(error, SourceError::Incomplete { .. })
}

fn are_invalid_ratings(error: &RatingsError) -> bool {
    match error {
        RatingsError::Source(error) => is_invalid_source(error),
        RatingsError::Parquet { .. } | RatingsError::MostlyInvalid { .. } => true,
        RatingsError::Read { .. } => false,
    }
}

fn is_permanent(error: &Error) -> bool {
    error.chain().any(|link| {
        link.is::<InputError>()
            || link.is::<MissingFile>()
            || link.is::<clap::Error>()
            || link.downcast_ref().is_some_and(is_invalid_source)
            || link.downcast_ref().is_some_and(are_invalid_ratings)
            || link.downcast_ref().is_some_and(|error| match error {
                MergeError::Source(error) => is_invalid_source(error),
                MergeError::Ratings(error) => are_invalid_ratings(error),
                MergeError::NoTmdb | MergeError::NoProviders { .. } => true,
            })
            || link.downcast_ref().is_some_and(|error| {
                matches!(
                    error,
                    ArtifactsError::NotFound { .. }
                        | ArtifactsError::NotServed { .. }
                        | ArtifactsError::NoGeneration { .. }
                        | ArtifactsError::Broken { .. }
                        | ArtifactsError::History { .. }
                )
            })
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn only_errors_that_a_retry_cannot_fix_are_permanent() {
        let is_permanent = |error: Error| {
            let message = format!("{error:#}");
            let marked = PermanentFailure::mark::<()>(Err(error)).unwrap_err();
            assert_eq!(format!("{marked:#}"), message);
            marked.is::<PermanentFailure>()
        };
        let cases: [(bool, fn() -> SourceError); 2] = [
            (true, || SourceError::Empty { file: "f".to_owned(), expected: "id".to_owned() }),
            (false, || SourceError::Incomplete { file: "f".to_owned(), line: 2, advice: "" }),
        ];
        assert!(is_permanent(InputError::error("raw not found")));
        for (is_input_error, error) in cases {
            assert_eq!(is_permanent(error().into()), is_input_error);
            assert_eq!(is_permanent(MergeError::from(error()).into()), is_input_error);
            let ratings = Err::<(), _>(RatingsError::from(error()));
            let ratings = ratings.context("cannot load the ratings").unwrap_err();
            assert_eq!(is_permanent(ratings), is_input_error);
        }
        assert!(!is_permanent(ArtifactsError::Busy { artifacts: "a".into() }.into()));
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert!(!is_permanent(RatingsError::Read { file: "f".to_owned(), cause: full }.into()));
    }
}
