//! Text for the watchlist page.

use super::numbers::{duration, films};

pub const TITLE: &str = "Watchlist";
pub const EMPTY: &str = "Your watchlist is empty. Select the bookmark below a film to add it.";
pub const FIND_FILMS: &str = "Find films";
pub const TO_WATCH: &str = "To watch";
pub const WATCHED: &str = "Watched";
pub const SORT_BY: &str = "Sort by";
pub const BEST_FOR_YOU: &str = "Best for you";
pub const SHORTEST: &str = "Shortest";
pub const ON_YOUR_SERVICES: &str = "On your services";
pub const RECENTLY_ADDED: &str = "Recently added";
pub const AVAILABLE: &str = "Available on your services";
pub const NOT_IN_CATALOG: &str = "No longer in the catalog";
pub const REMOVE: &str = "Remove";
pub const REMOVED: &str = "Removed from your watchlist.";
pub const NOT_LISTED: &str = "This film wasn’t on your watchlist.";

/// Formats the number of movies and their total length.
pub fn summary(n_movies: usize, minutes: u32) -> String {
    match minutes {
        0 => format!("{}.", films(n_movies)),
        minutes => format!("{}, {} in total.", films(n_movies), duration(minutes)),
    }
}

pub fn show_all(n_movies: usize) -> String {
    format!("Show all {}", films(n_movies))
}

pub fn planned_on(service: &str) -> String {
    format!("On your list to watch on {service}")
}

pub fn remove(title: &str) -> String {
    format!("Remove {title}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_counts_films_and_omits_an_unknown_length() {
        assert_eq!(summary(0, 0), "0 films.");
        assert_eq!(summary(1, 0), "1 film.");
        assert_eq!(summary(2, 125), "2 films, 2 h 5 min in total.");
    }
}
