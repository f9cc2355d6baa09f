//! The generations on disk: listing, promotion and rollback.

use cinematch::bundle::{ArtifactsError, GenerationInfo, Generations, Manifest, Promoted};
use cinematch::evaluation::promotion::Verdict;
use cinematch_store::rfc3339;
use serde::{Deserialize, Serialize};

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

/// A generation on disk with its evaluation.
#[derive(Clone, Debug)]
pub struct EvaluatedGeneration {
    /// Number, role and size of the generation.
    pub info: GenerationInfo,
    /// Verdict in the model card; `None` if there is none, or if another version wrote it in a different format.
    pub verdict: Option<Verdict>,
}

/// A generation on disk with its manifest and model card.
#[derive(Clone, Debug)]
pub struct GenerationDetails {
    /// Number, role and size of the generation.
    pub info: GenerationInfo,
    /// Manifest: settings, counts and inputs.
    pub manifest: Manifest,
    /// Model card; `None` if there is none.
    pub card: Option<serde_json::Value>,
}

impl GenerationDetails {
    /// Parses the verdict in the model card, as in [`EvaluatedGeneration::verdict`].
    pub fn verdict(&self) -> Option<Verdict> {
        verdict(self.card.as_ref()?)
    }
}

impl From<GenerationDetails> for ModelItem {
    fn from(GenerationDetails { info, manifest, card }: GenerationDetails) -> Self {
        let manifest = serde_json::to_value(manifest).unwrap_or_default();
        Self { info, manifest, card }
    }
}

fn verdict(card: &serde_json::Value) -> Option<Verdict> {
    Verdict::deserialize(card.get("verdict")?).ok()
}

impl ModelList {
    /// Creates the list of generations, of which `serving` is in service.
    pub fn new(serving: u64, models: Vec<GenerationInfo>) -> Self {
        Self { serving, models }
    }
}

/// Lists the generations on disk, in ascending order.
pub fn list(service: &Service) -> ServiceFuture<'_, Vec<GenerationInfo>> {
    Box::pin(with_generations(service, Generations::list))
}

/// Lists the generations on disk with their evaluations, in ascending order.
pub fn list_evaluated(service: &Service) -> ServiceFuture<'_, Vec<EvaluatedGeneration>> {
    Box::pin(with_generations(service, |generations| {
        let evaluated = |info: GenerationInfo| {
            let card = generations.card(info.generation);
            EvaluatedGeneration { info, verdict: card.as_ref().and_then(verdict) }
        };
        Ok(generations.list()?.into_iter().map(evaluated).collect())
    }))
}

/// Returns a generation with its manifest and model card.
pub fn find(service: &Service, generation: u64) -> ServiceFuture<'_, GenerationDetails> {
    Box::pin(async move {
        let found = with_generations(service, move |generations| {
            let manifest = generations.manifest_of(generation)?;
            let info = generations.list()?.into_iter().find(|info| info.generation == generation);
            let card = generations.card(generation);
            Ok(info.map(|info| GenerationDetails { info, manifest, card }))
        });
        let not_found =
            || ServiceError::not_found(format!("Generation {generation} does not exist"));
        found.await?.ok_or_else(not_found)
    })
}

/// Returns the generation that a rollback would promote, or `None` if there is none.
pub fn previous(service: &Service) -> ServiceFuture<'_, Option<u64>> {
    Box::pin(with_generations(service, Generations::previous))
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
async fn with_generations<T: Send + 'static>(
    service: &Service,
    work: impl FnOnce(&Generations) -> Result<T, ArtifactsError> + Send + 'static,
) -> Result<T, ServiceError> {
    let generations = Generations::new(service.artifacts());
    let result = tokio::task::spawn_blocking(move || work(&generations)).await;
    result.map_err(|error| internal(&error))?.map_err(|error| match error {
        ArtifactsError::NoGeneration { generation, .. } => {
            ServiceError::not_found(format!("Generation {generation} does not exist"))
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
