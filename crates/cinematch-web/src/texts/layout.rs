//! Text shared by all pages: head, navigation, notice, footer and scripts.

pub const SKIP: &str = "Skip to main content";
pub const NAVIGATION: &str = "Main";
pub const PROFILE_NAVIGATION: &str = "Profile";

pub const HOME: &str = "Home";
pub const TONIGHT: &str = "Tonight";
pub const BROWSE: &str = "Browse";
pub const WATCHLIST: &str = "Watchlist";
pub const MODELS: &str = "Models";
pub const API: &str = "API";

pub const SEARCH_LABEL: &str = "Search films and people";
pub const SEARCH_PLACEHOLDER: &str = "Film, person or keyword";
pub const SEARCH: &str = "Search";

pub const SWITCH: &str = "Switch";
pub const SWITCH_LABEL: &str = "Switch profile";
pub const SIGN_OUT: &str = "Sign out";

pub const THEME: &str = "Theme";
pub const THEME_AUTO: &str = "System";
pub const THEME_LIGHT: &str = "Light";
pub const THEME_DARK: &str = "Dark";
pub const THEME_AUTO_SET: &str = "The theme now matches your device.";
pub const THEME_LIGHT_SET: &str = "Light theme on.";
pub const THEME_DARK_SET: &str = "Dark theme on.";
pub const THEME_INVALID: &str = "expected auto, light or dark";

/// Credits in the footer, before the links to TMDB and JustWatch.
pub const CREDITS_MOVIELENS: &str = "Ratings and titles: MovieLens (GroupLens, University of Minnesota). Film details and posters: ";
pub const CREDITS_TMDB: &str =
    ". This product uses the TMDB API but is not endorsed or certified by TMDB. Where to watch: ";

pub const UNDO: &str = "Undo";
pub const UNDO_SHORTCUT: &str = "Ctrl+Z";
pub const SHOW_NEW_PICKS: &str = "Show new picks";

/// Shown by `page.js` when a form can't be sent.
pub const OFFLINE: &str = "Couldn’t reach the server. Your change wasn’t saved. Try again.";
/// Shown by `page.js`, followed by the status, when a reply is neither a page nor a problem document.
pub const FAILED: &str = "Something went wrong. Try again.";

/// Returns the content of a page's `<title>` element.
pub fn document_title(page: &str) -> String {
    format!("{page} · CineMatch")
}
