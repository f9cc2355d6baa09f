//! `GET /health`, the probes of orchestrators, and `GET /metrics`.

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

/// The state of the probes.
#[derive(Clone)]
pub struct Probed {
    /// The use cases.
    pub service: Service,
    /// Start and stop.
    pub lifecycle: Arc<Lifecycle>,
}

/// The probes, which anyone may call.
pub fn probes() -> OpenApiRouter<Probed> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(live)).routes(routes!(ready))
}

/// The metrics, which require a caller.
pub fn measured() -> OpenApiRouter<Probed> {
    OpenApiRouter::new().routes(routes!(metrics))
}

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
    /// That the published generation cannot be used, and an earlier one is in service; the log says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refused: Option<&'static str>,
    /// Seconds since the start.
    uptime_seconds: u64,
}

/// How the server is and which model it serves.
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, body = Health)))]
pub async fn health(State(state): State<Probed>) -> Json<Health> {
    let bundle = state.service.bundle();
    Json(Health {
        status: "ok",
        num_items: bundle.recommender.movies().len(),
        service: "cinematch-ml-backend",
        model_id: bundle.manifest.model_id.clone(),
        generation: bundle.generation,
        refused: state
            .service
            .is_refusing()
            .then_some("the published generation cannot be used; the log says why"),
        uptime_seconds: state.lifecycle.uptime().as_secs(),
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
pub async fn ready(State(state): State<Probed>) -> Result<Json<Probe>, Problem> {
    if state.lifecycle.is_stopping() {
        return Err(Problem::unavailable("The server is stopping"));
    }
    if !state.service.is_store_up().await {
        return Err(Problem::unavailable("The database does not answer"));
    }
    Ok(Json(OK))
}

/// Counters, gauges and histograms for Prometheus. With accounts, for keys.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(state): State<Probed>, caller: Caller) -> Result<Response, Problem> {
    if matches!(caller, Caller::Person(_)) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "Metrics are for keys, not for people"));
    }
    Ok(as_metrics(monitor::render(&state.service, state.lifecycle.uptime()).await))
}

/// The same while there is no model: of the process alone.
pub async fn process_metrics() -> Response {
    as_metrics(monitor::text())
}

fn as_metrics(text: String) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
