//! Where things are: the folder layout CineMatch users know, every path of which can be set.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use cinematch_store::Address;
use clap::Args;
use clap::builder::ArgPredicate;

use crate::options::Global;

/// The releases of MovieLens looked for below raw/, in this order.
const RELEASES: [&str; 5] = ["ml-32m", "ml-25m", "ml-latest", "ml-latest-small", SYNTHETIC_RELEASE];
/// Where `cinematch synth` puts what it makes up.
pub const SYNTHETIC_RELEASE: &str = "ml-synthetic";

/// Where MovieLens' files are.
#[derive(Clone, Debug, Args)]
pub struct RawPath {
    /// The folder with MovieLens' movies.csv, links.csv and tags.csv [default: raw/ml-32m]
    #[arg(long, env = "CINEMATCH_RAW", value_name = "DIR")]
    raw: Option<PathBuf>,
}

impl RawPath {
    /// The same where it was set, otherwise set to `path`.
    #[must_use]
    pub fn or(&self, path: Option<PathBuf>) -> Self {
        Self { raw: self.raw.clone().or(path) }
    }

    /// The folder: the one set, or the first release found, or where the first should be.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let folder = |release: &str| global.root.join("raw").join(release);
        let found = RELEASES.iter().map(|release| folder(release)).find(|path| path.is_dir());
        found.unwrap_or_else(|| folder(RELEASES[0]))
    }
}

/// Where the merged table is.
#[derive(Clone, Debug, Args)]
pub struct MergedPath {
    /// The merged table [default: data/movies_merged.csv]
    #[arg(long, env = "CINEMATCH_MERGED", value_name = "FILE")]
    merged: Option<PathBuf>,
}

impl MergedPath {
    /// The file.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        self.merged.clone().unwrap_or_else(|| global.root.join("data/movies_merged.csv"))
    }
}

/// Where trained models are.
#[derive(Clone, Debug, Args)]
pub struct ArtifactsPath {
    /// The folder of trained models [default: ml/artifacts]
    #[arg(long, env = "CINEMATCH_ARTIFACTS", value_name = "DIR")]
    artifacts: Option<PathBuf>,
}

impl ArtifactsPath {
    /// The folder.
    pub fn resolve(&self, global: &Global) -> PathBuf {
        self.artifacts.clone().unwrap_or_else(|| global.root.join("ml/artifacts"))
    }
}

/// Where people's data is.
#[derive(Clone, Debug, Args)]
pub struct DatabasePath {
    /// The file people's data is in [default: data/cinematch.db]
    // A default of `cinematch.toml` gives way to the other one, wherever that is set.
    #[arg(
        long,
        env = "CINEMATCH_DATABASE",
        value_name = "FILE",
        default_value_if("database_url", ArgPredicate::IsPresent, None)
    )]
    database: Option<PathBuf>,
    /// A PostgreSQL database in its place: postgres://user:password@host/database
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl DatabasePath {
    /// The file named, or the database server named, or the file where it should be.
    pub fn resolve(&self, global: &Global) -> Result<Address> {
        match (&self.database, &self.database_url) {
            (Some(path), _) => Ok(Address::File(path.clone())),
            (None, Some(url)) => Address::parse_url(url).context("DATABASE_URL"),
            (None, None) => Ok(Address::File(global.root.join("data/cinematch.db"))),
        }
    }
}

/// A path as people write it: without a leading `./`.
pub fn shown(path: &Path) -> String {
    let shown = path.strip_prefix(".").ok().filter(|rest| !rest.as_os_str().is_empty());
    shown.unwrap_or(path).display().to_string()
}

/// Reads a file; when it is missing, the error says what to do.
pub fn read_or(path: &Path, what_to_do: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!("{} not found: {what_to_do}", shown(path)),
        _ => anyhow!("cannot read {}: {error}", shown(path)),
    })
}
