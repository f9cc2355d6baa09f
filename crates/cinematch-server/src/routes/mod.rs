//! Routes, one file a resource.

pub mod auth;
mod browse;
mod catalog;
mod document;
mod feedback;
pub mod groups;
mod health;
mod home;
pub mod import;
pub mod jobs;
pub mod listing;
pub mod models;
pub mod people;
pub mod person;
pub mod personal;
pub mod preferences;
mod recommendations;
mod search;
pub mod similar;
mod watchlist;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::routing::get;
use axum::{Router, middleware};
use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::Recommender;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

pub use jobs::JobItem;

use crate::access::guard;
use crate::cache::pack;
use crate::observe::observe;
use crate::problem::{INTERNAL, Problem};
use crate::state::AppState;
use crate::ui;

/// The longest a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .routes(routes!(home::home))
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::retrain))
        .routes(routes!(jobs::update))
        .routes(routes!(models::list))
        .routes(routes!(models::show))
        .routes(routes!(models::promote))
        .routes(routes!(models::rollback))
        .routes(routes!(recommendations::recommend, personal::recommend))
        .routes(routes!(catalog::genres))
        .routes(routes!(catalog::services))
        .routes(routes!(catalog::movie))
        .routes(routes!(browse::browse))
        .routes(routes!(similar::similar))
        .routes(routes!(search::search))
        .routes(routes!(watchlist::list_mine, watchlist::add_mine))
        .routes(routes!(watchlist::list, watchlist::add, watchlist::remove_mine))
        .routes(routes!(watchlist::set_watched_mine))
        .routes(routes!(watchlist::remove))
        .routes(routes!(watchlist::set_watched))
        .routes(routes!(auth::identify))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(preferences::read, preferences::write))
        .routes(routes!(feedback::list, feedback::say))
        .routes(routes!(feedback::unsay))
        .routes(routes!(feedback::likes))
        .routes(routes!(feedback::dislikes))
        .routes(routes!(feedback::reset))
        .routes(routes!(groups::recommend))
        .routes(routes!(import::import))
        .routes(routes!(people::export))
        .routes(routes!(people::forget))
}

fn split() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (router, mut document) = api().split_for_parts();
    document::complete(&mut document);
    (router, document)
}

/// Now, in milliseconds since 1970.
pub fn now() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, |time| time.as_millis() as i64)
}

/// The row of a film's number; 404 where the catalogue has none.
pub fn find_movie(recommender: &Recommender, movie_id: i64) -> Result<MovieIdx, Problem> {
    let known = u32::try_from(movie_id).ok();
    let index = known.and_then(|id| recommender.vocabulary().index_of(MovieId(id)));
    let detail = || format!("There is no movie {movie_id} in the catalogue");
    index.ok_or_else(|| Problem::not_found(detail()))
}

/// The `OpenAPI` document.
pub fn openapi_json() -> serde_json::Value {
    serde_json::to_value(split().1).unwrap_or_default()
}

/// What is answered while something is missing that everything else needs.
pub fn not_ready(missing: Arc<ArcSwap<String>>) -> Router {
    let refuse = move || {
        let why = format!("The server is not ready: {}", missing.load());
        async move { Problem::unavailable(why) }
    };
    Router::new()
        .route("/health/live", get(health::live))
        .route("/metrics", get(health::process_metrics))
        .fallback(refuse)
        .layer(middleware::from_fn(observe))
}

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    // The settings were checked when the state was made.
    let origins = state.config().origins().unwrap_or_default();
    let request_id = HeaderName::from_static("x-request-id");
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_credentials(true)
        .allow_headers([
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::AUTHORIZATION,
            HeaderName::from_static("x-user-id"),
            request_id.clone(),
        ])
        .expose_headers([request_id, header::RETRY_AFTER]);
    let (router, document) = split();
    router
        .merge(ui::router())
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(|| async { Problem::not_found("There is nothing at this address; see /docs") })
        .layer(middleware::from_fn_with_state(state.clone(), guard))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
        .layer(CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                INTERNAL,
            ))
        }))
        .layer(middleware::from_fn_with_state(state.clone(), ui::errors))
        .layer(middleware::from_fn(pack))
        .layer(CompressionLayer::new())
        .layer(cors)
        .layer(middleware::from_fn(observe))
        .with_state(state)
}
