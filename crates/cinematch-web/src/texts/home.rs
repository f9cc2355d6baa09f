//! Text for the home page.

use cinematch::ranking::PopularitySource;
use cinematch_service::home::Interest;

use super::names::language;

pub const NEW_USER: &str = "These are popular films. Rate a few to get personal recommendations.";
pub const FEW_RATINGS: &str = "Rate a few more films to improve your recommendations.";
pub const NO_MATCHES: &str = "No films match your preferences.";
pub const CHANGE_PREFERENCES: &str = "Change preferences";

pub const PICKED: &str = "Picked for you";
pub const LOVED_BY_MANY: &str = "Loved by many";
/// Heading of a row, before the movie's title.
pub const BECAUSE_YOU_LOVED: &str = "Because you loved ";
pub const HIDDEN_GEMS: &str = "Hidden gems for you";

/// Heading of a row of films with a property that the user's likes share.
pub fn interest(interest: Interest<'_>) -> String {
    match interest {
        Interest::Director(name) => format!("More by {name}"),
        Interest::Language(code) => format!("In {}", language(code)),
        Interest::Decade(year) => format!("From the {year}s"),
    }
}

/// Heading of the row of the most popular films.
pub fn popular(source: PopularitySource) -> &'static str {
    match source {
        PopularitySource::Tmdb => "Trending",
        PopularitySource::RecentRatings => "Popular on MovieLens lately",
        PopularitySource::Votes | PopularitySource::Ratings => "Popular films",
    }
}

pub fn heading(name: &str) -> String {
    format!("Films for {name}")
}

pub fn new_on(service: &str) -> String {
    format!("New to you on {service}")
}
