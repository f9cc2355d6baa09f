//! The generations on disk, and which of them is served.

use cinematch::bundle::{ArtifactsError, GenerationInfo, Generations, Promoted};
use cinematch_store::rfc3339;
use serde::Serialize;

use crate::error::ServiceError;
use crate::service::Service;

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

/// Lists the generations.
pub async fn list(service: &Service) -> Result<ModelList, ServiceError> {
    let models = on_disk(service, Generations::list).await?;
    Ok(ModelList { serving: service.bundle().generation, models })
}

/// Returns one generation with its manifest and card.
pub async fn find(service: &Service, generation: u64) -> Result<ModelItem, ServiceError> {
    let item = on_disk(service, move |generations| {
        let manifest = generations.manifest_of(generation)?;
        let info = generations.list()?.into_iter().find(|info| info.generation == generation);
        Ok(info.map(|info| (info, manifest, generations.card(generation))))
    });
    let gone = || ServiceError::not_found(format!("There is no generation {generation}"));
    let (info, manifest, card) = item.await?.ok_or_else(gone)?;
    let manifest = serde_json::to_value(manifest).unwrap_or_default();
    Ok(ModelItem { info, manifest, card })
}

/// Promotes a generation and records `why`.
pub async fn promote(
    service: &Service,
    generation: u64,
    why: &'static str,
) -> Result<Promoted, ServiceError> {
    let now = rfc3339(service.now());
    let promoted =
        on_disk(service, move |generations| generations.promote(generation, &now, why)).await?;
    tracing::info!(generation, before = promoted.before, why, "promoted");
    Ok(promoted)
}

/// Promotes the previously served generation and records `why`.
pub async fn roll_back(service: &Service, why: &'static str) -> Result<Promoted, ServiceError> {
    let now = rfc3339(service.now());
    let promoted = on_disk(service, move |generations| generations.rollback(&now, why)).await?;
    let Promoted { generation, before, .. } = promoted;
    tracing::info!(generation, before, why, "rolled back");
    Ok(promoted)
}

/// Runs `work` on a thread where no request waits for the disk.
pub async fn on_disk<T: Send + 'static>(
    service: &Service,
    work: impl FnOnce(&Generations) -> Result<T, ArtifactsError> + Send + 'static,
) -> Result<T, ServiceError> {
    let generations = Generations::at(service.artifacts());
    let done = tokio::task::spawn_blocking(move || work(&generations)).await;
    done.map_err(|error| internal(&error))?.map_err(|error| match error {
        ArtifactsError::NoGeneration { generation, .. } => {
            ServiceError::not_found(format!("There is no generation {generation}"))
        }
        ArtifactsError::File(error) => internal(&error),
        // Paths are the operator's own, and so is a broken generation.
        error => ServiceError::Conflict(error.to_string()),
    })
}

fn internal(error: &dyn std::fmt::Display) -> ServiceError {
    tracing::error!(%error, "the artifacts cannot be used");
    ServiceError::Internal
}
