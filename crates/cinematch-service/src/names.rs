//! The names people go by in addresses and bodies.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ServiceError;

/// Longer names are nobody's.
const LONGEST: usize = 200;

/// No control character, and not only blanks.
const PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

/// What [`check_user`] lets through, for the document.
pub struct UserName;

/// What [`check_text`] lets through with at most 100 characters, for the document.
pub struct ShortText;

fn text_of(longest: usize) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.min_length(Some(1)).max_length(Some(longest)).pattern(Some(PATTERN)).into()
}

impl PartialSchema for UserName {
    fn schema() -> RefOr<Schema> {
        text_of(LONGEST)
    }
}

impl PartialSchema for ShortText {
    fn schema() -> RefOr<Schema> {
        text_of(100)
    }
}

impl ToSchema for UserName {}
impl ToSchema for ShortText {}

/// Refuses names that cannot be anybody's.
pub fn check_user(user_id: &str) -> Result<(), ServiceError> {
    let fits = !user_id.trim().is_empty()
        && user_id.chars().count() <= LONGEST
        && !user_id.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let message = format!(
        "expected 1 to {LONGEST} characters, not all of them blank, none a control character"
    );
    Err(ServiceError::field("user_id", message))
}

/// Refuses texts that are longer than anybody means, or hold what cannot be shown.
pub fn check_text(field: &str, text: &str, longest: usize) -> Result<(), ServiceError> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > longest {
        return Err(ServiceError::field(
            field,
            format!("expected 1 to {longest} characters, not all of them blank"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ServiceError::field(field, "has a control character"));
    }
    Ok(())
}
