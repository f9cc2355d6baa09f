//! Unpacks release archives, treating them as untrusted input.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use cinematch::files::FileError;
use zip::ZipArchive;

use super::Release;

/// Maximum unpacked size. MovieLens 32M unpacks to 0.95 GB and 25M to 1.2 GB.
const MAX_UNPACKED_SIZE: u64 = 8 << 30;
const MAX_FILES: usize = 64;
/// Maximum compression ratio. Ratings compress to a quarter of their size and tag genomes to a tenth, so
/// a much higher ratio suggests a zip bomb.
const MAX_COMPRESSION_RATIO: u64 = 200;

/// Error returned when an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file is damaged or not a ZIP archive.
    #[error("{archive} cannot be read as a ZIP archive: {cause}. Download it again")]
    Damaged {
        /// File name of the archive.
        archive: String,
        /// The error reported by the ZIP reader.
        cause: String,
    },
    /// The archive contains something that no release contains.
    #[error("cannot unpack {archive}: {reason}")]
    Refused {
        /// File name of the archive.
        archive: String,
        /// The reason why the archive was refused.
        reason: String,
    },
    /// The archive does not contain a supported release.
    #[error(
        "{archive} contains `{found}`, which is not a supported MovieLens release ({})",
        known_releases()
    )]
    UnknownRelease {
        /// File name of the archive.
        archive: String,
        /// Name of the archive's top-level folder.
        found: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

fn known_releases() -> String {
    super::RELEASES.map(|release| release.folder).join(", ")
}

/// Unpacks `archive` into the empty folder `target_folder`, leaving out the archive's top-level folder.
/// Never writes outside `target_folder`, never creates links, and stops at the size limit.
pub fn unpack(
    archive: &Path,
    target_folder: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<Release, ArchiveError> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let damaged = |cause: String| ArchiveError::Damaged { archive: name.clone(), cause };
    let refused = |reason: String| ArchiveError::Refused { archive: name.clone(), reason };
    let file = File::open(archive).map_err(FileError::at("open", archive))?;
    let archive_size = file.metadata().map_err(FileError::at("read", archive))?.len();
    let mut zip = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    if zip.len() > MAX_FILES {
        return Err(refused(format!("it has {} files, but a release has about ten", zip.len())));
    }
    // If several entries have the same name, the reader shows only one of them.
    if n_entries(archive)?.is_some_and(|entries| entries != zip.len()) {
        return Err(refused("it has two files with the same name".to_owned()));
    }
    let limit = MAX_UNPACKED_SIZE.min(archive_size.saturating_mul(MAX_COMPRESSION_RATIO));
    let mut release: Option<Release> = None;
    let mut written = 0;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| damaged(error.to_string()))?;
        let entry_name = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
        if entry.is_symlink() {
            return Err(refused(format!("`{entry_name}` is a link")));
        }
        let Some((folder, path)) = split_entry_name(&entry_name) else {
            return Err(refused(format!("`{entry_name}` points outside of the folder")));
        };
        // macOS adds a folder that contains resource forks.
        if folder == "__MACOSX" {
            continue;
        }
        let found = Release::from_folder(folder).ok_or_else(|| ArchiveError::UnknownRelease {
            archive: name.clone(),
            found: folder.to_owned(),
        })?;
        if *release.get_or_insert(found) != found {
            return Err(refused("it has more than one folder".to_owned()));
        }
        if entry.is_dir() || path.as_os_str().is_empty() {
            continue;
        }
        let target = target_folder.join(&path);
        let directory = cinematch::files::parent(&target);
        fs::create_dir_all(directory).map_err(FileError::at("create", directory))?;
        let mut out = File::create_new(&target).map_err(FileError::at("create", &target))?;
        // An entry's declared size can't be trusted, so limit the bytes read instead.
        let remaining = limit - written;
        let mut reader = CountingReader {
            reader: entry.by_ref().take(remaining + 1),
            read: 0,
            written,
            limit,
            progress: &mut progress,
        };
        io::copy(&mut reader, &mut out).map_err(|cause| match cause.kind() {
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Other => damaged(format!("{entry_name}: {cause}")),
            _ => FileError::at("write", &target)(cause).into(),
        })?;
        written += reader.read;
        if written > limit {
            return Err(refused(format!(
                "it unpacks to more than {} MB, too much for an archive of its size",
                limit >> 20
            )));
        }
        out.sync_all().map_err(FileError::at("sync", &target))?;
    }
    release.ok_or_else(|| refused("it is empty".to_owned()))
}

/// Returns the number of entries given in the end of central directory record, or `None` if there is no
/// such record or the number is in the ZIP64 record.
fn n_entries(archive: &Path) -> Result<Option<usize>, FileError> {
    const END_RECORD_SIZE: usize = 22;
    let bytes_at_end = {
        let mut file = File::open(archive).map_err(FileError::at("open", archive))?;
        let length = file.metadata().map_err(FileError::at("read", archive))?.len();
        let from = length.saturating_sub(1 << 16);
        let mut bytes = Vec::new();
        io::Seek::seek(&mut file, io::SeekFrom::Start(from))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(FileError::at("read", archive))?;
        bytes
    };
    let start = bytes_at_end.windows(4).rposition(|window| window == b"PK\x05\x06");
    let end_record = start.and_then(|start| bytes_at_end.get(start..start + END_RECORD_SIZE));
    let entries = end_record.map(|end| usize::from(u16::from_le_bytes([end[10], end[11]])));
    // 0xFFFF means that the number is in the ZIP64 record.
    Ok(entries.filter(|entries| *entries != usize::from(u16::MAX)))
}

/// Splits an entry name into its top-level folder and the path inside it. Returns `None` if the name
/// points outside the folder.
fn split_entry_name(name: &str) -> Option<(&str, PathBuf)> {
    if name.contains(['\\', '\0']) {
        return None;
    }
    let mut components = Path::new(name).components();
    let Some(Component::Normal(folder)) = components.next() else { return None };
    let rest: PathBuf = components.as_path().to_owned();
    let is_inside = rest.components().all(|component| matches!(component, Component::Normal(_)));
    is_inside.then_some((folder.to_str()?, rest))
}

struct CountingReader<'p, R, P> {
    reader: R,
    read: u64,
    written: u64,
    limit: u64,
    progress: &'p mut P,
}

impl<R: Read, P: FnMut(u64, u64)> Read for CountingReader<'_, R, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.read += n as u64;
        (self.progress)(self.written + self.read, self.limit);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use zip::write::SimpleFileOptions;

    /// Unpacks an archive with the given entries. Returns the release or the error message. Asserts that
    /// no files were created outside the target folder.
    fn check(entries: &[(&str, &[u8])]) -> Result<Release, String> {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.zip");
        let mut zip = zip::ZipWriter::new(File::create(&archive).unwrap());
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        let into = folder.path().join("into");
        fs::create_dir(&into).unwrap();
        let unpacked = unpack(&archive, &into, |_, _| {}).map_err(|error| error.to_string());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        unpacked
    }

    #[test]
    fn unpacks_a_release_and_rejects_foreign_or_escaping_entries() {
        let good = check(&[("ml-32m/movies.csv", b"movieId"), ("__MACOSX/x", b"")]);
        assert_eq!(good.unwrap().name, "32m");
        for (entries, message) in [
            (vec![("ml-32m/../../evil", b"x".as_slice())], "outside"),
            (vec![("/etc/evil", b"x")], "outside"),
            (vec![("ml-32m\\..\\evil", b"x")], "outside"),
            (vec![("other/movies.csv", b"x")], "not a supported MovieLens release"),
            (vec![("ml-32m/a", b"x"), ("ml-25m/a", b"x")], "more than one folder"),
            (vec![], "empty"),
        ] {
            let error = check(&entries).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn rejects_two_entries_with_equal_names() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.zip");
        let mut zip = zip::ZipWriter::new(File::create(&archive).unwrap());
        for name in ["ml-32m/movies.csv", "ml-32m/xovies.csv"] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap();
        let bytes = fs::read(&archive).unwrap();
        let text = bytes.iter().map(|byte| if *byte == b'x' { b'm' } else { *byte });
        fs::write(&archive, text.collect::<Vec<u8>>()).unwrap();
        let into = folder.path().join("into");
        let error = unpack(&archive, &into, |_, _| {}).unwrap_err().to_string();
        assert!(error.contains("two files with the same name"), "{error}");
    }

    #[test]
    fn rejects_a_zip_bomb_before_it_fills_the_disk() {
        let error = check(&[("ml-32m/ratings.csv", &vec![b'0'; 64 << 20])]).unwrap_err();
        assert!(error.contains("too much for an archive of its size"), "{error}");
    }

    #[test]
    fn reports_a_damaged_archive() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.zip");
        fs::write(&archive, b"PK\x03\x04 not really").unwrap();
        let error = unpack(&archive, folder.path(), |_, _| {}).unwrap_err().to_string();
        assert!(error.contains("cannot be read as a ZIP"), "{error}");
    }
}
