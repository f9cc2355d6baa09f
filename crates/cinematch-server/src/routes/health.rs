//! `GET /health`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

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
        uptime_seconds: state.uptime().as_secs(),
    })
}
