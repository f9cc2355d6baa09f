//! `promotions.json`: the history of promotions, with times and reasons.
//!
//! A promotion is recorded before `current` is replaced. If the process dies in between, `current`
//! doesn't point to the last recorded promotion, and readers ignore that promotion.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Generations;
use crate::bundle::error::ArtifactsError;
use crate::files::{self, FileError};

/// Name of the history file, inside the artifacts directory.
const PROMOTIONS: &str = "promotions.json";
/// Maximum number of recorded promotions, enough for almost ten years of weekly promotions. The oldest
/// ones are dropped.
const MAX_PROMOTIONS: usize = 500;

/// A recorded promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Number of the generation that was promoted.
    pub generation: u64,
    /// Model ID of the generation that was promoted.
    pub model_id: String,
    /// Time of the promotion, as RFC 3339 in UTC.
    pub at: String,
    /// Reason for the promotion, in one sentence.
    #[serde(rename = "why")]
    pub reason: String,
    /// True if this promotion was a rollback.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rollback: bool,
}

/// Contents of `promotions.json`.
#[derive(Serialize, Deserialize)]
struct File {
    format_version: u32,
    promotions: Vec<Promotion>,
}

impl Generations {
    fn promotions_path(&self) -> PathBuf {
        self.artifacts.join(PROMOTIONS)
    }

    /// Returns the recorded promotions that took effect, oldest first. Empty for artifacts from versions
    /// that didn't record promotions.
    pub(crate) fn promotions(&self) -> Result<Vec<Promotion>, ArtifactsError> {
        let mut promotions = self.read_promotions()?;
        let champion = self.champion();
        // Drop promotions that were recorded but never completed.
        let last_of_champion =
            promotions.iter().rposition(|promotion| Some(promotion.generation) == champion);
        if let Some(last) = last_of_champion {
            promotions.truncate(last + 1);
        }
        Ok(promotions)
    }

    fn read_promotions(&self) -> Result<Vec<Promotion>, ArtifactsError> {
        let path = self.promotions_path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(FileError::at("read", &path)(error).into()),
        };
        match serde_json::from_slice(&bytes) {
            Ok(File { format_version: 1, promotions }) => Ok(promotions),
            Ok(File { format_version, .. }) => {
                let reason = format!("format_version 1 expected, got {format_version}");
                Err(ArtifactsError::History { path, reason })
            }
            Err(error) => Err(ArtifactsError::History { path, reason: error.to_string() }),
        }
    }

    /// Records a promotion. If the current champion has no entry, adds one for it first.
    pub(super) fn record_promotion(&self, promotion: Promotion) -> Result<(), ArtifactsError> {
        let mut promotions = self.promotions()?;
        let champion = self.champion();
        if let Some(champion) =
            champion.filter(|_| promotions.last().map(|promotion| promotion.generation) != champion)
        {
            promotions.push(self.unrecorded_promotion(champion));
        }
        promotions.push(promotion);
        promotions.drain(..promotions.len().saturating_sub(MAX_PROMOTIONS));
        let file = File { format_version: 1, promotions };
        let path = self.promotions_path();
        files::replace(&path, |out| {
            serde_json::to_writer_pretty(&mut *out, &file)?;
            out.write_all(b"\n")
        })?;
        Ok(())
    }

    /// Returns an entry for a champion with no recorded promotion, either because an earlier version
    /// promoted it or because the operator changed `current`.
    fn unrecorded_promotion(&self, generation: u64) -> Promotion {
        let manifest = self.manifest_of(generation).ok();
        let (model_id, at) = manifest
            .map(|manifest| (manifest.model_id, manifest.run.created_at))
            .unwrap_or_default();
        let reason = "promotion not recorded".to_owned();
        Promotion { generation, model_id, at, reason, is_rollback: false }
    }

    /// Returns the generations in the order they were served, excluding those that were rolled back. The
    /// last one is the champion.
    pub(super) fn served(&self) -> Result<Vec<u64>, ArtifactsError> {
        let champion = self.champion();
        let promotions = self.promotions()?;
        let mut served: Vec<u64> = Vec::new();
        if promotions.is_empty() {
            // Earlier versions didn't record promotions and promoted every generation.
            served = self.numbers();
            served.retain(|generation| Some(*generation) < champion);
        }
        for Promotion { generation, is_rollback, .. } in promotions {
            if is_rollback
                && let Some(index) = served.iter().rposition(|earlier| *earlier == generation)
            {
                served.truncate(index);
            }
            served.push(generation);
        }
        // The operator may have changed `current`.
        if let Some(champion) = champion.filter(|champion| served.last() != Some(champion)) {
            served.push(champion);
        }
        Ok(served)
    }

    /// Returns the IDs of models that were rolled back and haven't been promoted since. They are never
    /// promoted automatically.
    pub fn rolled_back_models(&self) -> Result<Vec<String>, ArtifactsError> {
        let mut served: Vec<Promotion> = Vec::new();
        let mut rolled_back: Vec<String> = Vec::new();
        for promotion in self.promotions()? {
            rolled_back.retain(|model_id| *model_id != promotion.model_id);
            let earlier_index =
                served.iter().rposition(|earlier| earlier.generation == promotion.generation);
            if promotion.is_rollback
                && let Some(index) = earlier_index
            {
                rolled_back
                    .extend(served.drain(index..).skip(1).map(|promotion| promotion.model_id));
            }
            served.push(promotion);
        }
        Ok(rolled_back)
    }

    /// Returns the rollback target: the last generation served before the champion that still exists.
    pub fn previous(&self) -> Result<Option<u64>, ArtifactsError> {
        let served = self.served()?;
        let champion = served.last().copied();
        let mut earlier =
            served.into_iter().rev().filter(|generation| Some(*generation) != champion);
        Ok(earlier.find(|generation| self.generation_path(*generation).is_dir()))
    }

    /// Returns the generations to fall back to if the champion is damaged: those served before it, latest
    /// first, then those that were rolled back. If `promotions.json` is unreadable, returns all other
    /// generations, highest number first.
    pub(super) fn fallbacks(&self) -> Vec<u64> {
        let champion = self.champion();
        let mut served = self.served().unwrap_or_else(|_| self.numbers());
        served.reverse();
        // Use generations that were rolled back only as a last resort.
        let others = self.promotions().unwrap_or_default();
        served.extend(others.iter().rev().map(|promotion| promotion.generation));
        let mut fallbacks: Vec<u64> = Vec::new();
        for generation in served {
            if Some(generation) != champion && !fallbacks.contains(&generation) {
                fallbacks.push(generation);
            }
        }
        fallbacks
    }

    /// Returns the highest generation number ever promoted, or 0. New generations are numbered higher.
    pub(super) fn highest_promoted(&self) -> u64 {
        let promotions = self.read_promotions().unwrap_or_default();
        promotions.iter().map(|promotion| promotion.generation).max().unwrap_or(0)
    }
}
