//! The web page: HTML from the data that the API's handlers have.
//!
//! Whatever can be done is a form, so that everything works without scripts: a form is answered with a
//! redirection to where it stood, and the next page says what was done. With scripts `assets/page.js` sends
//! the form itself and is answered with those parts of the page that changed.

mod actions;
mod assets;
mod browse;
mod card;
mod choice;
mod errors;
mod form;
mod home;
mod import;
mod layout;
mod models;
mod movie;
mod movies;
mod names;
mod note;
mod people;
mod profile;
mod search;
mod sign_in;
mod strip;
mod taste_charts;
mod tonight;
mod visitor;
mod watchlist;
mod welcome;

use axum::Router;
use axum::routing::{get, post};

pub use errors::{errors, wants_page};
pub use home::home;
pub use visitor::{PROFILE_COOKIE, Visitor, cookie};

use crate::state::AppState;

/// The first parts of the pages' addresses.
const PAGES: [&str; 12] = [
    "",
    "browse",
    "films",
    "import",
    "me",
    "models",
    "people",
    "search",
    "sign-in",
    "theme",
    "tonight",
    "watchlist",
];

/// Whether an address is a page's, or a form's on one.
pub fn is_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    PAGES.contains(&first) || first == "welcome"
}

/// The pages, but for the first, whose address answers programs too.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/assets/{version}/{file}", get(assets::asset))
        .route("/favicon.svg", get(assets::favicon))
        .route("/favicon.ico", get(assets::favicon))
        .route("/browse", get(browse::browse))
        .route("/search", get(search::search))
        .route("/films/{movie_id}", get(movie::movie))
        .route("/films/{movie_id}/say", post(actions::say))
        .route("/films/{movie_id}/undo", post(actions::undo))
        .route("/people", get(people::choose).post(people::make))
        .route("/people/choose", post(people::be))
        .route("/people/leave", post(people::leave))
        .route("/watchlist", get(watchlist::watchlist))
        .route("/watchlist/{movie_id}/remove", post(watchlist::remove))
        .route("/tonight", get(tonight::tonight))
        .route("/me", get(profile::me).post(profile::prefer))
        .route("/me/export.json", get(profile::export_json))
        .route("/me/export.csv", get(profile::export_csv))
        .route("/me/forget", get(profile::ask).post(profile::forget))
        .route("/import", get(import::ask).post(import::import))
        .route("/import/settle", post(import::settle))
        .route("/welcome", get(welcome::welcome).post(welcome::set_places))
        .route("/welcome/rate", get(welcome::questions).post(welcome::answer))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-in/out", post(sign_in::leave))
        .route("/theme", post(layout::set_theme))
        .merge(models::router())
}
