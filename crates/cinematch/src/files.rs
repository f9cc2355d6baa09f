//! Files that others read are whole or not there: written to a temporary name beside their place,
//! synced, renamed, and the directory synced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file operation that failed, with the path it was about.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried: `read`, `write`, `lock`, …
    pub action: &'static str,
    /// The path.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: wraps what the operating system said about `path`.
    pub fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path, source }
    }
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(FileError::at("read", path))
}

/// Replaces `path` by what `write` writes, in one step. After a crash at any instant the file is
/// the old one or the new one. Two writers at once: the second gets an error of kind
/// [`io::ErrorKind::WouldBlock`].
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let directory = parent(path);
    fs::create_dir_all(directory).map_err(FileError::at("create", directory))?;
    let temporary = directory.join(format!(".{name}.tmp"));
    let file = lock_new(&temporary)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 20, &file);
    write(&mut buffered)
        .and_then(|()| buffered.flush())
        .and_then(|()| file.sync_all())
        .map_err(FileError::at("write", &temporary))?;
    fs::rename(&temporary, path).map_err(FileError::at("replace", path))?;
    sync_directory(directory)
}

/// Opens `path` empty and locked against other processes.
fn lock_new(path: &Path) -> Result<File, FileError> {
    loop {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(FileError::at("create", path))?;
        file.try_lock().map_err(|error| FileError::at("lock", path)(error.into()))?;
        // Between opening and locking, the previous holder may have renamed this very file into
        // its place; then it is no longer ours to empty.
        if is_same_file(&file, path) {
            file.set_len(0).map_err(FileError::at("write", path))?;
            return Ok(file);
        }
    }
}

fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}

/// Makes renames inside `directory` survive a power cut.
pub fn sync_directory(directory: &Path) -> Result<(), FileError> {
    File::open(directory)
        .and_then(|handle| handle.sync_all())
        .map_err(FileError::at("sync", directory))
}

/// The directory a path is in; `.` for a bare name.
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
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/a.txt");
        replace(&path, |out| out.write_all(b"old and long")).unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().contains("the disk is full"));
        assert_eq!(fs::read(&path).unwrap(), b"old and long");
        replace(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_second_writer_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        replace(&path, |_| {
            let second = replace(&path, |out| out.write_all(b"second"));
            assert_eq!(second.unwrap_err().source.kind(), io::ErrorKind::WouldBlock);
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
