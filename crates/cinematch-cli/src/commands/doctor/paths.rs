//! Flags for the files that `doctor` checks.

use clap::Args;

use crate::paths::{ArtifactsPath, DatabasePath, MergedPath, PackedPath, RawPath};

/// Flags for the files that `doctor` checks.
#[derive(Debug, Args)]
pub struct DoctorPaths {
    #[command(flatten)]
    pub raw: RawPath,
    #[command(flatten)]
    pub merged: MergedPath,
    #[command(flatten)]
    pub artifacts: ArtifactsPath,
    #[command(flatten)]
    pub packed: PackedPath,
    #[command(flatten)]
    pub database: DatabasePath,
}
