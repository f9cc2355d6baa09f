//! Text for error pages, and the names of form fields in error messages.

use axum::http::StatusCode;

use super::browse::{EXCLUDED, LANGUAGE, MINIMUM_VOTES, SERVICES, SORT_BY};
use super::numbers::sentence_case;

pub const NO_PAGE: &str = "Check the address, or start from the home page.";
pub const TRY_AGAIN: &str = "Try again in a moment.";
pub const GO_BACK: &str = "Go back";
pub const GO_HOME: &str = "Go to the home page";

pub const BAD_ACTION: &str = "expected “like”, “dislike”, “not_interested”, “seen” or “list”, with or without “no-” before it";
pub const BAD_STARS: &str = "expected 0.5 to 5 in steps of 0.5";
pub const BAD_IMPORT_VALUE: &str = "expected stars, liked, watched or watchlist";
pub const MISSING: &str = "is missing";

/// Names of request fields, and the labels that pages use for them in error messages.
const FIELD_LABELS: [(&str, &str); 20] = [
    ("genres.any", super::GENRES),
    ("genres.all", super::GENRES),
    ("genres.none", EXCLUDED),
    ("preferred_genres", "genres"),
    ("year_min", "earliest year"),
    ("year_max", "latest year"),
    ("runtime_min", "minimum length"),
    ("runtime_max", "maximum length"),
    ("rating_min", MINIMUM_RATING),
    ("rating", MINIMUM_RATING),
    ("min_votes", MINIMUM_VOTES),
    ("votes", MINIMUM_VOTES),
    ("max_age", "age limit"),
    ("services", SERVICES),
    ("original_languages", "languages"),
    ("languages", LANGUAGE),
    ("region", "country"),
    ("sort", SORT_BY),
    ("from", "page"),
    ("movie_id", "film"),
];
const MINIMUM_RATING: &str = "minimum rating";

/// Returns the heading of the error page for `status`.
pub fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::FORBIDDEN => "You don’t have access",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        status if status.is_server_error() => "Something went wrong",
        _ => "There is a problem",
    }
}

/// Asks users to quote the request ID, which the operator can find in the server log.
pub fn reference(request_id: &str) -> String {
    format!("If this keeps happening, give the operator this reference: {request_id}")
}

/// Returns the label for `field`, a field of a query or of a form, such as `filters.genres.any[0]`.
pub fn field_label(field: &str) -> String {
    let field = field.strip_prefix("filters.").unwrap_or(field);
    let field = field.split('[').next().unwrap_or(field);
    let found = FIELD_LABELS.iter().find(|(name, _)| *name == field);
    sentence_case(found.map_or(field, |(_, label)| label))
}

/// Replaces field names in an API error message with their labels. Leaves names that are also English words.
pub fn with_labels(detail: &str) -> String {
    let names = FIELD_LABELS.iter().filter(|(name, _)| name.contains(['_', '.']));
    let mut text = detail.replace("filters.", "");
    for (name, label) in [("say: ", "action: "), ("kind: ", "job: ")] {
        if let Some(message) = text.strip_prefix(name) {
            text = format!("{label}{message}");
        }
    }
    sentence_case(&names.fold(text, |text, (name, label)| text.replace(name, label)))
}

pub fn number_expected(text: &str) -> String {
    format!("expected a number, not “{text}”")
}

/// Message for a form whose body cannot be read.
pub fn unreadable_form(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "The form is too large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            "Expected a form with Content-Type: application/x-www-form-urlencoded"
        }
        _ => "The form could not be read. Send it again",
    }
}

/// Message for a page that was rendered for a profile other than the current one.
pub fn profile_changed(name: &str) -> String {
    format!("You switched to {name} in another tab. Reload this page to continue")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_messages_name_fields_by_their_labels() {
        assert_eq!(field_label("filters.runtime_min"), "Minimum length");
        assert_eq!(field_label("filters.genres.none[0]"), "Excluded genres");
        let text = with_labels("filters.runtime_min: 100 is more than runtime_max 90");
        assert_eq!(text, "Minimum length: 100 is more than maximum length 90");
        assert_eq!(with_labels("movie_id: is missing"), "Film: is missing");
        assert_eq!(with_labels("kind: unknown job `x`"), "Job: unknown job `x`");
    }
}
