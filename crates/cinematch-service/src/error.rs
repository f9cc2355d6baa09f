//! Errors of use cases. `cinematch-http` maps each variant to one HTTP status.

use std::pin::Pin;

use cinematch::ranking::{FieldError, QueryError};
use cinematch_store::StoreError;

/// Result of a use case, not yet available. The future is boxed so that a use case is compiled in this
/// crate and not again in each route that awaits it.
pub type ServiceFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ServiceError>> + Send + 'a>>;

/// An error returned by a use case. Its message is safe to send to the caller.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    /// The requested object does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Fields of the request are missing or out of range.
    #[error(transparent)]
    Invalid(#[from] QueryError),
    /// The caller is not authenticated, or the caller's profile no longer exists.
    #[error("{0}")]
    Unauthorized(String),
    /// The state of the requested object does not allow the operation.
    #[error("{0}")]
    Conflict(String),
    /// The input exceeds a size limit.
    #[error("{0}")]
    TooLarge(String),
    /// A dependency is temporarily unavailable.
    #[error("{detail}")]
    Unavailable {
        /// Message for the caller.
        detail: String,
        /// Seconds after which the caller should retry.
        retry_after: u64,
    },
    /// An unexpected failure. Details go to the log and are left out of the reply.
    #[error("internal error")]
    Internal,
}

impl ServiceError {
    /// Returns an error about one field of the request.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = FieldError { field: field.into(), message: message.into() };
        Self::Invalid(QueryError { errors: vec![error] })
    }

    /// Returns a [`ServiceError::NotFound`].
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::NotFound(detail.into())
    }

    /// Renames the fields of a [`ServiceError::Invalid`]; returns other errors unchanged.
    #[must_use]
    pub fn rename_fields(mut self, rename: impl Fn(&str) -> String) -> Self {
        if let Self::Invalid(invalid) = &mut self {
            for error in &mut invalid.errors {
                error.field = rename(&error.field);
            }
        }
        self
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::ProfileDeleted) {
            return Self::Unauthorized("This profile was deleted".to_owned());
        }
        if error.is_transient() {
            tracing::error!(%error, "the database is unavailable");
            let detail = "The database is unavailable; try again in a moment";
            return Self::Unavailable { detail: detail.to_owned(), retry_after: 5 };
        }
        tracing::error!(%error, "the database failed");
        Self::Internal
    }
}

/// Converts an error in serializing a reply. Errors in a request's JSON are reported by its parser.
impl From<serde_json::Error> for ServiceError {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "cannot serialize a reply");
        Self::Internal
    }
}

impl From<getrandom::Error> for ServiceError {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "cannot get random bytes from the operating system");
        Self::Internal
    }
}
