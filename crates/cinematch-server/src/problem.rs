//! Errors as `application/problem+json` (RFC 9457). One mapping from domain errors to HTTP; what
//! went wrong inside stays in the log, under the request's id.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch::ranking::{FieldError, QueryError};
use cinematch_store::StoreError;
use serde::Serialize;

/// A reply that says what went wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// The document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A sentence for people.
    detail: String,
    /// The request, as the log names it.
    request_id: String,
    /// The fields to blame, on 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// A field to blame.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// The field, with dots and positions.
    #[schema(example = "preferred_genres[0]")]
    field: String,
    /// What is wrong and what would be right.
    message: String,
}

impl Problem {
    /// A problem with a sentence for people.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// The same, with the seconds after which to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The same, its fields under other names.
    #[must_use]
    pub fn rename_fields(mut self, rename: impl Fn(&str) -> String) -> Self {
        for error in &mut self.errors {
            error.field = rename(&error.field);
        }
        let lines = self.errors.iter().map(|error| format!("{}: {}", error.field, error.message));
        self.detail = lines.collect::<Vec<_>>().join("; ");
        self
    }

    /// Something that is needed is not there just now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(1)
    }

    /// What was asked for does not exist.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// What kind of problem it is.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// After how many seconds to try again, as a header.
    pub fn wait(&self) -> Option<HeaderValue> {
        self.retry_after.map(HeaderValue::from)
    }

    /// What is wrong, in a sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// One field cannot be used.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        QueryError { errors: vec![FieldError { field: field.into(), message: message.into() }] }
            .into()
    }

    /// The reply under a request's id.
    pub fn reply(self, request_id: &str) -> Response {
        let document = ProblemDocument {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
            request_id: request_id.to_owned(),
            errors: self
                .errors
                .into_iter()
                .map(|error| FieldProblem { field: error.field, message: error.message })
                .collect(),
        };
        // A struct of plain values always serialises.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// The problem travels as an extension: the outermost layer knows the request's id and replies.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail,
            errors: error.errors,
            retry_after: None,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::ProfileDeleted) {
            return Self::new(StatusCode::UNAUTHORIZED, "This profile was forgotten");
        }
        if error.is_transient() {
            tracing::error!(%error, "the database cannot be reached or written");
            let detail =
                "People's data cannot be reached or written just now; try again in a moment";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5);
        }
        tracing::error!(%error, "the database failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
    }
}

/// Of what is written; what is read says itself what is wrong with it.
impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "a reply cannot be written");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
    }
}

impl From<getrandom::Error> for Problem {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "the system has no randomness");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
    }
}

/// What a client learns of a failure inside.
pub const INTERNAL: &str =
    "Something went wrong on the server; the log has it under this request_id";
