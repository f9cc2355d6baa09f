//! Generations on disk.
//!
//! ```text
//! artifacts/
//!   generations/000001/…        write-once, but for the card beside its checksummed files
//!   generations/000002/…
//!   current → generations/000002                   the champion: the generation that is served
//!   promotions.json                                which served when, and why
//!   item_features.npz → current/item_features.npz     and so on, where other tools look
//! ```
//!
//! A generation is written under a temporary name, synced and renamed; then it is there, and is not
//! served. Promoting it replaces `current` in one step. A reader resolves `current` once and reads
//! that generation's files only.

mod history;
mod list;
mod publish;

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::artifacts::{self, LoadError, MANIFEST, Transformers, broken};
use super::manifest::FORMAT_VERSION;
use super::{Bundle, Manifest};
use crate::files::FileError;
use crate::ids::{sha256_hex, sha256_of};

pub use history::Promotion;
pub use list::{GenerationInfo, Role};
pub use publish::{Added, Promoted, Published};

/// Artifacts that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactsError {
    /// There are none.
    #[error("artifacts not found in {}: run `cinematch train` first", artifacts.display())]
    NotFound {
        /// Where they were looked for.
        artifacts: PathBuf,
    },
    /// A file is missing, damaged or of another program's version.
    #[error(
        "{}: {reason}. The generation is damaged: go back with `cinematch models rollback`, or run \
         `cinematch train` again", path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process is publishing.
    #[error(
        "another process is writing to {} (`cinematch train`, `update` or `models`); wait for it to end",
        artifacts.display()
    )]
    Busy {
        /// The directory.
        artifacts: PathBuf,
    },
    /// A generation of this number is not there.
    #[error(
        "{} has no generation {generation}; {}", artifacts.display(),
        if known.is_empty() { "run `cinematch train` first".to_owned() } else {
            format!("there are {}", known.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))
        }
    )]
    NoGeneration {
        /// Where it was looked for.
        artifacts: PathBuf,
        /// The number asked for.
        generation: u64,
        /// Those that are there.
        known: Vec<u64>,
    },
    /// Nothing served before the champion, or it is gone.
    #[error(
        "nothing that served before generation {champion} is there to go back to; \
         `cinematch models list` shows what is, `cinematch models promote N` serves it"
    )]
    NothingBefore {
        /// The generation that is served.
        champion: u64,
    },
    /// Another generation was promoted while one was made from that which was served.
    #[error(
        "generation {base}, which was being updated, is no longer the one that is served; run \
         `cinematch update` again"
    )]
    Superseded {
        /// The generation that was gone on from.
        base: u64,
    },
    /// What served when cannot be read.
    #[error(
        "{}: {reason}. It says which generation served before; move it away, and `cinematch models \
         promote N` begins it anew", path.display()
    )]
    History {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A generation that can be served, and why it is not the champion where it is not.
#[derive(Debug)]
pub struct Best {
    /// The generation.
    pub bundle: Bundle,
    /// What is wrong with the champion, where this is an earlier one.
    pub refused: Option<ArtifactsError>,
}

/// The generations below one artifacts directory.
#[derive(Clone, Debug)]
pub struct Generations {
    artifacts: PathBuf,
}

impl Generations {
    /// Nothing is read or made yet.
    pub fn at(artifacts: &Path) -> Self {
        Self { artifacts: artifacts.to_owned() }
    }

    fn directory(&self) -> PathBuf {
        self.artifacts.join("generations")
    }

    fn current(&self) -> PathBuf {
        self.artifacts.join("current")
    }

    /// The number of the published generation, if there is one.
    pub fn published(&self) -> Option<u64> {
        let target = fs::read_link(self.current()).ok()?;
        target.file_name()?.to_str()?.parse().ok()
    }

    /// Something that changes whenever another generation is published, also one with a number
    /// that was used before. Two system calls: cheap to ask often.
    pub fn mark(&self) -> Option<(u64, u64, i64)> {
        use std::os::unix::fs::MetadataExt;
        let directory = fs::metadata(self.current()).ok()?;
        Some((self.published()?, directory.ino(), directory.ctime_nsec()))
    }

    /// All complete generations, ascending.
    pub fn all(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.directory()).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Where a generation's files are, or would be.
    pub fn path_of(&self, generation: u64) -> PathBuf {
        self.directory().join(format!("{generation:06}"))
    }

    /// The manifest of the published generation, checked for its version only.
    pub fn manifest(&self) -> Result<(u64, Manifest), ArtifactsError> {
        self.with_current(|generation, directory| Ok((generation, read_manifest(directory)?)))
    }

    /// The published generation's number and manifest, with every file checked. O(bytes).
    pub fn check(&self) -> Result<(u64, Manifest), ArtifactsError> {
        self.with_current(|generation, directory| Ok((generation, checked(directory)?)))
    }

    /// The manifest of a generation, served or not, with every file checked. O(bytes).
    pub fn check_generation(&self, generation: u64) -> Result<Manifest, ArtifactsError> {
        self.with(generation, checked)
    }

    /// The manifest of a generation, served or not, checked for its version only.
    pub fn manifest_of(&self, generation: u64) -> Result<Manifest, ArtifactsError> {
        self.with(generation, read_manifest)
    }

    /// Loads the published generation.
    pub fn load(&self) -> Result<Bundle, ArtifactsError> {
        self.with_current(load_from)
    }

    /// Loads a generation, served or not.
    pub fn load_generation(&self, generation: u64) -> Result<Bundle, ArtifactsError> {
        self.with(generation, |directory| load_from(generation, directory))
    }

    /// Loads the champion; where it is broken, the one that served last before it and is whole. For
    /// a server's start: yesterday's model is better than none.
    ///
    /// When none can be loaded, the error is the champion's.
    pub fn load_best(&self) -> Result<Best, ArtifactsError> {
        let refused = match self.load() {
            Ok(bundle) => return Ok(Best { bundle, refused: None }),
            Err(refused) => refused,
        };
        for generation in self.earlier() {
            if let Ok(bundle) = self.load_generation(generation) {
                return Ok(Best { bundle, refused: Some(refused) });
            }
        }
        Err(refused)
    }

    /// Loads the published generation with what made its rows.
    pub(super) fn load_with_transformers(&self) -> Result<(Bundle, Transformers), ArtifactsError> {
        self.with_current(|generation, directory| {
            let manifest = read_manifest(directory)?;
            let sums = manifest.files.clone();
            let read = |name: &str| verified(directory, &sums, name);
            let transformers = artifacts::load_transformers(read)?;
            Ok((artifacts::load(manifest, generation, read)?, transformers))
        })
    }

    pub(super) fn transformers(&self) -> Result<Transformers, ArtifactsError> {
        self.with_current(|_, directory| {
            let sums = read_manifest(directory)?.files;
            artifacts::load_transformers(|name| verified(directory, &sums, name))
        })
    }

    /// Runs `read` on a generation's directory.
    fn with<T>(
        &self,
        generation: u64,
        read: impl Fn(&Path) -> Result<T, LoadError>,
    ) -> Result<T, ArtifactsError> {
        let directory = self.path_of(generation);
        if !directory.is_dir() {
            let (artifacts, known) = (self.artifacts.clone(), self.all());
            return Err(ArtifactsError::NoGeneration { artifacts, generation, known });
        }
        read(&directory).map_err(|LoadError { file, reason }| ArtifactsError::Broken {
            path: directory.join(file),
            reason,
        })
    }

    /// Runs `read` on the published generation; once more if it was replaced and pruned meanwhile.
    fn with_current<T>(
        &self,
        read: impl Fn(u64, &Path) -> Result<T, LoadError>,
    ) -> Result<T, ArtifactsError> {
        loop {
            let not_found = || ArtifactsError::NotFound { artifacts: self.artifacts.clone() };
            let generation = self.published().ok_or_else(not_found)?;
            let directory = self.path_of(generation);
            match read(generation, &directory) {
                Ok(value) => return Ok(value),
                Err(_) if self.published().is_some_and(|now| now != generation) => {}
                Err(LoadError { file, reason }) => {
                    return Err(ArtifactsError::Broken { path: directory.join(file), reason });
                }
            }
        }
    }
}

fn read_manifest(directory: &Path) -> Result<Manifest, LoadError> {
    let bytes = fs::read(directory.join(MANIFEST)).map_err(|error| broken(MANIFEST, error))?;
    let version: serde_json::Value = artifacts::parse(MANIFEST, &bytes)?;
    let found = version.get("format_version").and_then(serde_json::Value::as_u64);
    if found != Some(u64::from(FORMAT_VERSION)) {
        let found = found.map_or_else(|| "none".to_owned(), |version| version.to_string());
        let reason = format!("format_version {FORMAT_VERSION} expected, got {found}");
        return Err(broken(MANIFEST, reason));
    }
    let manifest: Manifest = artifacts::parse(MANIFEST, &bytes)?;
    if manifest.computed_id() != manifest.model_id {
        return Err(broken(MANIFEST, "its model_id does not fit its content"));
    }
    Ok(manifest)
}

/// The manifest, once every file was read and has the checksum that it lists. The files are read
/// piece by piece and side by side: a gigabyte in some tenths of a second, none of it kept.
fn checked(directory: &Path) -> Result<Manifest, LoadError> {
    let manifest = read_manifest(directory)?;
    let mut files: Vec<_> = manifest.files.iter().collect();
    // The largest first: it takes longest.
    files.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.bytes));
    files.into_par_iter().with_max_len(1).try_for_each(|(name, sum)| {
        let unreadable = |error| broken(name, error);
        let file = fs::File::open(directory.join(name)).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        if bytes != sum.bytes || sha256_of(file).map_err(unreadable)? != sum.sha256 {
            return Err(broken(name, ANOTHER_SUM));
        }
        Ok(())
    })?;
    Ok(manifest)
}

/// Loads what is in a directory, with every checksum verified.
fn load_from(generation: u64, directory: &Path) -> Result<Bundle, LoadError> {
    let manifest = read_manifest(directory)?;
    let sums = manifest.files.clone();
    artifacts::load(manifest, generation, |name| verified(directory, &sums, name))
}

const ANOTHER_SUM: &str = "its checksum is not the manifest's";

fn verified(
    directory: &Path,
    sums: &std::collections::BTreeMap<String, super::FileSum>,
    name: &str,
) -> Result<Vec<u8>, LoadError> {
    let sum = sums.get(name).ok_or_else(|| broken(name, "the manifest does not list it"))?;
    let bytes = fs::read(directory.join(name)).map_err(|error| broken(name, error))?;
    if bytes.len() as u64 != sum.bytes || sha256_hex(&bytes) != sum.sha256 {
        return Err(broken(name, ANOTHER_SUM));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
