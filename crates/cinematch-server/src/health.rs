//! `GET /health`, the liveness and readiness probes, and `GET /metrics`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cinematch_http::access::Caller;
use cinematch_http::problem::Problem;
use cinematch_service::Service;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::monitor;
use crate::state::Lifecycle;

/// State for the probe and metrics handlers.
#[derive(Clone)]
pub struct ProbeState {
    /// The service that implements the use cases.
    pub service: Service,
    /// The server's start time and shutdown flag.
    pub lifecycle: Arc<Lifecycle>,
}

/// Returns the router for the health endpoints, which don't require an identified caller.
pub fn probes() -> OpenApiRouter<ProbeState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(live)).routes(routes!(ready))
}

/// Returns the router for the metrics endpoint, which requires an identified caller.
pub fn metrics_routes() -> OpenApiRouter<ProbeState> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// State of the server and the served model.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    /// Number of movies in the served model.
    num_items: usize,
    #[schema(example = "cinematch-ml-backend")]
    service: &'static str,
    /// ID of the served model.
    model_id: String,
    /// Number of the served generation.
    generation: u64,
    /// Present if the published generation is unusable and an earlier one is served instead. The reason is in the
    /// server log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refused: Option<&'static str>,
    /// Seconds since the server started.
    uptime_seconds: u64,
}

/// Returns the state of the server and the served model.
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, body = Health)))]
pub async fn health(State(state): State<ProbeState>) -> Json<Health> {
    let bundle = state.service.bundle();
    Json(Health {
        status: "ok",
        num_items: bundle.recommender.movies().len(),
        service: "cinematch-ml-backend",
        model_id: bundle.manifest.model_id.clone(),
        generation: bundle.generation,
        refused: state
            .service
            .reload_failed()
            .then_some("the published generation cannot be used; see the server log"),
        uptime_seconds: state.lifecycle.uptime().as_secs(),
    })
}

/// Reply to a liveness or readiness probe.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Probe {
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Probe = Probe { status: "ok" };

/// Liveness probe: returns 200 as long as the process responds.
///
/// Orchestrators should restart the process if this probe fails.
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = Probe)))]
pub async fn live() -> Json<Probe> {
    Json(OK)
}

/// Readiness probe: returns 200 if the server can handle requests.
///
/// Returns 503 while no model is loaded, while the database isn't responding, or while the server is shutting down.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses((status = 200, body = Probe)))]
pub async fn ready(State(state): State<ProbeState>) -> Result<Json<Probe>, Problem> {
    if state.lifecycle.is_stopping() {
        return Err(Problem::unavailable("The server is shutting down"));
    }
    if !state.service.is_store_up().await {
        return Err(Problem::unavailable("The database does not respond"));
    }
    Ok(Json(OK))
}

/// Returns counters, gauges and histograms in the Prometheus text format.
///
/// Requires an API key in accounts mode.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(state): State<ProbeState>, caller: Caller) -> Result<Response, Problem> {
    if matches!(caller, Caller::Session(_)) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "Metrics require an API key"));
    }
    Ok(metrics_response(monitor::render(&state.service, state.lifecycle.uptime()).await))
}

/// Returns the metrics that are available before a model is loaded.
pub async fn process_metrics() -> Response {
    metrics_response(monitor::text())
}

fn metrics_response(text: String) -> Response {
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
