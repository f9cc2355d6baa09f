//! Extractors whose rejections are problem documents that name the invalid field.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::strict::Strict;
use crate::value_error::{self, ValueError};

/// Extracts a JSON body.
///
/// Rejects malformed JSON with a 400, other content types with a 415, and values of the wrong type with a 422
/// that names the field.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let content_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let is_json = content_type.is_some_and(|content_type| {
            let content_type =
                content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            content_type == "application/json" || content_type.ends_with("+json")
        });
        if !is_json {
            let detail = "Expected a body with Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = read_body(request.into_body(), BODY_LIMIT).await?;
        let reader = &mut serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(Strict(&mut *reader)).map_err(|error| {
            let field = error.path().to_string();
            let error = error.into_inner();
            if error.is_data() {
                field_problem(field, &error.to_string())
            } else {
                syntax_problem(&error)
            }
        })?;
        reader.end().map_err(|error| syntax_problem(&error))?;
        Ok(Self(value))
    }
}

/// Maximum size of a JSON body, in bytes: enough for a history of 100,000 ratings.
const BODY_LIMIT: usize = 4 << 20;
/// Maximum number of bytes to read from a body that exceeds the caller's limit. The excess is read and discarded,
/// since a client that is still sending wouldn't read an early error response.
const DISCARD_LIMIT: usize = 128 << 20;

/// Reads all of `body`, or returns a 413 error if it is longer than `limit` bytes.
pub async fn read_body(mut body: axum::body::Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let detail = format!("The body is incomplete: {error}");
            Problem::new(StatusCode::BAD_REQUEST, detail)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= limit {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
        if length > DISCARD_LIMIT {
            break;
        }
    }
    if length > limit {
        let detail = format!("The body is larger than {} MiB", limit >> 20);
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(bytes)
}

/// Converts a syntax error of the JSON parser to a problem that names the position.
fn syntax_problem(error: &serde_json::Error) -> Problem {
    let detail = if error.is_eof() {
        "The body is not valid JSON: it is incomplete".to_owned()
    } else {
        format!("The body is not valid JSON at line {}, column {}", error.line(), error.column())
    };
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

/// Converts a serde error message to a problem, dropping the position in the body and replacing the names of Rust
/// types.
fn field_problem(field: String, message: &str) -> Problem {
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    let field = if field == "." { "body".to_owned() } else { field };
    let ValueError { field: named, message } = value_error::from_serde(message);
    Problem::field(named.unwrap_or(field), message)
}

/// Extracts path parameters. If one can't be parsed, rejects the request with a 422 that names it.
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        use axum::extract::path::ErrorKind;
        use axum::extract::rejection::PathRejection;
        let rejection = match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => return Ok(Self(value)),
            Err(rejection) => rejection,
        };
        let message = rejection.body_text();
        let PathRejection::FailedToDeserializePathParams(error) = rejection else {
            return Err(Problem::field("path", message));
        };
        let (value, expected_type) = match error.into_kind() {
            ErrorKind::ParseErrorAtKey { value, expected_type, .. }
            | ErrorKind::ParseErrorAtIndex { value, expected_type, .. }
            | ErrorKind::ParseError { value, expected_type } => (value, expected_type),
            ErrorKind::InvalidUtf8InPathParam { key } => {
                return Err(Problem::field(key, "expected UTF-8 text"));
            }
            _ => return Err(Problem::field("path", message)),
        };
        // Not every kind of rejection contains the parameter's name, so the name is looked up by value.
        let params = RawPathParams::from_request_parts(parts, state).await;
        let named = params.iter().flatten().find(|(_, param)| *param == value);
        let field = named.map_or("path", |(name, _)| name);
        Err(Problem::field(field, value_error::from_path(expected_type, &value)))
    }
}

/// Extracts query parameters. If one can't be parsed, rejects the request with a 422 that names it.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let reason =
                    text.rsplit_once("query string: ").map_or(&*text, |(_, reason)| reason);
                let (field, text) = match reason.split_once(": ") {
                    // The colon belongs to a text without a field, such as `invalid type: …`.
                    Some((field, text)) if !field.contains(' ') => (field, text),
                    _ => ("query", reason),
                };
                let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
                let pairs = pairs.map(|Query(pairs)| pairs).unwrap_or_default();
                let value = pairs.iter().find(|(name, _)| name == field);
                let error =
                    value_error::from_parameter(text, value.map(|(_, value)| value.as_str()));
                Err(Problem::field(error.field.unwrap_or_else(|| field.to_owned()), error.message))
            }
        }
    }
}
