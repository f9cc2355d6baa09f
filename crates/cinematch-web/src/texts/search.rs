//! Text for the search page.

pub const TITLE: &str = "Search";
pub const HELP: &str = "Search by title, person or keyword.";
pub const RESULTS: &str = "Results";
pub const CHECK_SPELLING: &str = "Check the spelling, or ";
pub const BROWSE_ALL: &str = "browse all films";
pub const SUGGESTIONS: &str = "Suggestions";

pub fn results_for(words: &str) -> String {
    format!("Results for “{words}”")
}

pub fn no_matches(words: &str) -> String {
    format!("No matches for “{words}”")
}

pub fn title(words: &str) -> String {
    format!("{words} – Search")
}
