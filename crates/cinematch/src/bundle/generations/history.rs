//! `promotions.json`: which generation served when, and why.
//!
//! A promotion is written down before `current` is replaced. What was written down and then not done,
//! because the process died in between, is told by `current`: it is not the last one then.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ArtifactsError, Generations};
use crate::files::{self, FileError};

/// The file.
const PROMOTIONS: &str = "promotions.json";
/// As many are remembered: years of weekly ones.
const REMEMBERED: usize = 500;

/// A generation put into service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Its number.
    pub generation: u64,
    /// Its model.
    pub model_id: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Why, in a sentence.
    pub why: String,
    /// Whether this went back to what had served before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rollback: bool,
}

/// `promotions.json`.
#[derive(Serialize, Deserialize)]
struct File {
    format_version: u32,
    promotions: Vec<Promotion>,
}

impl Generations {
    fn promotions_path(&self) -> PathBuf {
        self.artifacts.join(PROMOTIONS)
    }

    /// All promotions that are remembered, the latest last. Artifacts from before promotions were
    /// written down have none.
    pub fn promotions(&self) -> Result<Vec<Promotion>, ArtifactsError> {
        let mut promotions = self.written_down()?;
        let champion = self.published();
        // Written down, and the process died before it was done.
        let done = promotions.iter().rposition(|promotion| Some(promotion.generation) == champion);
        if let Some(last) = done {
            promotions.truncate(last + 1);
        }
        Ok(promotions)
    }

    fn written_down(&self) -> Result<Vec<Promotion>, ArtifactsError> {
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

    /// Writes down that a generation goes into service.
    pub(super) fn write_down(&self, promotion: Promotion) -> Result<(), ArtifactsError> {
        let mut promotions = self.promotions()?;
        let champion = self.published();
        if let Some(champion) =
            champion.filter(|_| promotions.last().map(|promotion| promotion.generation) != champion)
        {
            promotions.push(self.found_in_service(champion));
        }
        promotions.push(promotion);
        promotions.drain(..promotions.len().saturating_sub(REMEMBERED));
        let file = File { format_version: 1, promotions };
        let path = self.promotions_path();
        files::replace(&path, |out| {
            serde_json::to_writer_pretty(&mut *out, &file)?;
            out.write_all(b"\n")
        })?;
        Ok(())
    }

    /// The champion, where nobody wrote down how it came to be that: promotions were not written down
    /// yet, or `current` was pointed at it by hand.
    fn found_in_service(&self, generation: u64) -> Promotion {
        let manifest = self.manifest_of(generation).ok();
        let (model_id, at) = manifest
            .map(|manifest| (manifest.model_id, manifest.run.created_at))
            .unwrap_or_default();
        let why = "found in service".to_owned();
        Promotion { generation, model_id, at, why, is_rollback: false }
    }

    /// Generations in the order in which they came to serve, without those that were rolled back from;
    /// the last is the champion.
    pub(super) fn served(&self) -> Result<Vec<u64>, ArtifactsError> {
        let champion = self.published();
        let promotions = self.promotions()?;
        let mut served: Vec<u64> = Vec::new();
        if promotions.is_empty() {
            // From before promotions were written down, when every generation was published at once.
            served = self.all();
            served.retain(|generation| Some(*generation) < champion);
        }
        for Promotion { generation, is_rollback, .. } in promotions {
            if is_rollback && let Some(at) = served.iter().rposition(|one| *one == generation) {
                served.truncate(at);
            }
            served.push(generation);
        }
        // `current` may have been pointed elsewhere by hand.
        if let Some(champion) = champion.filter(|champion| served.last() != Some(champion)) {
            served.push(champion);
        }
        Ok(served)
    }

    /// Models that somebody went back from and that were not promoted by hand since: nothing serves them again of
    /// itself.
    pub fn were_taken_back(&self) -> Result<Vec<String>, ArtifactsError> {
        let mut served: Vec<Promotion> = Vec::new();
        let mut taken_back: Vec<String> = Vec::new();
        for promotion in self.promotions()? {
            taken_back.retain(|model_id| *model_id != promotion.model_id);
            let before = served.iter().rposition(|one| one.generation == promotion.generation);
            if promotion.is_rollback
                && let Some(at) = before
            {
                taken_back.extend(served.drain(at..).skip(1).map(|one| one.model_id));
            }
            served.push(promotion);
        }
        Ok(taken_back)
    }

    /// Where a rollback goes: the generation that served before the champion and is still there.
    pub fn previous(&self) -> Result<Option<u64>, ArtifactsError> {
        let served = self.served()?;
        let champion = served.last().copied();
        let mut before = served.into_iter().rev().filter(|one| Some(*one) != champion);
        Ok(before.find(|generation| self.path_of(*generation).is_dir()))
    }

    /// Generations that served before the champion, the last first. Where promotions cannot be read,
    /// all before it: this is for the day when something is broken.
    pub(super) fn earlier(&self) -> Vec<u64> {
        let champion = self.published();
        let mut served = self.served().unwrap_or_else(|_| self.all());
        served.reverse();
        // Those that somebody went back from come last: better than none.
        let others = self.promotions().unwrap_or_default();
        served.extend(others.iter().rev().map(|promotion| promotion.generation));
        let mut earlier: Vec<u64> = Vec::new();
        for generation in served {
            if Some(generation) != champion && !earlier.contains(&generation) {
                earlier.push(generation);
            }
        }
        earlier
    }

    /// The highest number that was ever promoted, so that none is used twice.
    pub(super) fn highest_promoted(&self) -> u64 {
        let promotions = self.written_down().unwrap_or_default();
        promotions.iter().map(|promotion| promotion.generation).max().unwrap_or(0)
    }
}
