//! Errors that repeating a command cannot fix: missing or invalid input files and flags. A server does not
//! retry a job that ends with such an error.

use std::fmt::Display;

use anyhow::{Error, Result};
use cinematch::bundle::ArtifactsError;
use cinematch::catalog::MergeError;
use cinematch::sources::SourceError;
use cinematch::sources::ratings::RatingsError;

use crate::paths::MissingFile;

/// A mistake without a type of its own, such as a missing file.
#[derive(Debug)]
pub struct Mistake(String);

impl Mistake {
    /// Creates an error from a message.
    pub fn error(message: impl Display) -> Error {
        Self(message.to_string()).into()
    }
}

impl Display for Mistake {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// The error of a job that must not be retried. Its message includes all causes.
#[derive(Debug)]
pub struct PermanentFailure(Error);

impl PermanentFailure {
    /// Marks the error of a job as permanent if it is a mistake of the user.
    pub fn mark<T>(result: Result<T>) -> Result<T> {
        result.map_err(|error| if is_mistake(&error) { Self(error).into() } else { error })
    }
}

impl Display for PermanentFailure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:#}", self.0)
    }
}

impl std::error::Error for PermanentFailure {}

fn is_mistake(error: &Error) -> bool {
    error.chain().any(|link| {
        link.is::<Mistake>()
            || link.is::<MissingFile>()
            || link.is::<clap::Error>()
            || link.is::<SourceError>()
            || link.is::<MergeError>()
            || link.downcast_ref().is_some_and(|error| {
                matches!(error, RatingsError::Source(_) | RatingsError::Parquet { .. })
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
        let incomplete =
            || SourceError::Incomplete { file: "f".to_owned(), line: 2, advice: "Download it" };
        assert!(is_permanent(Mistake::error("raw not found")));
        assert!(is_permanent(incomplete().into()));
        assert!(is_permanent(MergeError::from(incomplete()).into()));
        let ratings = Err::<(), _>(RatingsError::from(incomplete()));
        assert!(is_permanent(ratings.context("cannot load the ratings").unwrap_err()));
        assert!(!is_permanent(ArtifactsError::Busy { artifacts: "a".into() }.into()));
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert!(!is_permanent(RatingsError::Read { file: "f".to_owned(), cause: full }.into()));
    }
}
