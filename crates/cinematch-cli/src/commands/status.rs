//! `cinematch status`: shows which data and generations exist.

use std::path::Path;

use anyhow::{Result, bail};
use cinematch::bundle::{ArtifactsError, Generations, Manifest};
use cinematch::ids;
use clap::Args;
use serde::Serialize;

use crate::first_steps::FIRST_STEPS;
use crate::options::Global;
use crate::output::{DIM, Output, STRONG, SUCCESS, WARNING, thousands};
use crate::paths::{ArtifactsPath, MergedPath, RawPath, display_path};

/// Flags for `cinematch status`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cinematch status --json | jq .model.manifest.model_id")]
pub struct Status {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
}

/// JSON output of `cinematch status`.
#[derive(Serialize)]
struct Report {
    files: Vec<FileStatus>,
    model: Option<ModelStatus>,
    /// Error message, if the served generation exists but cannot be loaded.
    model_error: Option<String>,
    /// Numbers of the generations on disk.
    generations: Vec<u64>,
    next: Option<&'static str>,
}

#[derive(Serialize)]
struct FileStatus {
    path: String,
    bytes: Option<u64>,
    modified: Option<String>,
}

#[derive(Serialize)]
struct ModelStatus {
    generation: u64,
    /// True if the merged table is the one that the model was trained on; `None` if this is unknown.
    up_to_date: Option<bool>,
    manifest: Manifest,
}

impl Status {
    /// Inspects the files and the served generation, and prints their state.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let raw = self.raw.resolve(global);
        let merged = self.merged.resolve(global);
        let mut files: Vec<FileStatus> = ["movies.csv", "links.csv", "ratings.csv", "tags.csv"]
            .map(|name| file_status(&raw.join(name)))
            .into();
        files.push(file_status(&global.root.join("raw/tmdb/tmdb_metadata.csv")));
        files.push(file_status(&merged));
        files.push(file_status(&global.root.join("raw/tmdb/watch_providers.csv")));
        let generations = Generations::new(&self.artifacts.resolve(global));
        let mut is_served = true;
        let (model, model_error) = match generations.check() {
            Ok((generation, manifest)) => {
                let up_to_date = up_to_date(&merged, &manifest);
                (Some(ModelStatus { generation, up_to_date, manifest }), None)
            }
            Err(ArtifactsError::NotFound { .. }) => (None, None),
            Err(error) => {
                is_served = !matches!(error, ArtifactsError::NotServed { .. });
                (None, Some(error.to_string()))
            }
        };
        let stale = model.as_ref().is_some_and(|model| model.up_to_date == Some(false));
        let next = if files[0].bytes.is_none() && files[5].bytes.is_none() {
            Some(FIRST_STEPS)
        } else if files[5].bytes.is_none() {
            Some("run `cinematch preprocess`")
        } else if !is_served {
            Some("run `cinematch models promote N` to serve one of the generations")
        } else if model.is_none() {
            Some("run `cinematch train`")
        } else if stale {
            Some("run `cinematch update`, or `cinematch train` for a full training")
        } else {
            None
        };
        let generations = generations.numbers();
        let report = Report { files, model, model_error, generations, next };
        output.json(&report)?;
        print(&report, output);
        match report.model_error {
            Some(error) => bail!(error),
            None => Ok(()),
        }
    }
}

fn file_status(path: &Path) -> FileStatus {
    let metadata = path.metadata().ok();
    let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let since_1970 = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    FileStatus {
        path: display_path(path),
        bytes: metadata.map(|metadata| metadata.len()),
        modified: since_1970.map(|time| cinematch_store::rfc3339(time.as_millis() as i64)),
    }
}

fn up_to_date(merged: &Path, manifest: &Manifest) -> Option<bool> {
    let bytes = std::fs::read(merged).ok()?;
    let trained_on = manifest.inputs.iter().find(|input| input.name == "movies_merged.csv")?;
    Some(trained_on.sha256 == ids::sha256_hex(&bytes))
}

fn print(report: &Report, output: &Output) {
    for file in &report.files {
        match (file.bytes, &file.modified) {
            (Some(bytes), modified) => output.line(format_args!(
                "{SUCCESS}✓{SUCCESS:#} {:<32} {:>13} bytes  {DIM}{}{DIM:#}",
                file.path,
                thousands(bytes),
                modified.as_deref().unwrap_or_default()
            )),
            (None, _) => output.line(format_args!("{DIM}– {:<32} missing{DIM:#}", file.path)),
        }
    }
    match &report.model {
        Some(model) => {
            let manifest = &model.manifest;
            output.line(format_args!(
                "{SUCCESS}✓{SUCCESS:#} {STRONG}generation {}{STRONG:#}: {}, {} movies, trained {}",
                model.generation,
                manifest.model_id,
                thousands(manifest.counts.movies as u64),
                manifest.run.created_at
            ));
            for input in &manifest.inputs {
                output.line(format_args!(
                    "  {DIM}from {} ({} rows, sha256 {}…){DIM:#}",
                    input.name,
                    thousands(input.rows),
                    &input.sha256[..input.sha256.len().min(12)]
                ));
            }
            if let Some(source) = manifest.services_source {
                output.line(format_args!("  {DIM}streaming services: {}{DIM:#}", source.name()));
            }
            if model.up_to_date == Some(false) {
                output
                    .line(format_args!("  {WARNING}the merged table has changed since{WARNING:#}"));
            }
        }
        None if report.model_error.is_some() => {
            output
                .line(format_args!("{WARNING}✗ the served generation cannot be loaded{WARNING:#}"));
        }
        None => output.line(format_args!("{DIM}– no trained model{DIM:#}")),
    }
    if !report.generations.is_empty() {
        let kept: Vec<String> = report.generations.iter().map(ToString::to_string).collect();
        output.line(format_args!("  {DIM}generations on disk: {}{DIM:#}", kept.join(", ")));
    }
    if let Some(next) = report.next {
        output.line(format_args!("next: {next}"));
    }
}
