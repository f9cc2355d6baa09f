//! Text for the catalog page and its filters.

use super::numbers::{films, title_case};

pub const TITLE: &str = "Browse";
pub const FILMS: &str = "Films";
pub const NO_MATCHES: &str = "No films match these filters. Remove a filter to see more.";
pub const PAGES: &str = "Pages";
pub const FIRST_PAGE: &str = "First page";
pub const NEXT_PAGE: &str = "Next page";

pub const SORT_BY: &str = "Sort by";
pub const BEST_FOR_YOU: &str = "Best for you";
pub const POPULAR_NOW: &str = "Popular now";
/// The order by popularity if it was fetched more than 30 days ago.
pub const TMDB_POPULARITY: &str = "Popularity on TMDB";
pub const MOST_VOTES: &str = "Most votes";
pub const HIGHEST_RATED: &str = "Highest rated";
pub const NEWEST: &str = "Newest";
pub const BY_TITLE: &str = "Title, A to Z";
pub const UNKNOWN_ORDER: &str = "expected you, popularity, votes, rating, year or title";
pub const BAD_POSITION: &str = "is not a page of these results; start from the first page";

pub const FILTERS: &str = "Filters";
pub const ACTIVE_FILTERS: &str = "Active filters";
/// Read by screen readers before the name of an active filter.
pub const REMOVE_FILTER: &str = "Remove filter: ";
pub const CLEAR_ALL: &str = "Clear all";
pub const CLEAR: &str = "Clear";
pub const APPLY: &str = "Show films";
pub const MATCH: &str = "Match";
pub const ANY_OF_THESE: &str = "any of these";
pub const ALL_OF_THESE: &str = "all of these";
pub const EXCLUDE: &str = "Exclude genres";
pub const EXCLUDED: &str = "Excluded genres";
pub const YEAR: &str = "Year";
pub const LENGTH: &str = "Length in minutes";
pub const FROM: &str = "from";
pub const TO: &str = "to";
pub const TMDB_RATING: &str = "TMDB rating";
pub const AT_LEAST: &str = "at least";
pub const MINIMUM_VOTES: &str = "minimum votes";
pub const SERVICES: &str = "Streaming services";
pub const LANGUAGE: &str = "Language";
pub const ANY: &str = "Any";
/// Link that expands a list of checkboxes if the checked ones are already shown.
pub const MORE: &str = "Show more";
/// Link that expands a list of checkboxes if none are shown.
pub const CHOOSE: &str = "Show all";

/// Formats the number of matching movies.
pub fn total(n_movies: usize) -> String {
    if n_movies == 0 { "No films".to_owned() } else { films(n_movies) }
}

/// Announced before the list of problems when the filters are invalid.
pub const CHECK_FILTERS: &str = "Check your filters. ";

pub fn genre_excluded(genre: &str) -> String {
    format!("Not {}", title_case(genre))
}

pub fn on_service(service: &str) -> String {
    format!("On {service}")
}

pub fn in_language(language: &str) -> String {
    format!("In {language}")
}

/// Returns the label for an active numeric filter.
pub fn bound(field: &str, value: &str) -> String {
    match field {
        "year_min" => format!("From {value}"),
        "year_max" => format!("Up to {value}"),
        "runtime_min" => format!("{value} min or longer"),
        "runtime_max" => format!("{value} min or shorter"),
        "rating" => format!("TMDB {value} or higher"),
        _ => format!("{value} votes or more"),
    }
}
