//! The English text on the pages, with one module per page. Page modules contain markup and the names of brands only.
//!
//! Text that other interfaces also show comes from the code that produces it: reasons from
//! [`cinematch::ranking::wording`], error messages from `cinematch-service`, and advice on files that cannot be imported
//! from the importers.
//!
//! Fixed strings are constants. Sentences with values are functions that return the whole sentence, so that
//! translations can change the word order and plural forms.

pub mod actions;
pub mod adventure;
pub mod browse;
pub mod card;
pub mod charts;
pub mod errors;
pub mod home;
pub mod import;
pub mod layout;
pub mod movie;
pub mod names;
pub mod numbers;
pub mod operator;
pub mod people;
pub mod plots;
pub mod profile;
pub mod search;
pub mod sign_in;
pub mod tonight;
pub mod watchlist;
pub mod welcome;

/// Label of the button that goes to the next step. This constant and the ones below are used on several pages.
pub const CONTINUE: &str = "Continue";
pub const CANCEL: &str = "Cancel";
pub const GENRES: &str = "Genres";
pub const IMPORT_RATINGS: &str = "Import ratings";
pub const RATE_FILMS: &str = "Rate films";
pub const SEE_RECOMMENDATIONS: &str = "See recommendations";
pub const SERVER_DEFAULT: &str = "Server default";
/// Badge on streaming availability that was generated for demonstration purposes.
pub const DEMO: &str = "demo";
