//! Errors as `application/problem+json` (RFC 9457).
//!
//! This is the only place where domain errors are mapped to HTTP statuses. Details of internal errors are logged
//! under the request ID and never sent to clients.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch::ranking::{FieldError, QueryError};
use cinematch_service::ServiceError;
use serde::Serialize;

/// An error response: status, description, invalid fields and `Retry-After`.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// The body of an error response (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the problem is described by `status` alone.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// HTTP reason phrase.
    title: &'static str,
    /// HTTP status code.
    status: u16,
    /// Human-readable description of the problem.
    detail: String,
    /// Request ID, as recorded in the server log.
    request_id: String,
    /// Invalid fields in the request. Only present if the status is 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// An invalid field in a request.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// Path to the field, with dots between names and list indexes in brackets.
    #[schema(example = "preferred_genres[0]")]
    field: String,
    /// Description of the error and the expected value.
    message: String,
}

impl Problem {
    /// Creates a problem with a status and a human-readable description.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// Sets the `Retry-After` header, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Creates a problem with status 503 (Service Unavailable) that asks clients to retry after 1 second.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(1)
    }

    /// Creates a problem with status 404 (Not Found).
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the value of the `Retry-After` header, if set.
    pub fn retry_after_header(&self) -> Option<HeaderValue> {
        self.retry_after.map(HeaderValue::from)
    }

    /// Returns the human-readable description.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Creates a problem with status 422 (Unprocessable Entity) for a single invalid field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        QueryError { errors: vec![FieldError { field: field.into(), message: message.into() }] }
            .into()
    }

    /// Builds the response, with `request_id` in its body.
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
        // Serialization can't fail: the document contains only strings, numbers and lists.
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

/// Attaches the problem to the response as an extension. The outermost layer, which has the request ID, writes the
/// body.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Maps service errors to HTTP statuses.
impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound(detail) => Self::not_found(detail),
            ServiceError::Invalid(error) => error.into(),
            ServiceError::Unauthorized(detail) => Self::new(StatusCode::UNAUTHORIZED, detail),
            ServiceError::Conflict(detail) => Self::new(StatusCode::CONFLICT, detail),
            ServiceError::TooLarge(detail) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail),
            ServiceError::Unavailable { detail, retry_after } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(retry_after)
            }
            ServiceError::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail: error.to_string(),
            errors: error.errors,
            retry_after: None,
        }
    }
}

/// Message sent to clients for every internal error.
pub const INTERNAL: &str = "Internal error; the server log has details under this request_id";
