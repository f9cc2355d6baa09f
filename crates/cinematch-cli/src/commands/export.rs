//! `cinematch export`: exports the fitted transformers for use in other tools.

use std::path::PathBuf;

use anyhow::Result;
use cinematch::bundle::{PICKLES, export_sklearn};
use clap::{Args, Subcommand};

use crate::options::Global;
use crate::output::{Output, STRONG};
use crate::paths::{ArtifactsPath, display_path};

/// Flags for `cinematch export`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cinematch export sklearn --out ml/sklearn")]
pub struct Export {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Target {
    /// Write scikit-learn pickles: TfidfVectorizer, MultiLabelBinarizer and StandardScaler
    Sklearn {
        #[command(flatten)]
        artifacts: ArtifactsPath,
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

impl Export {
    /// Writes the files and prints their paths.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let Target::Sklearn { artifacts, out } = &self.target;
        export_sklearn(&artifacts.resolve(global), out)?;
        let written: Vec<String> =
            PICKLES.iter().map(|name| display_path(&out.join(name))).collect();
        output.json(&serde_json::json!({ "written": written }))?;
        for path in written {
            output.line(format_args!("{STRONG}{path}{STRONG:#}"));
        }
        Ok(())
    }
}
