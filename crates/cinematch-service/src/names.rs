//! Validates user IDs and short text fields in requests.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ServiceError;

/// Maximum length of a user ID in characters.
const MAX_LENGTH: usize = 200;

/// Matches texts that contain a non-blank character and no control characters.
const PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

/// OpenAPI schema of the user IDs that [`check_user`] accepts.
pub struct UserName;

/// OpenAPI schema of the texts of up to 100 characters that [`check_text`] accepts.
pub struct ShortText;

fn text_schema(max_length: usize) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.min_length(Some(1)).max_length(Some(max_length)).pattern(Some(PATTERN)).into()
}

impl PartialSchema for UserName {
    fn schema() -> RefOr<Schema> {
        text_schema(MAX_LENGTH)
    }
}

impl PartialSchema for ShortText {
    fn schema() -> RefOr<Schema> {
        text_schema(100)
    }
}

impl ToSchema for UserName {}
impl ToSchema for ShortText {}

/// Rejects user IDs that are blank, too long or contain control characters.
pub fn check_user(user_id: &str) -> Result<(), ServiceError> {
    let is_valid = !user_id.trim().is_empty()
        && user_id.chars().count() <= MAX_LENGTH
        && !user_id.chars().any(char::is_control);
    if is_valid {
        return Ok(());
    }
    let message = format!(
        "expected 1 to {MAX_LENGTH} characters, not all of them blank, without control characters"
    );
    Err(ServiceError::field("user_id", message))
}

/// Rejects texts that are blank, longer than `max_length` characters or contain control characters.
pub fn check_text(field: &str, text: &str, max_length: usize) -> Result<(), ServiceError> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > max_length {
        return Err(ServiceError::field(
            field,
            format!("expected 1 to {max_length} characters, not all of them blank"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ServiceError::field(field, "contains a control character"));
    }
    Ok(())
}
