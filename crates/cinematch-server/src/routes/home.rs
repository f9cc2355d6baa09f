//! `GET /`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;
use crate::state::AppState;
use crate::ui::{self, PageCaller};

/// What the server is.
#[derive(Serialize, utoipa::ToSchema)]
struct Home {
    service: &'static str,
    version: &'static str,
    status: &'static str,
    docs: &'static str,
}

/// What this server is, as JSON; for a browser the page.
#[utoipa::path(get, path = "/", tag = "service",
    responses(
        (status = 200, description = "JSON, or HTML for `Accept: text/html`",
            content((Home = "application/json"), (String = "text/html"))),
        (status = 303, description = "A browser is asked who it is first"),
    ))]
pub async fn home(
    State(state): State<AppState>,
    caller: PageCaller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if ui::wants_page(&headers) || caller.is_fragment {
        return ui::home(State(state), caller).await;
    }
    let version = env!("CARGO_PKG_VERSION");
    let home = Home { service: "cinematch", version, status: "ok", docs: "/docs" };
    Ok(Json(home).into_response())
}
