//! The routers of the pages and of the files that they load.

use axum::Router;
use axum::routing::{get, post};
use cinematch_http::state::RouteState;

use crate::{
    actions, adventure, assets as files, browse, import, layout, models, movie, people, profile,
    search, sign_in, tonight, watchlist, welcome,
};

/// Returns the router of the files that pages load.
pub fn assets() -> Router<RouteState> {
    Router::new()
        .route("/assets/{version}/{file}", get(files::asset))
        .route("/favicon.svg", get(files::favicon))
        .route("/favicon.ico", get(files::favicon))
}

/// Returns the router of all pages except `/`, which serves API clients as well.
pub fn pages() -> Router<RouteState> {
    Router::new()
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
        .route("/tonight/seen", post(tonight::seen))
        .route("/me", get(profile::profile).post(profile::save_preferences))
        .route("/me/novelty", post(adventure::save))
        .route("/me/export.json", get(profile::export_json))
        .route("/me/export.csv", get(profile::export_csv))
        .route("/me/forget", get(profile::confirm_delete).post(profile::delete))
        .route("/import", get(import::form).post(import::import))
        .route("/import/settle", post(import::save_choices))
        .route("/welcome", get(welcome::welcome).post(welcome::save_services))
        .route("/welcome/rate", get(welcome::films::show).post(welcome::films::act))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-in/out", post(sign_in::sign_out))
        .route("/theme", post(layout::set_theme))
        .merge(models::router())
}
