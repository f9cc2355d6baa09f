//! Text for error pages, and the names of form fields in error messages.

use axum::http::StatusCode;

use super::numbers::sentence_case;

pub const NO_PAGE: &str = "Check the address, or start from the home page.";
pub const TRY_AGAIN: &str = "Try again in a moment.";
pub const GO_BACK: &str = "Go back";
pub const GO_HOME: &str = "Go to the home page";

pub const BAD_ACTION: &str = "expected “like”, “dislike”, “not_interested”, “seen” or “list”, with or without “no-” before it";
pub const BAD_STARS: &str = "expected 0.5 to 5 in steps of 0.5";
pub const BAD_IMPORT_VALUE: &str = "expected stars, liked, watched or watchlist";
pub const MISSING: &str = "is missing";

/// Request field names, and the labels that pages use for them.
const FIELD_LABELS: [(&str, &str); 12] = [
    ("filters.", ""),
    ("runtime_min", "minimum length"),
    ("runtime_max", "maximum length"),
    ("year_min", "earliest year"),
    ("year_max", "latest year"),
    ("preferred_genres", "genres"),
    ("original_languages", "languages"),
    ("rating_min", "minimum rating"),
    ("min_votes", "minimum votes"),
    ("movie_id: ", "film: "),
    ("say: ", "action: "),
    ("kind: ", "job: "),
];

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

/// Replaces field names in an API error message with the form's labels.
pub fn with_labels(detail: &str) -> String {
    let text = FIELD_LABELS
        .iter()
        .fold(detail.to_owned(), |text, (name, label)| text.replace(name, label));
    sentence_case(&text)
}

pub fn number_expected(text: &str) -> String {
    format!("expected a number, not “{text}”")
}

/// Message for a page that was rendered for a profile other than the current one.
pub fn profile_changed(name: &str) -> String {
    format!("You switched to {name} in another tab. Reload this page to continue")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_messages_use_the_labels_of_the_form() {
        let text = with_labels("filters.runtime_min: 100 is more than runtime_max 90");
        assert_eq!(text, "Minimum length: 100 is more than maximum length 90");
        assert_eq!(with_labels("movie_id: is missing"), "Film: is missing");
        assert_eq!(with_labels("kind: unknown job `x`"), "Job: unknown job `x`");
    }
}
