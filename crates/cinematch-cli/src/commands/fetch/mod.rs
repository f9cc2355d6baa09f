//! `cinematch fetch`: data from where it comes from.

mod movielens;
mod progress;
pub mod region;
mod tmdb;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::options::Global;
use crate::output::Output;

/// Flags of `fetch`.
#[derive(Debug, Args)]
pub struct Fetch {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// TMDb's facts about the films of links.csv → raw/tmdb/tmdb_metadata.csv
    Tmdb(tmdb::Tmdb),
    /// A MovieLens release → raw/
    Movielens(movielens::Movielens),
}

impl Fetch {
    /// Whether there is a token to ask TMDb with, and anything that an update would be of.
    pub fn can_update(&self, global: &Global) -> bool {
        match &self.source {
            Source::Tmdb(tmdb) => tmdb.can_update(global),
            Source::Movielens(_) => false,
        }
    }

    /// Fetches.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.source {
            Source::Tmdb(tmdb) => tmdb.run(global, output),
            Source::Movielens(movielens) => movielens.run(global, output),
        }
    }
}
