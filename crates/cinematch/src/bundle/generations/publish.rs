//! Adds, promotes, rolls back and prunes generations.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Generations;
use super::history::Promotion;
use crate::bundle::contents::Trained;
use crate::bundle::error::ArtifactsError;
use crate::bundle::file_names::MANIFEST;
use crate::bundle::manifest::Manifest;
use crate::files::{FileError, sync_directory};

/// Number of attempts to take the lock. Retrying covers short promotions in other processes, and child
/// processes, which hold their parent's locks between fork and exec.
const LOCK_ATTEMPTS: u32 = 50;
/// Pause between attempts to take the lock.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// A generation that was added but not promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The generation's number.
    pub generation: u64,
    /// The generation's directory.
    pub directory: PathBuf,
    /// Numbers of older generations that were removed.
    pub removed: Vec<u64>,
}

/// A generation that was promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// The generation's number.
    pub generation: u64,
    /// Number of the previous champion; `None` if there was none.
    pub previous: Option<u64>,
    /// Paths where a link for other tools could not be created because they are taken by another file.
    pub not_replaced: Vec<PathBuf>,
}

/// A generation that was published, which means added and promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The generation's number.
    pub generation: u64,
    /// The generation's directory.
    pub directory: PathBuf,
    /// Numbers of older generations that were removed.
    pub removed: Vec<u64>,
    /// Paths where a link for other tools could not be created because they are taken by another file.
    pub not_replaced: Vec<PathBuf>,
}

impl Generations {
    /// Adds a trained generation without promoting it, then removes the oldest generations until `keep`
    /// are left. Never removes the champion, the rollback target or the generation just added.
    pub fn add(&self, trained: &Trained, keep: usize) -> Result<Added, ArtifactsError> {
        self.create_directories()?;
        let _lock = self.lock()?;
        // Fail before writing if `promotions.json` is damaged.
        self.promotions()?;
        let (generation, directory) = self.write(trained)?;
        let removed = self.prune(generation, keep)?;
        Ok(Added { generation, directory, removed })
    }

    /// Promotes `generation` after verifying all checksums. `at` is the current time, as RFC 3339 in UTC,
    /// and `reason` is recorded in `promotions.json`. If the process crashes at any point, either the old
    /// or the new generation is served.
    pub fn promote(
        &self,
        generation: u64,
        at: &str,
        reason: &str,
    ) -> Result<Promoted, ArtifactsError> {
        let manifest = self.check_generation(generation)?;
        let _lock = self.lock()?;
        self.make_champion(&manifest, promotion(generation, &manifest, at, reason))
    }

    /// Restores the generation that was served before the champion. Repeated rollbacks go further back.
    pub fn rollback(&self, at: &str, reason: &str) -> Result<Promoted, ArtifactsError> {
        let champion = self.champion().ok_or_else(|| self.not_served())?;
        let _lock = self.lock()?;
        let generation =
            self.previous()?.ok_or(ArtifactsError::NoPreviousGeneration { champion })?;
        let manifest = self.check_generation(generation)?;
        let promotion = promotion(generation, &manifest, at, reason);
        self.make_champion(&manifest, Promotion { is_rollback: true, ..promotion })
    }

    /// Adds and promotes a trained generation, then removes old ones as in [`Self::add`]. The time of the
    /// promotion is the start of the training run.
    pub fn publish(&self, trained: &Trained, keep: usize) -> Result<Published, ArtifactsError> {
        self.create_directories()?;
        let _lock = self.lock()?;
        self.publish_locked(trained, keep, PUBLISH_REASON)
    }

    /// Publishes an update of the generation `base` in the same way as [`Self::publish`]. Returns
    /// [`ArtifactsError::Superseded`] if another generation has been promoted in the meantime.
    pub fn publish_over(
        &self,
        base: u64,
        trained: &Trained,
        (keep, reason): (usize, &str),
    ) -> Result<Published, ArtifactsError> {
        self.create_directories()?;
        let _lock = self.lock()?;
        if self.champion() != Some(base) {
            return Err(ArtifactsError::Superseded { base });
        }
        self.publish_locked(trained, keep, reason)
    }

    fn publish_locked(
        &self,
        trained: &Trained,
        keep: usize,
        reason: &str,
    ) -> Result<Published, ArtifactsError> {
        self.check_current()?;
        self.promotions()?;
        let (generation, directory) = self.write(trained)?;
        // Don't verify the checksums: the bytes were just written, and reading them would only hit the
        // page cache.
        let manifest = &trained.manifest;
        let promotion = promotion(generation, manifest, &manifest.run.created_at, reason);
        let not_replaced = self.make_champion(manifest, promotion)?.not_replaced;
        let removed = self.prune(generation, keep)?;
        Ok(Published { generation, directory, removed, not_replaced })
    }

    fn create_directories(&self) -> Result<(), FileError> {
        let generations = self.directory();
        fs::create_dir_all(&generations).map_err(FileError::at("create", &generations))
    }

    /// Returns an error if `current` exists and is not a symbolic link.
    fn check_current(&self) -> Result<(), FileError> {
        let path = self.current();
        if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_symlink()) {
            let cause = io::Error::other("it exists but is not a symbolic link; move it away");
            return Err(FileError { action: "publish", path, cause });
        }
        Ok(())
    }

    /// Writes a generation under the next unused number.
    fn write(&self, trained: &Trained) -> Result<(u64, PathBuf), ArtifactsError> {
        self.remove_temporary_directories()?;
        let last = self.numbers().last().copied().unwrap_or(0);
        let generation = last.max(self.highest_promoted()) + 1;
        let temporary = self.directory().join(format!(".tmp-{generation:06}"));
        fs::create_dir(&temporary).map_err(FileError::at("create", &temporary))?;
        if let Err(cause) = trained.write(&temporary) {
            // Free the space taken by the partial generation, as the disk may be full.
            let _ = fs::remove_dir_all(&temporary);
            return Err(FileError { action: "write", path: temporary, cause }.into());
        }
        sync_directory(&temporary)?;
        let directory = self.generation_path(generation);
        fs::rename(&temporary, &directory).map_err(FileError::at("publish", &directory))?;
        sync_directory(&self.directory())?;
        Ok((generation, directory))
    }

    /// Records a promotion, and replaces `current` and the links for other tools.
    fn make_champion(
        &self,
        manifest: &Manifest,
        promotion: Promotion,
    ) -> Result<Promoted, ArtifactsError> {
        self.check_current()?;
        let (generation, previous) = (promotion.generation, self.champion());
        self.record_promotion(promotion)?;
        let name = format!("generations/{generation:06}");
        replace_link(Path::new(&name), &self.current())?;
        // Sync before updating the links, because an error there must not undo the promotion.
        sync_directory(&self.artifacts)?;
        let not_replaced = self.link_files(manifest)?;
        Ok(Promoted { generation, previous, not_replaced })
    }

    pub(super) fn lock(&self) -> Result<fs::File, ArtifactsError> {
        let path = self.artifacts.join(".lock");
        let file = fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        for _ in 0..LOCK_ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_RETRY_INTERVAL),
                Err(fs::TryLockError::Error(error)) => {
                    return Err(FileError::at("lock", &path)(error).into());
                }
            }
        }
        Err(ArtifactsError::Busy { artifacts: self.artifacts.clone() })
    }

    /// Removes temporary directories left by interrupted runs.
    fn remove_temporary_directories(&self) -> Result<(), FileError> {
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

    /// Links the champion's files into the artifacts directory, for tools that don't support generations.
    /// Returns the paths that were left alone because they are taken by another file.
    fn link_files(&self, manifest: &Manifest) -> Result<Vec<PathBuf>, FileError> {
        let mut not_replaced = Vec::new();
        for name in manifest.files.keys().map(String::as_str).chain([MANIFEST]) {
            let link = self.artifacts.join(name);
            let target = Path::new("current").join(name);
            match fs::symlink_metadata(&link) {
                Ok(metadata) if !metadata.is_symlink() => not_replaced.push(link),
                Ok(_) if fs::read_link(&link).is_ok_and(|found| found == target) => {}
                _ => replace_link(&target, &link)?,
            }
        }
        self.remove_dangling_links()?;
        Ok(not_replaced)
    }

    /// Removes links to files that the champion doesn't have.
    fn remove_dangling_links(&self) -> Result<(), FileError> {
        let failed = FileError::at("read", &self.artifacts);
        for entry in fs::read_dir(&self.artifacts).map_err(failed)?.flatten() {
            let link = entry.path();
            let is_ours = fs::read_link(&link).is_ok_and(|target| target.starts_with("current"));
            if is_ours && !link.exists() {
                fs::remove_file(&link).map_err(FileError::at("remove", &link))?;
            }
        }
        Ok(())
    }

    /// Removes the oldest generations until `keep` are left, except for the champion, the rollback target
    /// and the one just added. Renames each directory before removing it, so readers never see a partial
    /// one.
    fn prune(&self, added: u64, keep: usize) -> Result<Vec<u64>, ArtifactsError> {
        let protected = [Some(added), self.champion(), self.previous()?];
        let all = self.numbers();
        let excess = all.len().saturating_sub(keep.max(1));
        let removable =
            all.into_iter().filter(|generation| !protected.contains(&Some(*generation)));
        let mut removed = Vec::new();
        for generation in removable.take(excess) {
            let path = self.generation_path(generation);
            let trash = self.directory().join(format!(".tmp-old-{generation:06}"));
            fs::rename(&path, &trash).map_err(FileError::at("remove", &path))?;
            fs::remove_dir_all(&trash).map_err(FileError::at("remove", &trash))?;
            removed.push(generation);
        }
        Ok(removed)
    }
}

/// Reason recorded for generations that are promoted without being evaluated.
const PUBLISH_REASON: &str = "published without an evaluation";

fn promotion(generation: u64, manifest: &Manifest, at: &str, reason: &str) -> Promotion {
    Promotion {
        generation,
        model_id: manifest.model_id.clone(),
        at: at.to_owned(),
        reason: reason.to_owned(),
        is_rollback: false,
    }
}

/// Atomically points the symbolic link `link` at `target`.
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
