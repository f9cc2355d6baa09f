//! `GET /`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use crate::state::AppState;

/// What the server is.
#[derive(Serialize, utoipa::ToSchema)]
struct Home {
    service: &'static str,
    version: &'static str,
    status: &'static str,
    docs: &'static str,
}

/// What this server is: JSON, or a page for a browser.
#[utoipa::path(get, path = "/", tag = "service",
    responses((status = 200, description = "JSON, or HTML for `Accept: text/html`",
        content((Home = "application/json"), (String = "text/html")))))]
pub async fn home(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let version = env!("CARGO_PKG_VERSION");
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        let bundle = state.bundle();
        return Html(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>CineMatch</title>\
             <style>body{{font:1.1rem/1.6 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem;\
             color-scheme:light dark}}</style>\
             <h1>CineMatch</h1><p>{} films, model {}, generation {}.</p>\
             <p><a href=\"/docs\">Try the API</a> · <a href=\"/openapi.json\">OpenAPI document</a> · \
             <a href=\"/health\">Health</a></p>",
            bundle.recommender.movies().len(),
            bundle.manifest.model_id,
            bundle.generation,
        ))
        .into_response();
    }
    Json(Home { service: "cinematch", version, status: "ok", docs: "/docs" }).into_response()
}
