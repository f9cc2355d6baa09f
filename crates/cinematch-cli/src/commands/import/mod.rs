//! `cinematch import`: rating histories from other services, and TMDB metadata.

mod folder;
mod history;
mod tmdb_csv;

use anyhow::{Result, bail};
use cinematch::sources::history::service_names;
use clap::{Args, Subcommand};

use crate::options::Global;
use crate::output::Output;

/// Flags for `cinematch import`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  cinematch import letterboxd.zip            match your history, and recommend from it\n  \
                  cinematch import ratings.csv watchlist.csv several files at once\n  \
                  cinematch import ~/Downloads/letterboxd    a folder with an unpacked export\n  \
                  cinematch import trakt.zip --json          the result for each row\n  \
                  cinematch import tmdb-csv FILE…            TMDB metadata; see its own --help"
)]
pub struct Import {
    #[command(subcommand)]
    source: Option<Source>,
    #[command(flatten)]
    history: history::HistoryFiles,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// Import TMDB metadata from CSV files: your own, The Movies Dataset, TMDB 5000 and similar
    TmdbCsv(tmdb_csv::TmdbCsv),
}

impl Import {
    /// Imports the files.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.source {
            Some(Source::TmdbCsv(tmdb_csv)) => tmdb_csv.run(global, output),
            None if self.history.is_empty() => bail!(
                "no file; `cinematch import FILE` reads exports from {}, and `cinematch import tmdb-csv \
                 FILE` reads TMDB metadata",
                service_names("and")
            ),
            None => self.history.run(global, output),
        }
    }
}
