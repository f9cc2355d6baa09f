//! `cinematch preprocess`: merges MovieLens and TMDB into one table.

use anyhow::Result;
use clap::Args;

use crate::options::Global;
use crate::output::Output;
use crate::pipeline::merging::Merge;

/// Flags for `cinematch preprocess`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch preprocess\n  \
                        cinematch preprocess --min-year none --keep-without-genres\n  \
                        cinematch preprocess --raw raw/ml-latest-small --services none\n\n\
                        data/preprocess_report.json lists every problem with its file and line.")]
pub struct Preprocess {
    #[command(flatten)]
    merge: Merge,
}

impl Preprocess {
    /// Merges the table and prints a summary.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        self.merge.run(global, output)
    }
}
