//! Text for a user's taste charts.

use super::numbers::{films, thousands};

pub const DECADES: &str = "Decades";
pub const DECADE: &str = "Decade";
pub const BY_DECADE: &str = "Films by decade";
pub const RATINGS: &str = "Ratings";
pub const STARS: &str = "Stars";
pub const BY_RATING: &str = "Films by your rating";
pub const POPULARITY: &str = "Well known or niche";
pub const WELL_KNOWN: &str = "Well known";
pub const LITTLE_KNOWN: &str = "Little known";
pub const GENRE: &str = "Genre";
pub const DISLIKED: &str = "Disliked";
pub const LIKED: &str = "Liked";
pub const FILMS: &str = "Films";
pub const SHOW_NUMBERS: &str = "Show numbers";

/// Describes a user's taste, where `place` ranges from well-known movies (0) to little-known ones (1).
pub fn popularity(place: f32) -> &'static str {
    match place {
        place if place < 0.5 => "You mostly like well-known films.",
        place if place < 0.65 => "You like well-known films and some lesser-known ones.",
        place if place < 0.82 => "You like both well-known and lesser-known films.",
        _ => "You often like little-known films.",
    }
}

/// Returns the parts of the sentence about the median liked movie that go before and after its title.
pub fn median(n_liked: usize, rank: usize, n_movies: usize) -> (String, String) {
    let before = format!(
        "Based on the {} you like. Ranked by TMDB votes, the middle one is ",
        films(n_liked)
    );
    let after = format!(
        ", number {} of {} in the catalog.",
        thousands(rank as u64),
        thousands(n_movies as u64)
    );
    (before, after)
}
