//! New generations, and which of them is served.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::history::Promotion;
use super::{ArtifactsError, Generations};
use crate::bundle::Manifest;
use crate::bundle::artifacts::{self, MANIFEST, Trained};
use crate::files::{FileError, sync_directory};

/// How often another's lock is looked at before it is called busy. A promotion is over in a moment; and a process
/// that is being started holds all locks of the one that starts it, until it runs its own program.
const LOOKS: u32 = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A generation that is there and is not served yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its number.
    pub generation: u64,
    /// Its directory.
    pub directory: PathBuf,
    /// Older generations that were removed.
    pub removed: Vec<u64>,
}

/// A generation that went into service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// Its number.
    pub generation: u64,
    /// The one that was served until then.
    pub before: Option<u64>,
    /// Files that stand where a link for other tools would go, and were left alone.
    pub left_alone: Vec<PathBuf>,
}

/// A generation that was just published: added, and promoted.
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

impl Generations {
    /// Adds a trained generation without serving it, and removes old ones: of those that neither
    /// serve nor did so last, the oldest beyond `keep` in all.
    pub fn add(&self, trained: &Trained, keep: usize) -> Result<Added, ArtifactsError> {
        self.make_room_for_files()?;
        let _lock = self.lock()?;
        // Seen now, and not when half of the work is done.
        self.promotions()?;
        let (generation, directory) = self.write(trained)?;
        let removed = self.prune(generation, keep)?;
        Ok(Added { generation, directory, removed })
    }

    /// Serves a generation that is there, once all its checksums were verified. `at` is now, RFC 3339
    /// in UTC; `why` is for people who read `promotions.json`. After a crash at any instant the old
    /// one is served or the new one.
    pub fn promote(
        &self,
        generation: u64,
        at: &str,
        why: &str,
    ) -> Result<Promoted, ArtifactsError> {
        let manifest = self.check_generation(generation)?;
        let _lock = self.lock()?;
        self.put_into_service(&manifest, promotion(generation, &manifest, at, why))
    }

    /// Serves again what served before the champion; done once more, what served before that.
    pub fn rollback(&self, at: &str, why: &str) -> Result<Promoted, ArtifactsError> {
        let not_found = || ArtifactsError::NotFound { artifacts: self.artifacts.clone() };
        let champion = self.published().ok_or_else(not_found)?;
        let _lock = self.lock()?;
        let generation = self.previous()?.ok_or(ArtifactsError::NothingBefore { champion })?;
        let manifest = self.check_generation(generation)?;
        let promotion = promotion(generation, &manifest, at, why);
        self.put_into_service(&manifest, Promotion { is_rollback: true, ..promotion })
    }

    /// Adds a trained generation, serves it and removes old ones. It counts as promoted when it was
    /// trained.
    pub fn publish(&self, trained: &Trained, keep: usize) -> Result<Published, ArtifactsError> {
        self.make_room_for_files()?;
        let _lock = self.lock()?;
        self.publish_locked(trained, keep, PUBLISHED)
    }

    /// The same for a generation that was made from the one called `base`, which must still be served:
    /// what was promoted meanwhile is not to be replaced by what does not know of it.
    pub fn publish_over(
        &self,
        base: u64,
        trained: &Trained,
        (keep, why): (usize, &str),
    ) -> Result<Published, ArtifactsError> {
        self.make_room_for_files()?;
        let _lock = self.lock()?;
        if self.published() != Some(base) {
            return Err(ArtifactsError::Superseded { base });
        }
        self.publish_locked(trained, keep, why)
    }

    fn publish_locked(
        &self,
        trained: &Trained,
        keep: usize,
        why: &str,
    ) -> Result<Published, ArtifactsError> {
        self.check_current()?;
        self.promotions()?;
        let (generation, directory) = self.write(trained)?;
        // Its checksums are those of the bytes that were just written: reading them again from the
        // kernel's memory would prove nothing.
        let manifest = &trained.manifest;
        let promotion = promotion(generation, manifest, &manifest.run.created_at, why);
        let left_alone = self.put_into_service(manifest, promotion)?.left_alone;
        let removed = self.prune(generation, keep)?;
        Ok(Published { generation, directory, removed, left_alone })
    }

    fn make_room_for_files(&self) -> Result<(), FileError> {
        let generations = self.directory();
        fs::create_dir_all(&generations).map_err(FileError::at("create", &generations))
    }

    /// Refuses to replace what is no link of ours.
    fn check_current(&self) -> Result<(), FileError> {
        let path = self.current();
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_symlink()) {
            let cause = io::Error::other("it is there and is no link; move it away");
            return Err(FileError { action: "publish", path, cause });
        }
        Ok(())
    }

    /// Writes a generation under the next number.
    fn write(&self, trained: &Trained) -> Result<(u64, PathBuf), ArtifactsError> {
        self.sweep()?;
        let last = self.all().last().copied().unwrap_or(0);
        let generation = last.max(self.highest_promoted()) + 1;
        let temporary = self.directory().join(format!(".tmp-{generation:06}"));
        fs::create_dir(&temporary).map_err(FileError::at("create", &temporary))?;
        if let Err(cause) = artifacts::write_files(&temporary, trained) {
            // Half a generation is of no use, and the disk may be full because of it.
            let _ = fs::remove_dir_all(&temporary);
            return Err(FileError { action: "write", path: temporary, cause }.into());
        }
        sync_directory(&temporary)?;
        let directory = self.path_of(generation);
        fs::rename(&temporary, &directory).map_err(FileError::at("publish", &directory))?;
        sync_directory(&self.directory())?;
        Ok((generation, directory))
    }

    /// Replaces `current`, and what other tools look at.
    fn put_into_service(
        &self,
        manifest: &Manifest,
        promotion: Promotion,
    ) -> Result<Promoted, ArtifactsError> {
        self.check_current()?;
        let (generation, before) = (promotion.generation, self.published());
        self.write_down(promotion)?;
        let name = format!("generations/{generation:06}");
        replace_link(Path::new(&name), &self.current())?;
        // First, so that a promotion that is reported is on the disk whatever happens to the links.
        sync_directory(&self.artifacts)?;
        let left_alone = self.link_files(manifest)?;
        Ok(Promoted { generation, before, left_alone })
    }

    pub(super) fn lock(&self) -> Result<fs::File, ArtifactsError> {
        let path = self.artifacts.join(".lock");
        let file = fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(FileError::at("open", &path))?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_LOOKS),
                Err(fs::TryLockError::Error(error)) => {
                    return Err(FileError::at("lock", &path)(error).into());
                }
            }
        }
        Err(ArtifactsError::Busy { artifacts: self.artifacts.clone() })
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
    fn link_files(&self, manifest: &Manifest) -> Result<Vec<PathBuf>, FileError> {
        let mut left_alone = Vec::new();
        for name in manifest.files.keys().map(String::as_str).chain([MANIFEST]) {
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

    /// Removes the oldest generations beyond `keep`, but none that serves, that a rollback would go to,
    /// or that was just added. The renaming first makes the removal one step for readers.
    fn prune(&self, added: u64, keep: usize) -> Result<Vec<u64>, ArtifactsError> {
        let needed = [Some(added), self.published(), self.previous()?];
        let all = self.all();
        let excess = all.len().saturating_sub(keep.max(1));
        let spare = all.into_iter().filter(|generation| !needed.contains(&Some(*generation)));
        let mut removed = Vec::new();
        for generation in spare.take(excess) {
            let path = self.path_of(generation);
            let doomed = self.directory().join(format!(".tmp-old-{generation:06}"));
            fs::rename(&path, &doomed).map_err(FileError::at("remove", &path))?;
            fs::remove_dir_all(&doomed).map_err(FileError::at("remove", &doomed))?;
            removed.push(generation);
        }
        Ok(removed)
    }
}

/// Why a generation serves that nobody judged.
const PUBLISHED: &str = "published when it was made";

fn promotion(generation: u64, manifest: &Manifest, at: &str, why: &str) -> Promotion {
    Promotion {
        generation,
        model_id: manifest.model_id.clone(),
        at: at.to_owned(),
        why: why.to_owned(),
        is_rollback: false,
    }
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
