//! The generations on disk: listing, promotion and rollback.

use cinematch::bundle::{ArtifactsError, GenerationInfo, Generations, Promoted};
use cinematch_store::rfc3339;
use serde::Serialize;

use crate::error::{ServiceError, ServiceFuture};
use crate::service::Service;

/// All generations on disk, as returned by `GET /api/models`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ModelList {
    /// Generation in service on this server.
    serving: u64,
    /// Generations in ascending order.
    #[schema(value_type = Vec<Object>)]
    models: Vec<GenerationInfo>,
}

/// A generation with its manifest and model card.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ModelItem {
    #[schema(value_type = Object)]
    #[serde(flatten)]
    info: GenerationInfo,
    /// Manifest: settings, counts and inputs.
    #[schema(value_type = Object)]
    manifest: serde_json::Value,
    /// Model card with the verdict of the evaluation; `null` if there is none.
    #[schema(value_type = Option<Object>)]
    card: Option<serde_json::Value>,
}

/// Result of a promotion or rollback.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PromotedItem {
    /// Promoted generation. Servers detect it within a second and put it into service once it is loaded.
    generation: u64,
    /// Generation that was promoted before; `null` if there was none.
    before: Option<u64>,
}

impl From<Promoted> for PromotedItem {
    fn from(promoted: Promoted) -> Self {
        Self { generation: promoted.generation, before: promoted.previous }
    }
}

/// Lists the generations on disk.
pub fn list(service: &Service) -> ServiceFuture<'_, ModelList> {
    Box::pin(async move {
        let models = with_generations(service, Generations::list).await?;
        Ok(ModelList { serving: service.bundle().generation, models })
    })
}

/// Returns a generation with its manifest and model card.
pub fn find(service: &Service, generation: u64) -> ServiceFuture<'_, ModelItem> {
    Box::pin(async move {
        let item = with_generations(service, move |generations| {
            let manifest = generations.manifest_of(generation)?;
            let info = generations.list()?.into_iter().find(|info| info.generation == generation);
            Ok(info.map(|info| (info, manifest, generations.card(generation))))
        });
        let not_found = || ServiceError::not_found(format!("There is no generation {generation}"));
        let (info, manifest, card) = item.await?.ok_or_else(not_found)?;
        let manifest = serde_json::to_value(manifest).unwrap_or_default();
        Ok(ModelItem { info, manifest, card })
    })
}

/// Promotes a generation and records `why` as the reason.
pub fn promote<'a>(
    service: &'a Service,
    generation: u64,
    why: &'static str,
) -> ServiceFuture<'a, Promoted> {
    Box::pin(async move {
        let now = rfc3339(service.now());
        let promoted = with_generations(service, move |generations| {
            generations.promote(generation, &now, why)
        })
        .await?;
        tracing::info!(generation, before = promoted.previous, why, "promoted a generation");
        Ok(promoted)
    })
}

/// Promotes the previously served generation and records `why` as the reason.
pub fn roll_back<'a>(service: &'a Service, why: &'static str) -> ServiceFuture<'a, Promoted> {
    Box::pin(async move {
        let now = rfc3339(service.now());
        let promoted =
            with_generations(service, move |generations| generations.rollback(&now, why)).await?;
        let Promoted { generation, previous: before, .. } = promoted;
        tracing::info!(generation, before, why, "rolled back to a generation");
        Ok(promoted)
    })
}

/// Runs `work` on a blocking thread, so that disk access does not delay requests.
pub async fn with_generations<T: Send + 'static>(
    service: &Service,
    work: impl FnOnce(&Generations) -> Result<T, ArtifactsError> + Send + 'static,
) -> Result<T, ServiceError> {
    let generations = Generations::new(service.artifacts());
    let result = tokio::task::spawn_blocking(move || work(&generations)).await;
    result.map_err(|error| internal(&error))?.map_err(|error| match error {
        ArtifactsError::NoGeneration { generation, .. } => {
            ServiceError::not_found(format!("There is no generation {generation}"))
        }
        ArtifactsError::File(error) => internal(&error),
        // The message may contain paths, which is acceptable because only operators call these functions.
        error => ServiceError::Conflict(error.to_string()),
    })
}

fn internal(error: &dyn std::fmt::Display) -> ServiceError {
    tracing::error!(%error, "cannot access the artifacts");
    ServiceError::Internal
}
