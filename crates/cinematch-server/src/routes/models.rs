//! `/api/models`: the generations there are, and which of them is served.

use axum::Json;
use axum::extract::State;
use cinematch::bundle::{ArtifactsError, GenerationInfo, Generations, Promoted};
use cinematch_store::rfc3339;
use serde::Serialize;

use super::now;
use crate::access::Operator;
use crate::extract::PathOf;
use crate::problem::{INTERNAL, Problem, ProblemDocument};
use crate::state::AppState;

/// All generations.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ModelList {
    /// The generation that answers requests here.
    serving: u64,
    /// Ascending.
    #[schema(value_type = Vec<Object>)]
    models: Vec<GenerationInfo>,
}

/// A generation in all detail.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ModelItem {
    #[schema(value_type = Object)]
    #[serde(flatten)]
    info: GenerationInfo,
    /// Its manifest: settings, counts, inputs.
    #[schema(value_type = Object)]
    manifest: serde_json::Value,
    /// Its card: what it is worth, and to whom it was compared; where it was judged.
    #[schema(value_type = Option<Object>)]
    card: Option<serde_json::Value>,
}

/// A generation that was put into service.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PromotedItem {
    /// It. The servers take it over within a second or so of having loaded it.
    generation: u64,
    /// The one before.
    before: Option<u64>,
}

impl From<Promoted> for PromotedItem {
    fn from(promoted: Promoted) -> Self {
        Self { generation: promoted.generation, before: promoted.before }
    }
}

/// The generations there are, with what they are for: `champion` is served, a rollback goes to `previous`,
/// `retired` ones served once, a `candidate` never did.
#[utoipa::path(get, path = "/api/models", tag = "operation",
    responses((status = 200, body = ModelList)))]
pub async fn list(State(state): State<AppState>, _: Operator) -> Result<Json<ModelList>, Problem> {
    let models = on_disk(&state, Generations::list).await?;
    Ok(Json(ModelList { serving: state.bundle().generation, models }))
}

/// One generation.
#[utoipa::path(get, path = "/api/models/{generation}", tag = "operation",
    params(("generation" = i64, Path, description = "Its number", minimum = 0)),
    responses(
        (status = 200, body = ModelItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    PathOf(generation): PathOf<u64>,
) -> Result<Json<ModelItem>, Problem> {
    let item = on_disk(&state, move |generations| {
        let manifest = generations.manifest_of(generation)?;
        let info = generations.list()?.into_iter().find(|info| info.generation == generation);
        Ok(info.map(|info| (info, manifest, generations.card(generation))))
    });
    let gone = || Problem::not_found(format!("There is no generation {generation}"));
    let (info, manifest, card) = item.await?.ok_or_else(gone)?;
    let manifest = serde_json::to_value(manifest).unwrap_or_default();
    Ok(Json(ModelItem { info, manifest, card }))
}

/// Serves a generation that is there, after its checksums were verified.
#[utoipa::path(post, path = "/api/admin/models/{generation}/promote", tag = "operation",
    params(("generation" = i64, Path, description = "Its number", minimum = 0)),
    responses(
        (status = 200, body = PromotedItem),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn promote(
    State(state): State<AppState>,
    _: Operator,
    PathOf(generation): PathOf<u64>,
) -> Result<Json<PromotedItem>, Problem> {
    let promoted = put_into_service(&state, generation, "asked for over the API").await?;
    Ok(Json(promoted.into()))
}

/// Serves a generation, and writes down why.
pub async fn put_into_service(
    state: &AppState,
    generation: u64,
    why: &'static str,
) -> Result<Promoted, Problem> {
    let promoted =
        on_disk(state, move |generations| generations.promote(generation, &rfc3339(now()), why));
    let promoted = promoted.await?;
    tracing::info!(generation, before = promoted.before, why, "promoted");
    Ok(promoted)
}

/// Serves again what served before.
#[utoipa::path(post, path = "/api/admin/models/rollback", tag = "operation",
    responses(
        (status = 200, body = PromotedItem),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn rollback(
    State(state): State<AppState>,
    _: Operator,
) -> Result<Json<PromotedItem>, Problem> {
    Ok(Json(roll_back(&state, "asked for over the API").await?.into()))
}

/// Serves again what served before, and writes down why.
pub async fn roll_back(state: &AppState, why: &'static str) -> Result<Promoted, Problem> {
    let promoted =
        on_disk(state, move |generations| generations.rollback(&rfc3339(now()), why)).await?;
    let Promoted { generation, before, .. } = promoted;
    tracing::info!(generation, before, why, "rolled back");
    Ok(promoted)
}

/// Does something with the files where no request waits for the disk.
pub async fn on_disk<T: Send + 'static>(
    state: &AppState,
    work: impl FnOnce(&Generations) -> Result<T, ArtifactsError> + Send + 'static,
) -> Result<T, Problem> {
    let generations = Generations::at(&state.config().artifacts);
    let done = tokio::task::spawn_blocking(move || work(&generations)).await;
    done.map_err(|error| internal(&error))?.map_err(|error| match error {
        ArtifactsError::NoGeneration { generation, .. } => {
            Problem::not_found(format!("There is no generation {generation}"))
        }
        ArtifactsError::File(error) => internal(&error),
        // Paths are the operator's own; what is wrong with a generation is what they ask about.
        error => Problem::new(axum::http::StatusCode::CONFLICT, error.to_string()),
    })
}

fn internal(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "the artifacts cannot be used");
    Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
}
