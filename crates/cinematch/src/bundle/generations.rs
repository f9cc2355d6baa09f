//! Store for the generations in an artifacts directory.
//!
//! ```text
//! artifacts/
//!   generations/000001/…                           immutable, except for the card
//!   generations/000002/…
//!   current → generations/000002                   champion: the generation that is served
//!   promotions.json                                history of promotions, with reasons
//!   item_features.npz → current/item_features.npz  links to each file of the champion, for other tools
//! ```
//!
//! A new generation is written under a temporary name, synced and renamed, but not served yet. Promoting
//! it atomically replaces `current`. Readers resolve `current` once, then read only the files of that
//! generation.

mod history;
mod list;
mod publish;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::contents::{self, Transformers};
use super::error::{ArtifactsError, LoadError, broken, parse};
use super::file_names::MANIFEST;
use super::loaded::Bundle;
use super::manifest::{FORMAT_VERSION, FileChecksum, Manifest};
use super::models::ModelSet;
use crate::ids::{sha256_hex, sha256_of};
use crate::ranking::Blend;

pub use history::Promotion;
pub use list::{GenerationInfo, Role};
pub use publish::{Added, Promoted, Published};

/// The generation that a server loads when it starts, as returned by [`Generations::load_with_fallback`].
#[derive(Debug)]
pub struct LoadedGeneration {
    /// The loaded generation.
    pub bundle: Bundle,
    /// Error that occurred when loading the champion; `None` if `bundle` is the champion.
    pub champion_error: Option<ArtifactsError>,
}

/// A generation with everything that an update extends.
#[derive(Debug)]
pub(super) struct UpdateBase {
    pub bundle: Bundle,
    pub transformers: Transformers,
    /// The evaluation models; `None` if the served models were not refit.
    pub evaluation: Option<Blend>,
}

/// Handle to the generations in an artifacts directory.
#[derive(Clone, Debug)]
pub struct Generations {
    artifacts: PathBuf,
}

impl Bundle {
    /// Opens `artifacts`, loads the published generation and verifies all checksums. O(bytes).
    pub fn load(artifacts: &Path) -> Result<Self, ArtifactsError> {
        Generations::new(artifacts).load()
    }
}

impl Generations {
    /// Creates a handle to the artifacts directory without accessing it.
    pub fn new(artifacts: &Path) -> Self {
        Self { artifacts: artifacts.to_owned() }
    }

    fn directory(&self) -> PathBuf {
        self.artifacts.join("generations")
    }

    fn current(&self) -> PathBuf {
        self.artifacts.join("current")
    }

    /// Returns the number of the published generation (the champion), or `None` if there is none.
    pub fn champion(&self) -> Option<u64> {
        let target = fs::read_link(self.current()).ok()?;
        target.file_name()?.to_str()?.parse().ok()
    }

    /// Returns a value that changes whenever a generation is published, even if its number was used
    /// before, or `None` if no generation is published. Makes two system calls.
    pub fn champion_version(&self) -> Option<(u64, u64, i64)> {
        use std::os::unix::fs::MetadataExt;
        let directory = fs::metadata(self.current()).ok()?;
        Some((self.champion()?, directory.ino(), directory.ctime_nsec()))
    }

    /// Returns the numbers of all complete generations, in ascending order.
    pub fn numbers(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.directory()).into_iter().flatten().flatten();
        let mut generations: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        generations.sort_unstable();
        generations
    }

    /// Returns the directory of a generation, even if it doesn't exist.
    pub fn generation_path(&self, generation: u64) -> PathBuf {
        self.directory().join(format!("{generation:06}"))
    }

    /// Returns the published generation's number and manifest without verifying the other files.
    pub fn manifest(&self) -> Result<(u64, Manifest), ArtifactsError> {
        self.with_current(|generation, directory| Ok((generation, read_manifest(directory)?)))
    }

    /// Returns the published generation's number and manifest after verifying every file. O(bytes).
    pub fn check(&self) -> Result<(u64, Manifest), ArtifactsError> {
        self.with_current(|generation, directory| {
            Ok((generation, read_verified_manifest(directory)?))
        })
    }

    /// Returns the manifest of `generation` after verifying every file. O(bytes).
    pub fn check_generation(&self, generation: u64) -> Result<Manifest, ArtifactsError> {
        self.with_generation(generation, read_verified_manifest)
    }

    /// Returns the manifest of `generation` without verifying the other files.
    pub fn manifest_of(&self, generation: u64) -> Result<Manifest, ArtifactsError> {
        self.with_generation(generation, read_manifest)
    }

    /// Loads the published generation and verifies all checksums. O(bytes).
    pub fn load(&self) -> Result<Bundle, ArtifactsError> {
        self.with_current(|generation, directory| {
            load_from(generation, directory, ModelSet::Served)
        })
    }

    /// Loads `generation` and verifies all checksums. O(bytes).
    pub fn load_generation(&self, generation: u64) -> Result<Bundle, ArtifactsError> {
        self.with_generation(generation, |directory| {
            load_from(generation, directory, ModelSet::Served)
        })
    }

    /// Loads `generation` with the models that were fitted without the holdout, to compare it with other
    /// generations on held-out users. Differs from [`Self::load_generation`] only if the served models were
    /// refit on all users. Verifies all checksums. O(bytes).
    pub fn load_for_evaluation(&self, generation: u64) -> Result<Bundle, ArtifactsError> {
        self.with_generation(generation, |directory| {
            load_from(generation, directory, ModelSet::Evaluation)
        })
    }

    /// Loads the champion or, if it is damaged, the most recently served generation that can be loaded.
    /// Used when a server starts.
    ///
    /// If no generation can be loaded, returns the error for the champion.
    pub fn load_with_fallback(&self) -> Result<LoadedGeneration, ArtifactsError> {
        let champion_error = match self.load() {
            Ok(bundle) => return Ok(LoadedGeneration { bundle, champion_error: None }),
            Err(error) => error,
        };
        for generation in self.fallbacks() {
            if let Ok(bundle) = self.load_generation(generation) {
                return Ok(LoadedGeneration { bundle, champion_error: Some(champion_error) });
            }
        }
        Err(champion_error)
    }

    /// Loads everything that an update of the published generation needs.
    pub(super) fn load_for_update(&self) -> Result<UpdateBase, ArtifactsError> {
        self.with_current(|generation, directory| {
            let manifest = read_manifest(directory)?;
            let sums = manifest.files.clone();
            let read = |name: &str| read_verified(directory, &sums, name);
            let transformers = contents::load_transformers(read)?;
            let bundle = contents::load(manifest, generation, ModelSet::Served, read)?;
            let Bundle { manifest, recommender, .. } = &bundle;
            let n_movies = recommender.movies().len();
            let evaluation = manifest
                .refit
                .map(|_| contents::load_models(manifest, ModelSet::Evaluation, n_movies, read));
            Ok(UpdateBase { evaluation: evaluation.transpose()?, bundle, transformers })
        })
    }

    pub(super) fn transformers(&self) -> Result<Transformers, ArtifactsError> {
        self.with_current(|_, directory| {
            let sums = read_manifest(directory)?.files;
            contents::load_transformers(|name| read_verified(directory, &sums, name))
        })
    }

    /// Returns the error for a missing champion.
    fn not_served(&self) -> ArtifactsError {
        let known = self.numbers();
        if known.is_empty() {
            return ArtifactsError::NotFound { artifacts: self.artifacts.clone() };
        }
        ArtifactsError::NotServed { link: self.current(), missing_target: self.champion(), known }
    }

    /// Calls `read` with the directory of `generation`.
    fn with_generation<T>(
        &self,
        generation: u64,
        read: impl Fn(&Path) -> Result<T, LoadError>,
    ) -> Result<T, ArtifactsError> {
        let directory = self.generation_path(generation);
        if !directory.is_dir() {
            let (artifacts, known) = (self.artifacts.clone(), self.numbers());
            return Err(ArtifactsError::NoGeneration { artifacts, generation, known });
        }
        read(&directory).map_err(|LoadError { file, reason }| ArtifactsError::Broken {
            path: directory.join(file),
            reason,
        })
    }

    /// Calls `read` with the published generation, and retries if it fails because `current` has changed
    /// in the meantime.
    fn with_current<T>(
        &self,
        read: impl Fn(u64, &Path) -> Result<T, LoadError>,
    ) -> Result<T, ArtifactsError> {
        loop {
            let generation = self.champion().ok_or_else(|| self.not_served())?;
            let directory = self.generation_path(generation);
            if !directory.is_dir() && self.champion() == Some(generation) {
                return Err(self.not_served());
            }
            match read(generation, &directory) {
                Ok(value) => return Ok(value),
                Err(_) if self.champion().is_some_and(|champion| champion != generation) => {}
                Err(LoadError { file, reason }) => {
                    return Err(ArtifactsError::Broken { path: directory.join(file), reason });
                }
            }
        }
    }
}

fn read_manifest(directory: &Path) -> Result<Manifest, LoadError> {
    let bytes = fs::read(directory.join(MANIFEST)).map_err(|error| broken(MANIFEST, error))?;
    let version: serde_json::Value = parse(MANIFEST, &bytes)?;
    let found = version.get("format_version").and_then(serde_json::Value::as_u64);
    if found != Some(u64::from(FORMAT_VERSION)) {
        let found = found.map_or_else(|| "none".to_owned(), |version| version.to_string());
        let reason = format!("format_version {FORMAT_VERSION} expected, got {found}");
        return Err(broken(MANIFEST, reason));
    }
    let manifest: Manifest = parse(MANIFEST, &bytes)?;
    if manifest.computed_id() != manifest.model_id {
        return Err(broken(MANIFEST, "its model_id does not match its contents"));
    }
    Ok(manifest)
}

/// Reads the manifest and verifies every file's checksum. The files are streamed in parallel using
/// constant memory, at a few tenths of a second per gigabyte.
fn read_verified_manifest(directory: &Path) -> Result<Manifest, LoadError> {
    let manifest = read_manifest(directory)?;
    let mut files: Vec<_> = manifest.files.iter().collect();
    // Start with the largest file, which takes the longest.
    files.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.bytes));
    files.into_par_iter().with_max_len(1).try_for_each(|(name, sum)| {
        let read_error = |error| broken(name, error);
        let file = fs::File::open(directory.join(name)).map_err(read_error)?;
        let bytes = file.metadata().map_err(read_error)?.len();
        if bytes != sum.bytes || sha256_of(file).map_err(read_error)? != sum.sha256 {
            return Err(broken(name, CHECKSUM_MISMATCH));
        }
        Ok(())
    })?;
    Ok(manifest)
}

/// Loads a generation from its directory and verifies all checksums. A generation without evaluation models
/// is evaluated with the served ones.
fn load_from(generation: u64, directory: &Path, set: ModelSet) -> Result<Bundle, LoadError> {
    let manifest = read_manifest(directory)?;
    let sums = manifest.files.clone();
    let set = if manifest.refit.is_some() { set } else { ModelSet::Served };
    contents::load(manifest, generation, set, |name| read_verified(directory, &sums, name))
}

const CHECKSUM_MISMATCH: &str = "its checksum does not match the manifest";

fn read_verified(
    directory: &Path,
    sums: &BTreeMap<String, FileChecksum>,
    name: &str,
) -> Result<Vec<u8>, LoadError> {
    let sum = sums.get(name).ok_or_else(|| broken(name, "the manifest does not list it"))?;
    let bytes = fs::read(directory.join(name)).map_err(|error| broken(name, error))?;
    if bytes.len() as u64 != sum.bytes || sha256_hex(&bytes) != sum.sha256 {
        return Err(broken(name, CHECKSUM_MISMATCH));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
