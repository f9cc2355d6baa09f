//! `GET /health`, the probes of orchestrators, and `GET /metrics`.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::monitor;
use crate::problem::Problem;
use crate::state::AppState;

/// How the server is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    /// Films in service.
    num_items: usize,
    #[schema(example = "cinematch-ml-backend")]
    service: &'static str,
    /// The model in service.
    model_id: String,
    /// Its generation.
    generation: u64,
    /// The published generation that cannot be used, and why: an earlier one is in service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refused: Option<String>,
    /// Seconds since the start.
    uptime_seconds: u64,
}

/// How the server is and which model it serves.
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, body = Health)))]
pub async fn health(State(state): State<AppState>) -> Json<Health> {
    let bundle = state.bundle();
    Json(Health {
        status: "ok",
        num_items: bundle.recommender.movies().len(),
        service: "cinematch-ml-backend",
        model_id: bundle.manifest.model_id.clone(),
        generation: bundle.generation,
        refused: state.refused(),
        uptime_seconds: state.uptime().as_secs(),
    })
}

/// What a probe is told.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Probe {
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Probe = Probe { status: "ok" };

/// Whether the process answers at all. Who asks in vain may start it anew.
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = Probe)))]
pub async fn live() -> Json<Probe> {
    Json(OK)
}

/// Whether requests should be sent here: not without a model, a database that answers, or while the server
/// stops.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses((status = 200, body = Probe)))]
pub async fn ready(State(state): State<AppState>) -> Result<Json<Probe>, Problem> {
    if state.is_stopping() {
        return Err(Problem::unavailable("The server is stopping"));
    }
    if !state.is_store_up().await {
        return Err(Problem::unavailable("The database does not answer"));
    }
    Ok(Json(OK))
}

/// Counters, gauges and histograms for Prometheus. With accounts, for keys and who signed in.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(state): State<AppState>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], monitor::render(&state).await).into_response()
}
