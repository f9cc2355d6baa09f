//! Text for movie cards: star ratings, reasons and buttons.

pub const YOUR_RATING: &str = "your rating";
/// Text after a percentage.
pub const MATCH: &str = "match";
pub const MATCH_MEANING: &str = "How likely you are to give it 4 stars or more";
pub const WHY: &str = "Why this?";
pub const ADULT: &str = "Adult";
pub const NOT_RELEASED: &str = "Not released yet";
pub const DEMO_SERVICES: &str = "Sample data, not real availability";

pub const LIKE: &str = "Like";
pub const DISLIKE: &str = "Dislike";
pub const NOT_INTERESTED: &str = "Not interested";
pub const SEEN: &str = "Seen";
pub const WATCHLIST: &str = "Watchlist";

/// Returns the accessible name of a toggle button. It contains the button's visible label and doesn't change when
/// the button is pressed, since `aria-pressed` reports the state.
pub fn button(label: &str, title: &str) -> String {
    match label {
        LIKE | DISLIKE => format!("{label} {title}"),
        NOT_INTERESTED => format!("{label} in {title}"),
        _ => format!("{label}: {title}"),
    }
}
