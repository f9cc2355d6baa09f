//! `GET /`: service information as JSON, or the home page for browsers.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_web::{PageCaller, home as home_page, wants_page};
use serde::Serialize;

/// Name, version and status of the service.
#[derive(Serialize, utoipa::ToSchema)]
struct Home {
    service: &'static str,
    version: &'static str,
    status: &'static str,
    docs: &'static str,
}

/// Returns service information as JSON, or the home page if the client accepts HTML.
#[utoipa::path(get, path = "/", tag = "service",
    responses(
        (status = 200, description = "JSON, or HTML for `Accept: text/html`",
            content((Home = "application/json"), (String = "text/html"))),
        (status = 303, description = "Redirects a browser without a profile to the sign-in page"),
    ))]
pub async fn home(
    State(service): State<Service>,
    caller: PageCaller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if wants_page(&headers) || caller.is_fragment {
        return home_page(State(service), caller).await;
    }
    let version = env!("CARGO_PKG_VERSION");
    let home = Home { service: "cinematch", version, status: "ok", docs: "/docs" };
    Ok(Json(home).into_response())
}
