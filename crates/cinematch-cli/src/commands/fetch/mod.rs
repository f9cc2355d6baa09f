//! `cinematch fetch`: downloads data from GroupLens and TMDB.

mod movielens;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::options::Global;
use crate::output::Output;
use crate::tmdb::fetch::FetchTmdb;

/// Flags for `cinematch fetch`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch fetch movielens   MovieLens 32M, into raw/ml-32m/\n  \
                  cinematch fetch tmdb        metadata for the 500 most-rated movies, into raw/tmdb/"
)]
pub struct Fetch {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// Download TMDB metadata for the movies in links.csv to raw/tmdb/tmdb_metadata.csv
    Tmdb(FetchTmdb),
    /// Download a MovieLens release to raw/
    Movielens(movielens::Movielens),
}

impl Fetch {
    /// Downloads from the chosen source.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        match &self.source {
            Source::Tmdb(tmdb) => tmdb.run(global, output),
            Source::Movielens(movielens) => movielens.run(global, output),
        }
    }
}
