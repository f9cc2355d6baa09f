//! Global flags.

use std::path::PathBuf;

use clap::Args;

/// Flags that every command accepts.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Folder that contains raw/, data/, ml/, .env and cinematch.toml
    #[arg(long, global = true, env = "CINEMATCH_ROOT", default_value = ".", value_name = "DIR")]
    pub root: PathBuf,
    /// Settings file [default: cinematch.toml in the root folder, if it exists]
    #[arg(long, global = true, env = "CINEMATCH_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print only results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print the result as a single JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Number of worker threads; 0 starts one per core
    #[arg(
        long,
        global = true,
        env = "CINEMATCH_THREADS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u16).range(..=1024),
        value_name = "N",
        hide_default_value = true
    )]
    pub threads: u16,
}
