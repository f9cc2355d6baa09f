//! Text for the profile page and for deleting a profile.

use super::numbers::{films, thousands};

pub const TITLE: &str = "Profile";
pub const NO_CHARTS: &str = "Rate a few films to see charts of your taste.";
pub const NO_FEEDBACK: &str = "You haven’t rated any films yet.";
pub const RECENT: &str = "Recent activity";

pub const PREFERENCES: &str = "Preferences";
pub const GENRES_HELP: &str = "Films in these genres rank higher.";
pub const COUNTRY: &str = "Country";
pub const COUNTRY_HELP: &str = "Save your preferences to see the services in another country.";
pub const SERVICES: &str = "Your streaming services";
pub const LANGUAGES: &str = "Languages";
pub const LANGUAGES_HELP: &str = "We recommend only films in these original languages. To include all languages, leave every box \
     unchecked.";
pub const AGE_LIMIT: &str = "Is this a child’s profile?";
pub const AGE_LIMIT_HELP: &str = "With an age limit, lists and search results leave out films rated for older viewers. Films without a \
     rating are left out too, unless they are children’s films, which count as suitable from age 6.";
pub const NO_AGE_LIMIT: &str = "No";
/// Age limits to choose from, in years.
pub const AGE_LIMITS: [u8; 4] = [0, 6, 12, 16];
pub const LENGTH: &str = "Length in minutes";
pub const FROM: &str = "From";
pub const TO: &str = "to";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Preferences saved. Your next recommendations will use them.";

pub const DATA: &str = "Your data";
pub const DATA_KEPT: &str = "Your data stays on this server and isn’t used to train models.";
pub const DOWNLOAD_DATA: &str = "Download my data";
pub const DOWNLOAD_DATA_FORMAT: &str = " (JSON)";
pub const DOWNLOAD_FILMS: &str = "Download my films";
pub const DOWNLOAD_FILMS_FORMAT: &str = " (CSV, for a spreadsheet)";
pub const DELETE: &str = "Delete profile";

pub const DOWNLOAD_FIRST: &str = "Download my data first";
pub const NOT_FOUND: &str = "This profile no longer exists";
pub const DELETED: &str = "Profile deleted";
pub const DELETED_DATA: &str = "Deleted data";
/// Text before the receipt's ID.
pub const RECEIPT: &str = "Your deletion receipt: ";
pub const RECEIPT_HELP: &str =
    "The receipt contains no personal data. The server keeps it as proof of the deletion.";

/// Store tables, and the labels that the receipt uses for their rows.
pub const DELETED_TABLES: [(&str, &str); 5] = [
    ("feedback", "Films you rated or marked"),
    ("watchlist", "Films on the watchlist"),
    ("preferences", "Preferences"),
    ("imports", "Imports"),
    ("sessions", "Sessions"),
];

/// Returns the label of an age limit.
pub fn age_limit(age: u8) -> String {
    if age == 0 { "Yes, films for all ages".to_owned() } else { format!("Yes, up to age {age}") }
}

/// Lists the number of movies for each kind of feedback.
pub fn summary(n_seen: usize, n_rated: usize, n_liked: usize, n_listed: usize) -> String {
    let counts =
        [(n_seen, "seen"), (n_rated, "rated"), (n_liked, "liked"), (n_listed, "on your watchlist")];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} {kind}", thousands(count as u64)))
        .collect();
    if parts.is_empty() { NO_FEEDBACK.to_owned() } else { format!("Films: {}.", parts.join(", ")) }
}

pub fn delete_heading(name: &str) -> String {
    format!("Delete the profile {name}?")
}

pub fn delete_warning(n_feedback: usize, n_listed: usize) -> String {
    format!(
        "This deletes the profile, its feedback on {} and its watchlist of {}. You can’t undo this.",
        films(n_feedback),
        films(n_listed)
    )
}

pub fn deleted(name: &str) -> String {
    format!("All of {name}’s data has been deleted from this server.")
}
