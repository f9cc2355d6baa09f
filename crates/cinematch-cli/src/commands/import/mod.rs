//! `cinematch import`: what people already have.

mod history;
mod tmdb_csv;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::options::Global;
use crate::output::Output;

/// Flags of `import`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  cinematch import letterboxd.zip            what you rated and watched, and films for you\n  \
                  cinematch import ratings.csv watchlist.csv of IMDb, Letterboxd or MovieLens.org\n  \
                  cinematch import trakt.zip --json          the match report, row by row\n  \
                  cinematch import tmdb-csv FILE…            TMDb's facts, not a person's: see its own --help"
)]
pub struct Import {
    #[command(subcommand)]
    source: Option<Source>,
    #[command(flatten)]
    history: history::HistoryFiles,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// CSV files with TMDb's facts: one's own, The Movies Dataset, TMDB 5000 and the like
    TmdbCsv(tmdb_csv::TmdbCsv),
}

impl Import {
    /// Imports.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.source {
            Some(Source::TmdbCsv(tmdb_csv)) => tmdb_csv.run(global, output),
            None if self.history.is_empty() => bail!(
                "which file? `cinematch import FILE` takes exports of Letterboxd, IMDb, Trakt and \
                 MovieLens.org, `cinematch import tmdb-csv FILE` TMDb's facts"
            ),
            None => self.history.run(global, output),
        }
    }
}
