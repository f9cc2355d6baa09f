//! Generations on disk.
//!
//! ```text
//! artifacts/
//!   generations/000001/…        write-once
//!   generations/000002/…
//!   current → generations/000002
//!   item_features.npz → current/item_features.npz     and so on, where other tools look
//! ```
//!
//! A generation is written under a temporary name, synced and renamed; then `current` is replaced
//! in one step. A reader resolves `current` once and reads that generation's files only.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::artifacts::{self, LoadError, MANIFEST, Trained, Transformers, broken};
use super::manifest::FORMAT_VERSION;
use super::{Bundle, Manifest};
use crate::files::{FileError, sync_directory};
use crate::ids::sha256_hex;

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
        "{}: {reason}. The generation is damaged: run `cinematch train` again, or point `current` \
         at an older generation", path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process is publishing.
    #[error("another `cinematch train` is writing to {}; wait for it to end", artifacts.display())]
    Busy {
        /// The directory.
        artifacts: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A generation that was just published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub generation: u64,
    /// Its directory.
    pub directory: PathBuf,
    /// Older generations that were removed.
    pub removed: Vec<u64>,
    /// Files that stand where a link for other tools would go, and were left alone.
    pub left_alone: Vec<PathBuf>,
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

    fn path_of(&self, generation: u64) -> PathBuf {
        self.directory().join(format!("{generation:06}"))
    }

    /// Publishes a trained generation and removes all but the newest `keep`.
    pub fn publish(&self, trained: &Trained, keep: usize) -> Result<Published, ArtifactsError> {
        let generations = self.directory();
        fs::create_dir_all(&generations).map_err(FileError::at("create", &generations))?;
        let _lock = self.lock()?;
        if fs::symlink_metadata(self.current()).is_ok_and(|found| !found.is_symlink()) {
            let cause = io::Error::other("it is there and is no link; move it away");
            let path = self.current();
            return Err(FileError { action: "publish", path, cause }.into());
        }
        self.sweep()?;
        let generation = self.all().last().map_or(1, |last| last + 1);
        let temporary = generations.join(format!(".tmp-{generation:06}"));
        fs::create_dir(&temporary).map_err(FileError::at("create", &temporary))?;
        if let Err(cause) = artifacts::write_files(&temporary, trained) {
            // Half a generation is of no use, and the disk may be full because of it.
            let _ = fs::remove_dir_all(&temporary);
            return Err(FileError { action: "write", path: temporary, cause }.into());
        }
        sync_directory(&temporary)?;
        let directory = self.path_of(generation);
        fs::rename(&temporary, &directory).map_err(FileError::at("publish", &directory))?;
        sync_directory(&generations)?;

        let name = format!("generations/{generation:06}");
        replace_link(Path::new(&name), &self.current())?;
        let left_alone = self.link_files(trained)?;
        sync_directory(&self.artifacts)?;
        let removed = self.prune(generation, keep)?;
        Ok(Published { generation, directory, removed, left_alone })
    }

    fn lock(&self) -> Result<fs::File, ArtifactsError> {
        let path = self.artifacts.join(".lock");
        let file = fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => {
                Err(ArtifactsError::Busy { artifacts: self.artifacts.clone() })
            }
            Err(fs::TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error).into()),
        }
    }

    /// Removes what an interrupted run left behind.
    fn sweep(&self) -> Result<(), FileError> {
        let generations = self.directory();
        let entries = fs::read_dir(&generations).map_err(FileError::at("read", &generations))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(".tmp-") {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(FileError::at("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Links the files where tools that know nothing of generations look for them. A file of the
    /// user's own in such a place stays.
    fn link_files(&self, trained: &Trained) -> Result<Vec<PathBuf>, FileError> {
        let mut left_alone = Vec::new();
        for name in trained.files.keys().map(String::as_str).chain([MANIFEST]) {
            let link = self.artifacts.join(name);
            let target = Path::new("current").join(name);
            match fs::symlink_metadata(&link) {
                Ok(found) if !found.is_symlink() => left_alone.push(link),
                Ok(_) if fs::read_link(&link).is_ok_and(|to| to == target) => {}
                _ => replace_link(&target, &link)?,
            }
        }
        self.unlink_gone()?;
        Ok(left_alone)
    }

    /// Removes our links to files that the current generation does not have.
    fn unlink_gone(&self) -> Result<(), FileError> {
        let failed = FileError::at("read", &self.artifacts);
        for entry in fs::read_dir(&self.artifacts).map_err(failed)?.flatten() {
            let link = entry.path();
            let ours = fs::read_link(&link).is_ok_and(|target| target.starts_with("current"));
            if ours && !link.exists() {
                fs::remove_file(&link).map_err(FileError::at("remove", &link))?;
            }
        }
        Ok(())
    }

    /// Removes all but the newest `keep` generations. The renaming first makes the removal one
    /// step for readers.
    fn prune(&self, published: u64, keep: usize) -> Result<Vec<u64>, FileError> {
        let all = self.all();
        let old = all.len().saturating_sub(keep.max(1));
        let mut removed = Vec::new();
        for generation in all.into_iter().take(old).filter(|generation| *generation != published) {
            let path = self.path_of(generation);
            let doomed = self.directory().join(format!(".tmp-old-{generation:06}"));
            fs::rename(&path, &doomed).map_err(FileError::at("remove", &path))?;
            fs::remove_dir_all(&doomed).map_err(FileError::at("remove", &doomed))?;
            removed.push(generation);
        }
        Ok(removed)
    }

    /// The manifest of the published generation, checked for its version only.
    pub fn manifest(&self) -> Result<(u64, Manifest), ArtifactsError> {
        self.with_current(|generation, directory| Ok((generation, read_manifest(directory)?)))
    }

    /// The published generation's number and manifest, with every file checked. O(bytes).
    pub fn check(&self) -> Result<(u64, Manifest), ArtifactsError> {
        self.with_current(|generation, directory| {
            let manifest = read_manifest(directory)?;
            for name in manifest.files.keys() {
                verified(directory, &manifest.files, name)?;
            }
            Ok((generation, manifest))
        })
    }

    /// Loads the published generation.
    pub fn load(&self) -> Result<Bundle, ArtifactsError> {
        self.with_current(|generation, directory| {
            let manifest = read_manifest(directory)?;
            let sums = manifest.files.clone();
            artifacts::load(manifest, generation, |name| verified(directory, &sums, name))
        })
    }

    pub(super) fn transformers(&self) -> Result<Transformers, ArtifactsError> {
        self.with_current(|_, directory| {
            let sums = read_manifest(directory)?.files;
            artifacts::load_transformers(|name| verified(directory, &sums, name))
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

fn verified(
    directory: &Path,
    sums: &std::collections::BTreeMap<String, super::FileSum>,
    name: &str,
) -> Result<Vec<u8>, LoadError> {
    let sum = sums.get(name).ok_or_else(|| broken(name, "the manifest does not list it"))?;
    let bytes = fs::read(directory.join(name)).map_err(|error| broken(name, error))?;
    if bytes.len() as u64 != sum.bytes || sha256_hex(&bytes) != sum.sha256 {
        return Err(broken(name, "its checksum is not the manifest's"));
    }
    Ok(bytes)
}

/// Points `link` at `target` in one step.
fn replace_link(target: &Path, link: &Path) -> Result<(), FileError> {
    let mut name = std::ffi::OsString::from(".");
    name.push(link.file_name().unwrap_or_default());
    name.push(".tmp");
    let temporary = link.with_file_name(name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(FileError::at("remove", &temporary)(error));
        }
        _ => {}
    }
    symlink(target, &temporary).map_err(FileError::at("link", &temporary))?;
    fs::rename(&temporary, link).map_err(FileError::at("replace", link))
}

#[cfg(test)]
mod tests;
