//! TMDB files: stored API replies, and the tables written from them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cinematch::ids;
use cinematch::sources::tmdb::dumps::dump;
use cinematch_fetch::tmdb::store::Store;
use cinematch_fetch::tmdb::tables::{self, Tables};
use clap::Args;

use super::region;
use crate::options::Global;
use crate::output::{Output, thousands};
use crate::paths::{display_path, read_file};

/// Flags for the TMDB files and the region.
#[derive(Clone, Debug, Args)]
pub struct TmdbFiles {
    /// Folder for tmdb_metadata.csv, watch_providers.csv and the stored replies, tmdb.db [default:
    /// raw/tmdb]
    #[arg(long, env = "CINEMATCH_TMDB_DIR", value_name = "DIR")]
    tmdb_dir: Option<PathBuf>,
    /// Country for streaming services and age ratings, as a two-letter code [default: as in the last run,
    /// or from the locale]
    #[arg(long, env = "CINEMATCH_REGION", value_name = "COUNTRY")]
    region: Option<String>,
}

/// Paths of the TMDB files.
pub struct TmdbPaths {
    /// Stored API replies.
    pub store: PathBuf,
    /// Table of movie metadata.
    pub metadata: PathBuf,
    /// Table of streaming services in all regions.
    pub providers: PathBuf,
}

impl TmdbFiles {
    /// Returns the paths of the TMDB files.
    pub fn resolve(&self, global: &Global) -> TmdbPaths {
        let folder = self.tmdb_dir.clone().unwrap_or_else(|| global.root.join("raw/tmdb"));
        TmdbPaths {
            store: folder.join("tmdb.db"),
            metadata: folder.join("tmdb_metadata.csv"),
            providers: folder.join("watch_providers.csv"),
        }
    }

    /// Returns true if a flag or the environment sets the region.
    pub fn region_is_named(&self) -> bool {
        self.region.is_some()
    }

    /// Returns the region, or an empty string if no run has set one. Imports do not need a region.
    pub async fn known_region(&self, store: &Store) -> Result<String> {
        let stored = store.setting(region::SETTING).await?;
        let Some(region) = region::known(self.region.as_deref(), stored)? else {
            return Ok(String::new());
        };
        store.save_setting(region::SETTING, &region).await?;
        Ok(region)
    }

    /// Returns the region and stores it for later runs.
    pub async fn region(&self, store: &Store, output: &Output) -> Result<String> {
        let stored = store.setting(region::SETTING).await?;
        let region = region::resolve(self.region.as_deref(), stored, output)?;
        store.save_setting(region::SETTING, &region).await?;
        Ok(region)
    }
}

/// Name of the stored setting that holds the checksum of `tmdb_metadata.csv` as last written.
const METADATA_SHA256: &str = "metadata_sha256";

/// Imports the movies in an existing table into the store, because the table is about to be replaced. Does
/// nothing if this program wrote the table and it has not been edited since.
pub async fn import_existing(store: &Store, files: &TmdbPaths, output: &Output) -> Result<()> {
    let path = &files.metadata;
    if !path.exists() {
        return Ok(());
    }
    let bytes = read_file(path, "it was deleted while this command ran")?;
    if store.setting(METADATA_SHA256).await? == Some(ids::sha256_hex(&bytes)) {
        return Ok(());
    }
    let name = display_path(path);
    let decoded = dump(&name, &bytes).with_context(|| {
        format!("cannot import the movies of {name}; move the file away and try again")
    })?;
    output.warn_problems(&decoded.problems);
    let known = store.movie_statuses().await?;
    let new_movies = decoded.records.into_iter();
    let new_movies = new_movies.filter(|(id, _)| known.get(id).is_none_or(|known| known.missing));
    let n_imported = store.import(new_movies).await?;
    if n_imported > 0 {
        output.note(format_args!(
            "imported {} movies from the existing {name}; data from TMDB will replace them",
            thousands(n_imported)
        ));
    }
    Ok(())
}

/// Writes `tmdb_metadata.csv` and `watch_providers.csv` from the store.
pub async fn write_tables(
    store: &Store,
    region: &str,
    files: &TmdbPaths,
    output: &Output,
) -> Result<Tables> {
    // An empty table would hide the fact that nothing was fetched.
    if store.page(None, 1).await?.is_empty() && !files.metadata.exists() {
        return Ok(Tables::default());
    }
    let step = output.step("writing tmdb_metadata.csv");
    let written = tokio::task::block_in_place(|| {
        tables::write(store, region, &files.metadata, &files.providers)
    })?;
    store.save_setting(METADATA_SHA256, &sum(&files.metadata)?).await?;
    drop(step);
    Ok(written)
}

fn sum(path: &Path) -> Result<String> {
    let file =
        std::fs::File::open(path).with_context(|| format!("cannot open {}", display_path(path)))?;
    ids::sha256_of(file).with_context(|| format!("cannot read {}", display_path(path)))
}
