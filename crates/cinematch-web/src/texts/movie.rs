//! Text for movie pages.

use super::numbers::films;

pub const DIRECTED_BY: &str = "Directed by";
pub const STARRING: &str = "Starring";
pub const YOUR_RATING: &str = "Your rating";
pub const REMOVE_RATING: &str = "Remove rating";

pub const FIT: &str = "How it fits your taste";
pub const FIT_WITHOUT_RATING: &str = "Based on your other films, ignoring your rating of this one:";
pub const FIT_UNKNOWN: &str = "Rate a few films to see how well this one fits your taste. ";
pub const SMALLER_REASONS: &str = "Other reasons";
/// Read by screen readers before a reason that lowers the score.
pub const LOWERS: &str = "Against it: ";
pub const DETAILS: &str = "Details";
pub const SCORE_TERMS: &str = "Effect of each reason on the score";
pub const REASON: &str = "Reason";
pub const EFFECT: &str = "Effect";

pub const SIMILAR: &str = "More like this";
pub const KEYWORDS: &str = "Keywords";
/// Text before the links to other sites.
pub const VIEW_ON: &str = "View on ";

pub const NO_SERVICES: &str = "Not on any streaming service we know of.";
pub const YOURS: &str = "your service";
pub const DEMO_SERVICES: &str = "This is sample data, not real availability.";

/// Shown for an address such as `/films/abc`.
pub const NO_NUMBER: &str =
    "This address doesn’t contain a film number. Search for the film instead.";

/// Shown for an address such as `/films/99999999999999999999`.
pub const NUMBER_OUT_OF_RANGE: &str = "No film has this number";

pub fn search_for(words: &str) -> String {
    format!("Search for “{words}”")
}

/// Formats a rating: `1 star`, `4.5 stars`.
pub fn stars(value: f32) -> String {
    format!("{value} {}", if (value - 1.0).abs() < f32::EPSILON { "star" } else { "stars" })
}

pub fn your_rating(stars: f32) -> String {
    format!("{YOUR_RATING}: {stars}")
}

/// Text after the match.
pub const MATCH_MEANING: &str = ": how likely you are to give it 4 stars or more";

/// Returns the text after the predicted rating, with the prediction interval.
pub fn predicted(low: f32, high: f32) -> String {
    format!(" predicted for you, most likely between {low:.1} and {high:.1}")
}

/// Returns the parts of the sentence about a movie's rank that go before and after the number.
pub fn rank(n_movies: usize) -> (&'static str, String) {
    ("Ranked ", format!(" of {} for you.", films(n_movies)))
}

pub fn where_to_watch(country: Option<&str>) -> String {
    match country {
        Some(country) => format!("Where to watch in {country}"),
        None => "Where to watch".to_owned(),
    }
}

pub fn score(score: f32) -> String {
    format!("Score: {score:.2}.")
}
