//! Text for the first visit: name, services and first ratings.

pub const TITLE: &str = "Welcome";
pub const STEPS: [&str; 3] = ["Your name", "Your services", "Your films"];
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

pub const FILMS_HEADING: &str = "Films you love";
pub const FILMS_LEAD: &str =
    "Name a few, or tap covers below. Each film improves your recommendations.";
pub const NAMING_HEADING: &str = "Name films you love";
pub const TITLE_LABEL: &str = "Film title";
pub const TITLE_PLACEHOLDER: &str = "Title, director or actor";
pub const SEARCH: &str = "Find film";
pub const PICKED: &str = "Your films";
pub const WALL_HEADING: &str = "Tap films you’ve seen and liked";
pub const MORE: &str = "More films";
pub const MORE_SHOWN: &str = "Showing more films.";
pub const NO_MORE: &str = "No covers are left. Name other films above.";
pub const LIST: &str = "Your recommendations so far";
pub const EMPTY_LIST: &str = "No films are available on the services you selected.";
pub const NEW: &str = "new";

pub fn progress(n_films: usize, enough: usize) -> String {
    if n_films < enough {
        format!("{n_films} of {enough} films")
    } else {
        format!("{n_films} films. You can stop here or add more.")
    }
}

pub fn how_was(title: &str) -> String {
    format!("How was {title}?")
}

/// Label of the button that removes a film from the user's films.
pub fn remove(title: &str) -> String {
    format!("Remove {title}")
}

pub fn removed(title: &str) -> String {
    format!("Removed {title} from your films.")
}

/// Describes a movie's move up the list. Returns the visible text, and the text for screen readers.
pub fn moved_up(places: usize) -> (String, String) {
    (format!("▲ {places}"), format!("up {places}"))
}

/// Describes a movie's move down the list. Returns the visible text, and the text for screen readers.
pub fn moved_down(places: usize) -> (String, String) {
    (format!("▼ {places}"), format!("down {places}"))
}
