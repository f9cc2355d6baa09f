//! Lists generations, and stores their cards, which hold evaluation results.

use std::fs;

use serde::Serialize;

use super::Generations;
use crate::bundle::error::ArtifactsError;
use crate::files;

/// How a generation is used by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The generation that is being served.
    Champion,
    /// The generation that a rollback would restore.
    Previous,
    /// A generation that was served in the past.
    Retired,
    /// A generation that has never been served.
    Candidate,
}

/// Summary of a generation. Its checksums are not verified.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GenerationInfo {
    /// The generation's number.
    pub generation: u64,
    /// How the generation is used by the server.
    pub role: Role,
    /// Model ID; `None` if the manifest is unreadable.
    pub model_id: Option<String>,
    /// Start time of the training or update run, as RFC 3339 in UTC; `None` if the manifest is
    /// unreadable.
    pub created_at: Option<String>,
    /// Number of movies; `None` if the manifest is unreadable.
    pub movies: Option<usize>,
    /// Number of ratings that the served models were fitted on; `None` if the manifest is unreadable.
    pub ratings: Option<usize>,
    /// Total size of the files in bytes; `None` if the manifest is unreadable.
    pub bytes: Option<u64>,
    /// Time of the last promotion, as RFC 3339 in UTC; `None` if the generation was never promoted.
    pub promoted_at: Option<String>,
    /// Reason for the last promotion; `None` if the generation was never promoted.
    #[serde(rename = "why")]
    pub reason: Option<String>,
    /// Outcome of the evaluation, in one sentence; `None` if the card doesn't have one.
    pub verdict: Option<String>,
    /// Error that occurred when reading the manifest; `None` if it is readable.
    pub error: Option<String>,
}

/// Name of the JSON file with evaluation results.
const CARD: &str = "card.json";
/// Name of the HTML page with evaluation results.
const CARD_PAGE: &str = "card.html";

impl Generations {
    /// Writes or replaces a generation's card. The manifest doesn't list the card, so evaluations can be
    /// added without changing the generation.
    pub fn write_card(
        &self,
        generation: u64,
        json: &[u8],
        page: &[u8],
    ) -> Result<(), ArtifactsError> {
        // If the generation doesn't exist, fail instead of creating its directory.
        let directory = self.with_generation(generation, |directory| Ok(directory.to_owned()))?;
        files::replace(&directory.join(CARD_PAGE), |out| out.write_all(page))?;
        files::replace(&directory.join(CARD), |out| out.write_all(json))?;
        Ok(())
    }

    /// Returns a generation's card, or `None` if it is missing or unreadable.
    pub fn card(&self, generation: u64) -> Option<serde_json::Value> {
        let bytes = fs::read(self.generation_path(generation).join(CARD)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Lists all generations in ascending order, reading each one's manifest and card.
    pub fn list(&self) -> Result<Vec<GenerationInfo>, ArtifactsError> {
        let (champion, previous) = (self.champion(), self.previous()?);
        let (promotions, served) = (self.promotions()?, self.served()?);
        let mut list = Vec::new();
        for generation in self.numbers() {
            let promotion = promotions.iter().rfind(|promotion| promotion.generation == generation);
            let role = if Some(generation) == champion {
                Role::Champion
            } else if Some(generation) == previous {
                Role::Previous
            } else if promotion.is_some() || served.contains(&generation) {
                Role::Retired
            } else {
                Role::Candidate
            };
            let (manifest, error) = match self.manifest_of(generation) {
                Ok(manifest) => (Some(manifest), None),
                // The generation was removed after `numbers` listed it.
                Err(ArtifactsError::NoGeneration { .. }) => continue,
                Err(error) => (None, Some(error.to_string())),
            };
            let manifest = manifest.as_ref();
            list.push(GenerationInfo {
                generation,
                role,
                model_id: manifest.map(|manifest| manifest.model_id.clone()),
                created_at: manifest.map(|manifest| manifest.run.created_at.clone()),
                movies: manifest.map(|manifest| manifest.counts.movies),
                ratings: manifest.map(|manifest| manifest.counts.ratings),
                bytes: manifest
                    .map(|manifest| manifest.files.values().map(|file| file.bytes).sum()),
                promoted_at: promotion.map(|promotion| promotion.at.clone()),
                reason: promotion.map(|promotion| promotion.reason.clone()),
                verdict: self
                    .card(generation)
                    .and_then(|card| card["verdict"]["why"].as_str().map(str::to_owned)),
                error,
            });
        }
        Ok(list)
    }
}
