//! Routes, one file a resource.

mod browse;
mod catalog;
mod health;
mod home;
mod recommendations;
mod search;
mod similar;
mod watchlist;

use std::time::Duration;

use axum::http::{HeaderName, Method, StatusCode, header};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::observe::observe;
use crate::problem::{INTERNAL, Problem};
use crate::state::AppState;

/// The longest a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(info(
    title = "CineMatch",
    description = "Movie recommendations with reasons computed from the score itself. \
                   Errors are application/problem+json (RFC 9457).\n\nFilms' facts come from MovieLens \
                   and, where they were fetched, from TMDB: this product uses the TMDB API but is not \
                   endorsed or certified by TMDB. Where films can be watched is JustWatch's data.",
    license(name = "MIT", identifier = "MIT")
))]
struct Document;

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(home::home))
        .routes(routes!(health::health))
        .routes(routes!(recommendations::recommend))
        .routes(routes!(catalog::genres))
        .routes(routes!(catalog::services))
        .routes(routes!(catalog::movie))
        .routes(routes!(browse::browse))
        .routes(routes!(similar::similar))
        .routes(routes!(search::search))
        .routes(routes!(watchlist::list, watchlist::add))
        .routes(routes!(watchlist::remove))
        .routes(routes!(watchlist::set_watched))
}

/// The `OpenAPI` document.
pub fn openapi_json() -> serde_json::Value {
    serde_json::to_value(api().into_openapi()).unwrap_or_default()
}

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    // The settings were checked when the state was made.
    let origins = state.config().origins().unwrap_or_default();
    let request_id = HeaderName::from_static("x-request-id");
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::ACCEPT, request_id.clone()])
        .expose_headers([request_id]);
    let (router, document) = api().split_for_parts();
    router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(|| async { Problem::not_found("There is nothing at this address; see /docs") })
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
        .layer(CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                INTERNAL,
            ))
        }))
        .layer(CompressionLayer::new())
        .layer(cors)
        .layer(middleware::from_fn(observe))
        .with_state(state)
}
