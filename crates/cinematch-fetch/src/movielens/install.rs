//! Installs a release atomically: unpacks and checks it, then swaps it with the installed one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use cinematch::files::{self, FileError};
use cinematch::sources::{SourceError, movielens};
use memchr::memchr_iter;
use rustc_hash::FxHashSet;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::Release;
use super::archive::{ArchiveError, unpack};
use super::download::md5_of;

/// Files that every release must contain.
const REQUIRED_FILES: [&str; 3] = ["movies.csv", "links.csv", "ratings.csv"];

/// Name of the file inside an installed folder that stores the MD5 of the archive.
const MD5_FILE: &str = ".archive.md5";

/// Error returned when a release cannot be installed. The previous release is left unchanged.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The archive could not be unpacked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A required file is missing.
    #[error("the archive lacks {0}, which every MovieLens release contains; nothing was replaced")]
    MissingFile(&'static str),
    /// A table has unexpected columns.
    #[error("{0}; nothing was replaced")]
    Table(#[from] SourceError),
    /// `movies.csv` has no rows.
    #[error("movies.csv in the archive has no movies; nothing was replaced")]
    NoMovies,
    /// A file doesn't match the release's `checksums.txt`.
    #[error(
        "{file} in the archive is damaged: checksums.txt lists the MD5 {expected}, the file has {got}; \
         nothing was replaced. Download the archive again"
    )]
    Checksum {
        /// Name of the damaged file.
        file: String,
        /// MD5 listed in `checksums.txt`.
        expected: String,
        /// MD5 computed from the file.
        got: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Row counts of a file before and after the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Name of the file.
    pub file: String,
    /// Number of rows before, excluding the header; `None` if the file didn't exist.
    pub before: Option<u64>,
    /// Number of rows after, excluding the header.
    pub now: u64,
}

/// The result of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The release that was installed.
    pub release: Release,
    /// Path of the folder it was installed in.
    pub folder: PathBuf,
    /// Row counts of its tables.
    pub rows: Vec<Rows>,
    /// True if an earlier version of the release was replaced.
    pub replaced: bool,
    /// Number of movies that weren't in the earlier version.
    pub new_movies: u64,
    /// Number of movies that were only in the earlier version.
    pub removed_movies: u64,
    /// Number of files that match the release's `checksums.txt`.
    pub verified: usize,
}

/// Returns the MD5 of the archive that the installed `folder` was unpacked from.
pub fn installed_md5(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(MD5_FILE)).ok()
}

/// Unpacks an archive next to its target folder in `raw`, checks it and atomically moves it into place.
/// If the process is interrupted, the folder is either the old or the new one.
pub fn install(
    archive: &Path,
    md5: &str,
    raw: &Path,
    progress: impl FnMut(u64, u64),
) -> Result<Installed, InstallError> {
    fs::create_dir_all(raw).map_err(FileError::at("create", raw))?;
    let staging = raw.join(".movielens.new");
    let _lock = files::lock_sibling(&staging)?;
    remove(&staging)?;
    fs::create_dir(&staging).map_err(FileError::at("create", &staging))?;
    let installed = unpack(archive, &staging, progress)
        .map_err(InstallError::from)
        .and_then(|release| replace_folder(&staging, release, md5, raw));
    remove(&staging)?;
    installed
}

fn replace_folder(
    staging: &Path,
    release: Release,
    md5: &str,
    raw: &Path,
) -> Result<Installed, InstallError> {
    for file in REQUIRED_FILES {
        if !staging.join(file).is_file() {
            return Err(InstallError::MissingFile(file));
        }
    }
    let movies = files::read(&staging.join("movies.csv"))?;
    if movielens::movies("movies.csv", &movies)?.records.is_empty() {
        return Err(InstallError::NoMovies);
    }
    drop(movies);
    // Check only the headers of the large tables. Their rows are checked when they are used.
    movielens::links("links.csv", &first_line(&staging.join("links.csv"))?)?;
    movielens::ratings("ratings.csv", &first_line(&staging.join("ratings.csv"))?)?;
    let verified = verify(staging)?;
    files::replace(&staging.join(MD5_FILE), |out| out.write_all(md5.as_bytes()))?;
    files::sync_directory(staging)?;
    let folder = raw.join(release.folder);
    let replaced = fs::symlink_metadata(&folder).is_ok();
    let rows = count_rows(staging, &folder)?;
    let (before, now) = (movie_ids(&folder)?, movie_ids(staging)?);
    // Swap an existing folder with the new one, then remove it.
    let flags = if replaced { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
    renameat_with(CWD, staging, CWD, &folder, flags)
        .map_err(|error| FileError::at("replace", &folder)(error.into()))?;
    files::sync_directory(raw)?;
    let (new_movies, removed_movies) =
        (now.difference(&before).count() as u64, before.difference(&now).count() as u64);
    Ok(Installed { release, folder, rows, replaced, new_movies, removed_movies, verified })
}

/// Returns the first line of the file at `path`, or its first 4 KiB if the line is longer.
fn first_line(path: &Path) -> Result<Vec<u8>, FileError> {
    const MAX_LENGTH: u64 = 4 << 10;
    let mut start = Vec::new();
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let read = io::Read::read_to_end(&mut io::Read::take(file, MAX_LENGTH), &mut start);
    read.map_err(FileError::at("read", path))?;
    start.truncate(start.iter().position(|byte| *byte == b'\n').map_or(start.len(), |at| at + 1));
    Ok(start)
}

/// Removes what an interrupted run left behind, or the folder that was replaced. Doesn't follow a
/// symbolic link.
fn remove(path: &Path) -> Result<(), FileError> {
    let removed = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        _ => fs::remove_file(path),
    };
    removed.map_err(FileError::at("remove", path))
}

/// Checks files against the release's `checksums.txt`, if there is one. Returns the number of files
/// checked.
fn verify(folder: &Path) -> Result<usize, InstallError> {
    let path = folder.join("checksums.txt");
    let Ok(text) = fs::read_to_string(&path) else { return Ok(0) };
    let mut verified = 0;
    for line in text.lines() {
        let Some((expected, file)) = line.split_once(char::is_whitespace) else { continue };
        let file = file.trim().trim_start_matches('*');
        let path = folder.join(file);
        // Accept only plain file names, because the list is as untrusted as the archive.
        if file.contains(['/', '\\']) || !path.is_file() {
            continue;
        }
        let mut reader = File::open(&path).map_err(FileError::at("open", &path))?;
        let got = md5_of(&mut reader).map_err(FileError::at("read", &path))?;
        if !got.eq_ignore_ascii_case(expected) {
            let (file, expected) = (file.to_owned(), expected.to_owned());
            return Err(InstallError::Checksum { file, expected, got });
        }
        verified += 1;
    }
    Ok(verified)
}

/// Counts the rows of each table in `now`, and of the table with the same name in `before`.
fn count_rows(now: &Path, before: &Path) -> Result<Vec<Rows>, FileError> {
    let mut rows = BTreeMap::new();
    for entry in fs::read_dir(now).map_err(FileError::at("read", now))? {
        let path = entry.map_err(FileError::at("read", now))?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let old = before.join(&file);
            let before = old.is_file().then(|| count(&old)).transpose()?;
            rows.insert(file.clone(), Rows { file, before, now: count(&path)? });
        }
    }
    Ok(rows.into_values().collect())
}

/// Counts the lines after the header.
fn count(path: &Path) -> Result<u64, FileError> {
    let read_error = FileError::at("read", path);
    let mut file = File::open(path).map_err(FileError::at("open", path))?;
    let mut buffer = vec![0; 1 << 18];
    let mut lines = 0;
    loop {
        match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(lines.max(1) - 1),
            Ok(n) => lines += memchr_iter(b'\n', &buffer[..n]).count() as u64,
            Err(error) => return Err(read_error(error)),
        }
    }
}

/// Returns the IDs in the `movies.csv` inside `folder`, or an empty set if there is no such file.
fn movie_ids(folder: &Path) -> Result<FxHashSet<u32>, FileError> {
    let path = folder.join("movies.csv");
    if !path.is_file() {
        return Ok(FxHashSet::default());
    }
    let bytes = files::read(&path)?;
    let lines = bytes.split(|byte| *byte == b'\n').skip(1);
    let id = |line: &[u8]| std::str::from_utf8(line).ok()?.split(',').next()?.parse().ok();
    Ok(lines.filter_map(id).collect())
}
