//! Replaces files atomically: writes a temporary file in the destination's directory, syncs it, renames
//! it, and syncs the directory. Readers never see a partial file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A failed file operation.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {cause}", path.strip_prefix(".").unwrap_or(path).display())]
pub struct FileError {
    /// The operation that failed: `read`, `write`, `lock`, …
    pub action: &'static str,
    /// Path of the file or directory.
    pub path: PathBuf,
    /// Error from the operating system.
    pub cause: io::Error,
}

impl FileError {
    /// Returns a closure for `map_err` that adds the operation and the path to an I/O error.
    pub fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self { action, path, cause }
    }
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(FileError::at("read", path))
}

/// Atomically replaces the contents of `path` with the output of `write`. After a crash at any point, the
/// file has either the old or the new contents. If `path` is a symbolic link, replaces its target.
/// Returns an error if `path` exists and is not a regular file, and an error of kind
/// [`io::ErrorKind::WouldBlock`] if another writer is replacing the file.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let path = &resolve_destination(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let directory = parent(path);
    fs::create_dir_all(directory).map_err(FileError::at("create", directory))?;
    let temporary = directory.join(format!(".{name}.tmp"));
    let file = lock_new(&temporary)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 20, &file);
    let written =
        write(&mut buffered).and_then(|()| buffered.flush()).and_then(|()| file.sync_all());
    if let Err(cause) = written {
        // Free the space taken by the partial file, as the disk may be full.
        let _ = fs::remove_file(&temporary);
        return Err(FileError { action: "write", path: path.clone(), cause });
    }
    fs::rename(&temporary, path).map_err(FileError::at("replace", path))?;
    sync_directory(directory)
}

/// Resolves symbolic links. Returns an error if `path` exists and is not a regular file.
fn resolve_destination(path: &Path) -> Result<PathBuf, FileError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            fs::canonicalize(path).map_err(FileError::at("resolve", path))
        }
        Ok(_) => {
            let cause = io::Error::other("it exists but is not a regular file");
            Err(FileError { action: "replace", path: path.to_owned(), cause })
        }
        Err(_) => Ok(path.to_owned()),
    }
}

/// Locks `path` against other processes, using the file `path.lock`. The lock is released when the
/// returned file is dropped or when the process ends, even if it crashes. Returns an error of kind
/// [`io::ErrorKind::WouldBlock`] if another process holds the lock.
pub fn lock_sibling(path: &Path) -> Result<File, FileError> {
    let directory = parent(path);
    fs::create_dir_all(directory).map_err(FileError::at("create", directory))?;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(FileError::at("create", &name))?;
    file.try_lock().map_err(|error| FileError::at("lock", &name)(error.into()))?;
    Ok(file)
}

/// Creates or truncates `path` and locks it against other processes.
fn lock_new(path: &Path) -> Result<File, FileError> {
    loop {
        // Don't write through a symbolic link that was planted at the temporary path.
        if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            fs::remove_file(path).map_err(FileError::at("remove", path))?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(FileError::at("create", path))?;
        file.try_lock().map_err(|error| FileError::at("lock", path)(error.into()))?;
        // Between opening and locking the file, its previous holder may have renamed it to its
        // destination. Truncating it would then destroy the new contents, so open the path again.
        if is_same_file(&file, path) {
            file.set_len(0).map_err(FileError::at("write", path))?;
            return Ok(file);
        }
    }
}

fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(opened), Ok(named)) => opened.ino() == named.ino() && opened.dev() == named.dev(),
        _ => false,
    }
}

/// Syncs `directory` so that renames in it survive a power failure.
pub fn sync_directory(directory: &Path) -> Result<(), FileError> {
    File::open(directory)
        .and_then(|handle| handle.sync_all())
        .map_err(FileError::at("sync", directory))
}

/// Returns the parent directory of `path`, or `.` for a bare file name.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replace_keeps_the_old_file_after_a_failed_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/a.txt");
        replace(&path, |out| out.write_all(b"old and long")).unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().contains("the disk is full"));
        assert_eq!(fs::read_dir(folder.path().join("sub")).unwrap().count(), 1);
        assert_eq!(fs::read(&path).unwrap(), b"old and long");
        replace(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn replace_follows_symlinks_and_rejects_directories() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join(".new.tmp")).unwrap();
        replace(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        replace(&folder.path().join("new"), |out| out.write_all(b"other")).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        let directory = folder.path().join("directory");
        fs::create_dir(&directory).unwrap();
        let refused = replace(&directory, |out| out.write_all(b"x")).unwrap_err();
        assert!(refused.to_string().contains("not a regular file"), "{refused}");
    }

    #[test]
    fn replace_fails_with_would_block_for_a_concurrent_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        replace(&path, |_| {
            let second = replace(&path, |out| out.write_all(b"second"));
            assert_eq!(second.unwrap_err().cause.kind(), io::ErrorKind::WouldBlock);
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
