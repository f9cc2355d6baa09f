//! `/models`: the operator's pages, which show generations and their evaluations, and start jobs.

mod jobs;
mod list;
mod operator;
mod promotion;
mod show;
mod time;

use axum::Router;
use axum::routing::{get, post};

use cinematch_http::state::RouteState;

/// Returns the router for the operator's pages.
pub fn router() -> Router<RouteState> {
    Router::new()
        .route("/models", get(list::list))
        .route("/models/enter", post(operator::enter))
        .route("/models/leave", post(operator::leave))
        .route("/models/jobs", post(jobs::request))
        .route("/models/rollback", get(promotion::confirm_rollback).post(promotion::roll_back))
        .route("/models/{generation}", get(show::show))
        .route(
            "/models/{generation}/promote",
            get(promotion::confirm_promotion).post(promotion::promote),
        )
}
