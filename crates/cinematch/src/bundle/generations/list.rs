//! What generations there are, and their cards.

use std::fs;

use serde::Serialize;

use super::{ArtifactsError, Generations};
use crate::files;

/// What a generation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It is served.
    Champion,
    /// It served before: a rollback goes to it.
    Previous,
    /// It served once.
    Retired,
    /// It never served.
    Candidate,
}

/// A generation in short. Its checksums are not verified.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GenerationInfo {
    /// Its number.
    pub generation: u64,
    /// What it is for.
    pub role: Role,
    /// Its model's id; `None` where the manifest cannot be read.
    pub model_id: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: Option<String>,
    /// Its films.
    pub movies: Option<usize>,
    /// The ratings that it learned from.
    pub ratings: Option<usize>,
    /// Bytes of its files.
    pub bytes: Option<u64>,
    /// When it last went into service.
    pub promoted_at: Option<String>,
    /// Why it did.
    pub why: Option<String>,
    /// What was found when it was judged, in a sentence.
    pub verdict: Option<String>,
    /// Why the manifest cannot be read.
    pub error: Option<String>,
}

/// What a generation was found to be worth, for machines and for people.
const CARD: &str = "card.json";
const CARD_PAGE: &str = "card.html";

impl Generations {
    /// Puts a card beside a generation's files, or replaces it. It is no part of what the manifest
    /// lists: what is known of a model grows, and the model does not.
    pub fn write_card(
        &self,
        generation: u64,
        json: &[u8],
        page: &[u8],
    ) -> Result<(), ArtifactsError> {
        // Refused where there is no such generation, rather than made.
        let directory = self.with(generation, |directory| Ok(directory.to_owned()))?;
        files::replace(&directory.join(CARD_PAGE), |out| out.write_all(page))?;
        files::replace(&directory.join(CARD), |out| out.write_all(json))?;
        Ok(())
    }

    /// A generation's card, where it has one that can be read.
    pub fn card(&self, generation: u64) -> Option<serde_json::Value> {
        let bytes = fs::read(self.path_of(generation).join(CARD)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// All generations in short, ascending. Reads a manifest each.
    pub fn list(&self) -> Result<Vec<GenerationInfo>, ArtifactsError> {
        let (champion, previous) = (self.published(), self.previous()?);
        let (promotions, served) = (self.promotions()?, self.served()?);
        let mut list = Vec::new();
        for generation in self.all() {
            let promotion = promotions.iter().rfind(|one| one.generation == generation);
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
                // Removed between two looks.
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
                why: promotion.map(|promotion| promotion.why.clone()),
                verdict: self
                    .card(generation)
                    .and_then(|card| card["verdict"]["why"].as_str().map(str::to_owned)),
                error,
            });
        }
        Ok(list)
    }
}
