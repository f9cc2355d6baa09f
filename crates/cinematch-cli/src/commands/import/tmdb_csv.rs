//! `cinematch import tmdb-csv`, and the tables that it and `fetch tmdb` make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cinematch::ids::{self, TmdbId};
use cinematch::sources::tmdb::dumps::dump;
use cinematch::sources::tmdb::facts::Facts;
use cinematch_fetch::tmdb::store::Store;
use cinematch_fetch::tmdb::tables::{self, Tables};
use clap::Args;
use serde::Serialize;

use crate::commands::block_on;
use crate::commands::fetch::region;
use crate::commands::warn_problems;
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted, thousands};
use crate::paths::{read_or, shown};

/// Flags of `import tmdb-csv`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch import tmdb-csv tmdb_metadata.csv\n  \
                        cinematch import tmdb-csv movies_metadata.csv credits.csv keywords.csv\n  \
                        cinematch import tmdb-csv tmdb_5000_movies.csv tmdb_5000_credits.csv\n\n\
                        What a file is, its header says. Files about the same films complete each other, \
                        the earlier one first. What `fetch tmdb` brings goes before what was imported.")]
pub struct TmdbCsv {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    csv: Vec<PathBuf>,
    #[command(flatten)]
    files: TmdbFiles,
}

/// Where TMDb's answers and the tables made from them are, and for which country.
#[derive(Clone, Debug, Args)]
pub struct TmdbFiles {
    /// The folder of tmdb_metadata.csv, watch_providers.csv and the answers themselves, tmdb.db
    /// [default: raw/tmdb]
    #[arg(long, env = "CINEMATCH_TMDB_DIR", value_name = "DIR")]
    tmdb_dir: Option<PathBuf>,
    /// The country whose streaming services and age ratings count, as two letters [default: as
    /// before, or after the locale]
    #[arg(long, env = "CINEMATCH_REGION", value_name = "COUNTRY")]
    region: Option<String>,
}

/// The paths of one folder.
pub struct TmdbPaths {
    /// Every answer, as it came.
    pub store: PathBuf,
    /// The films.
    pub metadata: PathBuf,
    /// Where they can be watched, in every region.
    pub providers: PathBuf,
}

impl TmdbFiles {
    /// The paths.
    pub fn resolve(&self, global: &Global) -> TmdbPaths {
        let folder = self.tmdb_dir.clone().unwrap_or_else(|| global.root.join("raw/tmdb"));
        TmdbPaths {
            store: folder.join("tmdb.db"),
            metadata: folder.join("tmdb_metadata.csv"),
            providers: folder.join("watch_providers.csv"),
        }
    }

    /// Whether somebody said which.
    pub fn region_is_named(&self) -> bool {
        self.region.is_some()
    }

    /// The region, if one was ever named: what is imported needs none.
    async fn known_region(&self, store: &Store) -> Result<String> {
        let remembered = store.setting(region::SETTING).await?;
        let Some(region) = region::known(self.region.as_deref(), remembered)? else {
            return Ok(String::new());
        };
        store.set(region::SETTING, &region).await?;
        Ok(region)
    }

    /// The region, which is remembered from now on.
    pub async fn region(&self, store: &Store, output: &Output) -> Result<String> {
        let remembered = store.setting(region::SETTING).await?;
        let region = region::resolve(self.region.as_deref(), remembered, output)?;
        store.set(region::SETTING, &region).await?;
        Ok(region)
    }
}

/// The result, for machines.
#[derive(Serialize)]
struct Report<'a> {
    imported: u64,
    #[serde(rename = "films")]
    movies: u64,
    metadata: String,
    problems: Vec<cinematch::catalog::ProblemCount<'a>>,
}

impl TmdbCsv {
    /// Imports, and makes the tables anew.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let mut movies: BTreeMap<TmdbId, Facts> = BTreeMap::new();
        let mut problems = Vec::new();
        for path in &self.csv {
            let step = output.step(&format!("reading {}", shown(path)));
            let bytes = read_or(path, "check the path")?;
            let decoded = dump(&shown(path), &bytes)?;
            drop(step);
            output.note(format_args!("{:>9} rows  {}", thousands(decoded.rows), shown(path)));
            for (id, facts) in decoded.records {
                movies.entry(id).or_default().fill_from(facts);
            }
            problems.extend(decoded.problems);
        }
        warn_problems(&problems, output);
        if movies.is_empty() {
            bail!("no film is in {}; nothing was changed", shown(&self.csv[0]));
        }
        let paths = self.files.resolve(global);
        let (imported, tables) = block_on(Some(2), async {
            let store = Store::open(&paths.store).await?;
            let region = self.files.known_region(&store).await?;
            adopt(&store, &paths, output).await?;
            let imported = store.import(movies).await?;
            let tables = write_tables(&store, &region, &paths, output).await?;
            store.close().await;
            Ok((imported, tables))
        })?;
        output.json(&Report {
            imported,
            movies: tables.movies,
            metadata: shown(&paths.metadata),
            problems: cinematch::catalog::count_problems(&problems),
        })?;
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: {}, {} of them imported now",
            shown(&paths.metadata),
            counted(tables.movies, "film"),
            thousands(imported)
        ));
        output.note(format_args!("{DIM}next: cinematch preprocess{DIM:#}"));
        Ok(())
    }
}

/// The setting that names the table written last.
const WRITTEN: &str = "metadata_sha256";

/// Takes the films of a table that was there before, or was changed by hand, into the store: the
/// table is about to be replaced.
pub async fn adopt(store: &Store, files: &TmdbPaths, output: &Output) -> Result<()> {
    let path = &files.metadata;
    if !path.exists() {
        return Ok(());
    }
    let bytes = read_or(path, "it was there a moment ago")?;
    if store.setting(WRITTEN).await? == Some(ids::sha256_hex(&bytes)) {
        return Ok(());
    }
    let name = shown(path);
    let decoded = dump(&name, &bytes).with_context(|| {
        format!("{name} was not written by this folder's `fetch`; move it away")
    })?;
    warn_problems(&decoded.problems, output);
    let known = store.known().await?;
    let theirs = decoded.records.into_iter();
    let theirs = theirs.filter(|(id, _)| known.get(id).is_none_or(|known| known.missing));
    let kept = store.import(theirs).await?;
    if kept > 0 {
        output.note(format_args!(
            "{} films of the {name} that was there before are kept, until TMDb's own answer comes",
            thousands(kept)
        ));
    }
    Ok(())
}

/// Makes both tables anew.
pub async fn write_tables(
    store: &Store,
    region: &str,
    files: &TmdbPaths,
    output: &Output,
) -> Result<Tables> {
    // An empty table would only hide that there is none.
    if store.page(None, 1).await?.is_empty() && !files.metadata.exists() {
        return Ok(Tables::default());
    }
    let step = output.step("writing tmdb_metadata.csv");
    let written = tokio::task::block_in_place(|| {
        tables::write(store, region, &files.metadata, &files.providers)
    })?;
    store.set(WRITTEN, &sum(&files.metadata)?).await?;
    drop(step);
    Ok(written)
}

fn sum(path: &Path) -> Result<String> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", shown(path)))?;
    ids::sha256_of(file).with_context(|| format!("cannot read {}", shown(path)))
}
