//! The folder layout. Every path has a default inside the root folder and a flag that overrides it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use cinematch_store::Address;
use clap::Args;
use clap::builder::ArgPredicate;

use crate::input_error::InputError;
use crate::options::Global;

/// Folders inside raw/ that are searched for a MovieLens release, in this order.
const RELEASES: [&str; 5] = ["ml-32m", "ml-25m", "ml-latest", "ml-latest-small", SYNTHETIC_RELEASE];
/// Folder inside raw/ that `cinematch synth` writes to.
pub const SYNTHETIC_RELEASE: &str = "ml-synthetic";

/// Flag for the MovieLens folder.
#[derive(Clone, Debug, Args)]
pub struct RawPath {
    /// Folder with the MovieLens files movies.csv, links.csv and tags.csv [default: raw/ml-32m]
    #[arg(long, env = "CINEMATCH_RAW", value_name = "DIR")]
    raw: Option<PathBuf>,
}

impl RawPath {
    /// Returns a copy that falls back to `path` if the flag is not set.
    #[must_use]
    pub fn or(&self, path: Option<PathBuf>) -> Self {
        Self { raw: self.raw.clone().or(path) }
    }

    /// Returns an error if the flag names a folder that does not exist.
    pub fn check(&self) -> Result<()> {
        match &self.raw {
            Some(raw) if !raw.is_dir() => Err(InputError::error(format_args!(
                "folder {} not found; check --raw (CINEMATCH_RAW)",
                display_path(raw)
            ))),
            _ => Ok(()),
        }
    }

    /// Returns the folder: the flag's value, else the first release that exists, else the default.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let folder = |release: &str| global.root.join("raw").join(release);
        let found = RELEASES.iter().map(|release| folder(release)).find(|path| path.is_dir());
        found.unwrap_or_else(|| folder(RELEASES[0]))
    }
}

/// Flag for the merged table.
#[derive(Clone, Debug, Args)]
pub struct MergedPath {
    /// File for the merged table [default: data/movies_merged.csv]
    #[arg(long, env = "CINEMATCH_MERGED", value_name = "FILE")]
    merged: Option<PathBuf>,
}

impl MergedPath {
    /// Returns the path of the table: the flag's value, else the default.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        self.merged.clone().unwrap_or_else(|| global.root.join("data/movies_merged.csv"))
    }
}

/// Flag for the packed ratings.
#[derive(Clone, Debug, Args)]
pub struct PackedPath {
    /// File for the packed ratings [default: data/ratings.bin]
    #[arg(long, env = "CINEMATCH_RATINGS", value_name = "FILE")]
    packed: Option<PathBuf>,
}

impl PackedPath {
    /// Returns the path of the packed ratings: the flag's value, else the default.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        self.packed.clone().unwrap_or_else(|| global.root.join("data/ratings.bin"))
    }
}

/// Flag for the folder of trained models.
#[derive(Clone, Debug, Args)]
pub struct ArtifactsPath {
    /// Folder for trained models [default: ml/artifacts]
    #[arg(long, env = "CINEMATCH_ARTIFACTS", value_name = "DIR")]
    artifacts: Option<PathBuf>,
}

impl ArtifactsPath {
    /// Returns the folder: the flag's value, else the default.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        self.artifacts.clone().unwrap_or_else(|| global.root.join("ml/artifacts"))
    }
}

/// Flags for the user database.
#[derive(Clone, Debug, Args)]
pub struct DatabasePath {
    /// SQLite file for user data [default: data/cinematch.db]
    // A default from `cinematch.toml` does not apply if a database URL is set anywhere.
    #[arg(
        long,
        env = "CINEMATCH_DATABASE",
        value_name = "FILE",
        default_value_if("database_url", ArgPredicate::IsPresent, None)
    )]
    database: Option<PathBuf>,
    /// PostgreSQL database to use instead: postgres://user:password@host/database
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl DatabasePath {
    /// Returns the address: the file given by --database, else the database URL, else the default
    /// file.
    pub fn resolve(&self, global: &Global) -> Result<Address> {
        match (&self.database, &self.database_url) {
            (Some(path), _) => Ok(Address::File(path.clone())),
            (None, Some(url)) => Address::parse_url(url).context("DATABASE_URL"),
            (None, None) => Ok(Address::File(global.root.join("data/cinematch.db"))),
        }
    }
}

/// Formats a path for messages, without a leading `./`.
pub fn display_path(path: &Path) -> String {
    let shown = path.strip_prefix(".").ok().filter(|rest| !rest.as_os_str().is_empty());
    shown.unwrap_or(path).display().to_string()
}

/// Error about an input file that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{} not found: {advice}", display_path(path))]
pub struct MissingFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Command or flag that solves the problem.
    pub advice: String,
}

/// Reads a file. If it is missing, returns a [`MissingFile`] error that ends with `advice`.
pub fn read_file(path: &Path, advice: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            MissingFile { path: path.to_owned(), advice: advice.to_owned() }.into()
        }
        _ => anyhow!("cannot read {}: {error}", display_path(path)),
    })
}
