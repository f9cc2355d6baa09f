//! `cinematch import tmdb-csv`: imports TMDB metadata from CSV files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use cinematch::catalog::{ProblemCount, count_problems};
use cinematch::ids::TmdbId;
use cinematch::sources::tmdb::dumps::dump;
use cinematch::sources::tmdb::facts::Facts;
use cinematch_fetch::tmdb::store::Store;
use clap::Args;
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted, thousands};
use crate::paths::{display_path, read_file};
use crate::runtime::block_on;
use crate::tmdb::files::{TmdbFiles, import_existing, write_tables};

/// Flags for `cinematch import tmdb-csv`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch import tmdb-csv tmdb_metadata.csv\n  \
                        cinematch import tmdb-csv movies_metadata.csv credits.csv keywords.csv\n  \
                        cinematch import tmdb-csv tmdb_5000_movies.csv tmdb_5000_credits.csv\n\n\
                  The kind of each file is detected from its header. Files about the same movies complete \
                  each other: earlier files take precedence over later ones, and data from `fetch tmdb` over both.")]
pub struct TmdbCsv {
    /// CSV files to import
    #[arg(required = true, value_name = "FILE")]
    csv: Vec<PathBuf>,
    #[command(flatten)]
    files: TmdbFiles,
}

/// JSON output of `cinematch import tmdb-csv`.
#[derive(Serialize)]
struct Report<'a> {
    imported: u64,
    #[serde(rename = "films")]
    movies: u64,
    metadata: String,
    problems: Vec<ProblemCount<'a>>,
}

impl TmdbCsv {
    /// Imports the files and writes the tables.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let mut movies: BTreeMap<TmdbId, Facts> = BTreeMap::new();
        let mut problems = Vec::new();
        for path in &self.csv {
            let step = output.step(&format!("reading {}", display_path(path)));
            let bytes = read_file(path, "check the path")?;
            let decoded = dump(&display_path(path), &bytes)?;
            drop(step);
            output.note(format_args!(
                "{:>9} rows  {}",
                thousands(decoded.rows),
                display_path(path)
            ));
            for (id, facts) in decoded.records {
                movies.entry(id).or_default().fill_from(facts);
            }
            problems.extend(decoded.problems);
        }
        output.warn_problems(&problems);
        if movies.is_empty() {
            bail!("{} contains no movies; nothing was changed", display_path(&self.csv[0]));
        }
        let paths = self.files.resolve(global);
        let (imported, tables) = block_on(Some(2), async {
            let store = Store::open(&paths.store).await?;
            let region = self.files.known_region(&store).await?;
            import_existing(&store, &paths, output).await?;
            let imported = store.import(movies).await?;
            let tables = write_tables(&store, &region, &paths, output).await?;
            store.close().await;
            Ok((imported, tables))
        })?;
        output.json(&Report {
            imported,
            movies: tables.movies,
            metadata: display_path(&paths.metadata),
            problems: count_problems(&problems),
        })?;
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: {}, {} of them imported by this run",
            display_path(&paths.metadata),
            counted(tables.movies, "movie"),
            thousands(imported)
        ));
        output.note(format_args!("{DIM}next: cinematch preprocess{DIM:#}"));
        Ok(())
    }
}
