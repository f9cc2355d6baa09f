//! Web pages: HTML rendered from the data that the API's handlers use.
//!
//! Every action is a plain form, so all pages work without scripts. The reply to a form is a redirect to the page
//! that contains it, and that page shows a notice about what happened. With scripts, `assets/page.js` sends forms
//! marked `data-live` itself and receives the changed elements only.
//!
//! This module contains the router. [`texts`] contains all English text. [`visitor`] extracts the caller of a page,
//! [`movies`] the data of a page, [`layout`] renders the frame, and [`responses`] builds redirects and fragments.
//! The other modules are pages and parts of pages.

mod actions;
mod assets;
mod browse;
mod card;
mod choice;
mod errors;
mod form;
mod headers;
mod home;
mod import;
mod layout;
mod models;
mod movie;
mod movie_fit;
mod movies;
mod names;
mod note;
mod people;
mod profile;
mod rating;
mod responses;
mod search;
mod sign_in;
mod strip;
mod taste_charts;
mod texts;
mod theme;
mod tonight;
mod visitor;
mod watchlist;
mod welcome;

use axum::Router;
use axum::routing::{get, post};

pub use errors::{errors, wants_page};
pub use headers::cookie;
pub use home::home;
pub use visitor::{PROFILE_COOKIE, PageCaller};

use crate::state::AppState;

/// First path segments of the pages.
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

/// Returns true if a path belongs to a page or to a form on a page.
pub fn is_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    PAGES.contains(&first) || first == "welcome"
}

/// Routes of all pages except `/`, which replies to API clients as well.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/assets/{version}/{file}", get(assets::asset))
        .route("/favicon.svg", get(assets::favicon))
        .route("/favicon.ico", get(assets::favicon))
        .route("/browse", get(browse::browse))
        .route("/search", get(search::search))
        .route("/films/{movie_id}", get(movie::movie))
        .route("/films/{movie_id}/say", post(actions::act))
        .route("/films/{movie_id}/undo", post(actions::undo))
        .route("/people", get(people::list).post(people::create))
        .route("/people/choose", post(people::choose))
        .route("/people/leave", post(people::leave))
        .route("/watchlist", get(watchlist::watchlist))
        .route("/watchlist/{movie_id}/remove", post(watchlist::remove))
        .route("/tonight", get(tonight::tonight))
        .route("/me", get(profile::profile).post(profile::save_preferences))
        .route("/me/export.json", get(profile::export_json))
        .route("/me/export.csv", get(profile::export_csv))
        .route("/me/forget", get(profile::confirm_delete).post(profile::delete))
        .route("/import", get(import::form).post(import::import))
        .route("/import/settle", post(import::save_choices))
        .route("/welcome", get(welcome::welcome).post(welcome::save_services))
        .route("/welcome/rate", get(welcome::questions).post(welcome::answer))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-in/out", post(sign_in::sign_out))
        .route("/theme", post(layout::set_theme))
        .merge(models::router())
}
