//! Text for the first visit: name, services and first ratings.

use super::movie::stars;

pub const TITLE: &str = "Welcome";
pub const STEPS: [&str; 3] = ["Your name", "Your services", "Rate films"];
pub const STEPS_LABEL: &str = "Steps";
pub const INTRODUCTION: &str = "CineMatch recommends films based on your ratings and explains each recommendation. \
     Your data stays on this server.";
pub const NAME: &str = "What’s your name?";
pub const EXISTING_PROFILE: &str = "Use an existing profile";

pub const SERVICES_HEADING: &str = "Where do you watch?";
pub const COUNTRY: &str = "Your country";
pub const SHOW_SERVICES: &str = "Show services";
pub const SERVICES: &str = "Your streaming services";
pub const SERVICES_HELP: &str =
    "We recommend only films on these services. To see all films, leave every box unchecked.";
pub const NO_SERVICES: &str =
    "There is no streaming data for this country, so recommendations include all films.";
pub const DEMO_SERVICES: &str = " This is sample data, not real availability.";
pub const SKIP: &str = "Skip";
pub const RATED_ELSEWHERE: &str = "Have you rated films elsewhere? ";

pub const RATE_HEADING: &str = "Rate films you know";
pub const RATE_LEAD: &str =
    "Each rating improves your recommendations. Skip any film you don’t know.";
pub const HOW_WAS_IT: &str = "How was it?";
pub const NOT_SEEN: &str = "Haven’t seen it";
pub const NOT_SEEN_NOTICE: &str = "Marked as not seen.";
pub const SKIPPED_NOTICE: &str = "Skipped.";
pub const UNDO_RATING: &str = "Undo rating";
pub const DONE: &str = "You’ve rated enough films";
pub const LIST: &str = "Your recommendations so far";
pub const EMPTY_LIST: &str = "No films are available on the services you selected.";
pub const NEW: &str = "new";

/// Announced to screen readers after an answer.
pub fn next(notice: &str, title: &str) -> String {
    format!("{notice} Next: {title}")
}

pub fn progress(n_rated: usize, enough: usize) -> String {
    if n_rated < enough {
        format!("{n_rated} of {enough} films rated")
    } else {
        format!("{n_rated} films rated. You can stop here or rate more.")
    }
}

pub fn last_rating(title: &str, value: f32) -> String {
    format!("You rated {title} {}", stars(value))
}

pub fn directed_by(names: &str) -> String {
    format!("Directed by {names}")
}

pub fn starring(names: &str) -> String {
    format!("Starring {names}")
}

/// Describes a movie's move up the list. Returns the visible text, and the text for screen readers.
pub fn moved_up(places: usize) -> (String, String) {
    (format!("▲ {places}"), format!("up {places}"))
}

/// Describes a movie's move down the list. Returns the visible text, and the text for screen readers.
pub fn moved_down(places: usize) -> (String, String) {
    (format!("▼ {places}"), format!("down {places}"))
}
