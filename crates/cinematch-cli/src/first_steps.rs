//! Advice for a folder without data: all commands from the download to the server.

use std::path::Path;

use anyhow::{Error, anyhow};
use cinematch::bundle::ArtifactsError;
use cinematch_server::StartError;
use cinematch_service::OpenError;

use crate::paths::MissingFile;

/// All commands from an empty folder to a running server.
pub const FIRST_STEPS: &str = "run `cinematch fetch movielens`, then `cinematch preprocess`, `cinematch train` and \
                               `cinematch serve`; or try `cinematch demo`, which needs no data";

/// Files and folders inside the root folder that hold downloaded data, the merged table and trained models.
const DATA: [&str; 3] = ["raw", "data/movies_merged.csv", "ml/artifacts"];

/// Returns true if the root folder contains downloaded data, a merged table or a trained model.
pub fn has_data(root: &Path) -> bool {
    DATA.iter().any(|name| root.join(name).exists())
}

/// Appends [`FIRST_STEPS`] to an error about missing data if the root folder has no data at all. Returns other errors
/// unchanged.
pub fn with_first_steps(error: Error, root: &Path) -> Error {
    if has_data(root) || !error.chain().any(|cause| is_about_missing_data(cause, root)) {
        return error;
    }
    anyhow!("{error:#}. This folder has no data yet: {FIRST_STEPS}")
}

fn is_about_missing_data(cause: &(dyn std::error::Error + 'static), root: &Path) -> bool {
    if let Some(MissingFile { path, .. }) = cause.downcast_ref() {
        return DATA.iter().any(|name| path.starts_with(root.join(name)));
    }
    let artifacts = match cause.downcast_ref() {
        Some(StartError::Open(OpenError::Artifacts(error))) => Some(error),
        _ => cause.downcast_ref::<ArtifactsError>(),
    };
    matches!(artifacts, Some(ArtifactsError::NotFound { .. }))
}
