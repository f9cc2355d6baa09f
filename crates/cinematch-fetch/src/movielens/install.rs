//! A release's files, checked and put in the place of the older ones in one step.

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

/// The files without which it is no release.
const NEEDED: [&str; 3] = ["movies.csv", "links.csv", "ratings.csv"];

/// The archive's MD5, kept in the folder.
const SOURCE: &str = ".archive.md5";

/// A release that was not installed. What was there before is still there.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Its archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file is missing.
    #[error("the archive lacks {0}, which every MovieLens release has; nothing was replaced")]
    Lacks(&'static str),
    /// A table has other columns.
    #[error("{0}; nothing was replaced")]
    Table(#[from] SourceError),
    /// A release of nothing.
    #[error("movies.csv of the archive has no films; nothing was replaced")]
    NoMovies,
    /// A file is not what the release's own list says.
    #[error(
        "{file} of the archive is damaged: checksums.txt says the MD5 {expected}, it has {got}; nothing \
         was replaced. Download the archive again"
    )]
    Checksum {
        /// The file.
        file: String,
        /// As listed.
        expected: String,
        /// As computed.
        got: String,
    },
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Lines of a file, before and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The file.
    pub file: String,
    /// Rows without the header, before; `None` where there was no such file.
    pub before: Option<u64>,
    /// Rows now.
    pub now: u64,
}

/// What was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The release.
    pub release: Release,
    /// Its folder.
    pub folder: PathBuf,
    /// Its tables.
    pub rows: Vec<Rows>,
    /// Whether there was one before.
    pub replaced: bool,
    /// Films that were not there before.
    pub new_movies: u64,
    /// Films that are there no longer.
    pub gone_movies: u64,
    /// Files whose MD5 the release itself lists, and which agree with it.
    pub verified: usize,
}

/// The MD5 of the archive that a folder was unpacked from.
pub fn installed_md5(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(SOURCE)).ok()
}

/// Unpacks an archive beside its place below `raw`, checks it, and puts it there in one step.
/// Interrupted at any instant, the folder is the old one or the new one.
pub fn install(
    archive: &Path,
    md5: &str,
    raw: &Path,
    progress: impl FnMut(u64, u64),
) -> Result<Installed, InstallError> {
    fs::create_dir_all(raw).map_err(FileError::at("create", raw))?;
    let staging = raw.join(".movielens.new");
    let _lock = files::lock_beside(&staging)?;
    remove(&staging)?;
    fs::create_dir(&staging).map_err(FileError::at("create", &staging))?;
    let installed = unpack(archive, &staging, progress)
        .map_err(InstallError::from)
        .and_then(|release| place(&staging, release, md5, raw));
    remove(&staging)?;
    installed
}

fn place(
    staging: &Path,
    release: Release,
    md5: &str,
    raw: &Path,
) -> Result<Installed, InstallError> {
    for file in NEEDED {
        if !staging.join(file).is_file() {
            return Err(InstallError::Lacks(file));
        }
    }
    let movies = files::read(&staging.join("movies.csv"))?;
    if movielens::movies("movies.csv", &movies)?.records.is_empty() {
        return Err(InstallError::NoMovies);
    }
    drop(movies);
    // The headers of the others; their rows are looked at when they are used.
    movielens::links("links.csv", &first_line(&staging.join("links.csv"))?)?;
    movielens::ratings("ratings.csv", &first_line(&staging.join("ratings.csv"))?)?;
    let verified = verify(staging)?;
    files::replace(&staging.join(SOURCE), |out| out.write_all(md5.as_bytes()))?;
    files::sync_directory(staging)?;
    let folder = raw.join(release.folder);
    let replaced = fs::symlink_metadata(&folder).is_ok();
    let rows = rows(staging, &folder)?;
    let (before, now) = (movie_ids(&folder)?, movie_ids(staging)?);
    // Where there was a folder the two change places, and the old one is removed after that.
    let flags = if replaced { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
    renameat_with(CWD, staging, CWD, &folder, flags)
        .map_err(|error| FileError::at("replace", &folder)(error.into()))?;
    files::sync_directory(raw)?;
    let (new_movies, gone_movies) =
        (now.difference(&before).count() as u64, before.difference(&now).count() as u64);
    Ok(Installed { release, folder, rows, replaced, new_movies, gone_movies, verified })
}

/// The first line of a file, or what would be one if it were short enough.
fn first_line(path: &Path) -> Result<Vec<u8>, FileError> {
    const LONGEST: u64 = 4 << 10;
    let mut start = Vec::new();
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let read = io::Read::read_to_end(&mut io::Read::take(file, LONGEST), &mut start);
    read.map_err(FileError::at("read", path))?;
    start.truncate(start.iter().position(|byte| *byte == b'\n').map_or(start.len(), |at| at + 1));
    Ok(start)
}

/// Removes what an interrupted run left, or what was exchanged; a link, not what it leads to.
fn remove(path: &Path) -> Result<(), FileError> {
    let removed = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        _ => fs::remove_file(path),
    };
    removed.map_err(FileError::at("remove", path))
}

/// Compares files with the release's own `checksums.txt`, where it has one; how many it lists.
fn verify(folder: &Path) -> Result<usize, InstallError> {
    let path = folder.join("checksums.txt");
    let Ok(text) = fs::read_to_string(&path) else { return Ok(0) };
    let mut verified = 0;
    for line in text.lines() {
        let Some((expected, file)) = line.split_once(char::is_whitespace) else { continue };
        let file = file.trim().trim_start_matches('*');
        let path = folder.join(file);
        // Only names of files in this folder: the list is as foreign as the archive.
        if file.contains(['/', '\\']) || !path.is_file() {
            continue;
        }
        let mut opened = File::open(&path).map_err(FileError::at("open", &path))?;
        let got = md5_of(&mut opened).map_err(FileError::at("read", &path))?;
        if !got.eq_ignore_ascii_case(expected) {
            let (file, expected) = (file.to_owned(), expected.to_owned());
            return Err(InstallError::Checksum { file, expected, got });
        }
        verified += 1;
    }
    Ok(verified)
}

/// Rows of every table now, and of the same one before.
fn rows(now: &Path, before: &Path) -> Result<Vec<Rows>, FileError> {
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

/// Lines after the first.
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

/// The films of a folder; none where there is no table of them.
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
