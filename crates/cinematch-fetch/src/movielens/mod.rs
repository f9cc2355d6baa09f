//! Downloads MovieLens releases from GroupLens, or reads them from a local archive, and installs them in
//! `raw/`.
//!
//! F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context", 2015.

mod archive;
mod download;
mod install;

pub use archive::{ArchiveError, unpack};
pub use download::{Download, DownloadError, GROUPLENS, Progress, md5_of_file};
pub use install::{InstallError, Installed, Rows, install, installed_md5};

/// A MovieLens release in a supported file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Short name of the release, such as `32m`.
    pub name: &'static str,
    /// Name of the folder, both in the archive and in `raw/`.
    pub folder: &'static str,
}

/// Releases with CSV files, newest first. Releases up to 10M use `.dat` files, which are not supported.
pub const RELEASES: [Release; 5] = [
    Release { name: "32m", folder: "ml-32m" },
    Release { name: "25m", folder: "ml-25m" },
    Release { name: "20m", folder: "ml-20m" },
    Release { name: "latest", folder: "ml-latest" },
    Release { name: "latest-small", folder: "ml-latest-small" },
];

impl Release {
    /// Finds a release by its short name or folder name, such as `32m` or `ml-32m`. Ignores case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        RELEASES.into_iter().find(|release| name == release.name || name == release.folder)
    }

    /// Finds a release by its folder name.
    pub fn from_folder(folder: &str) -> Option<Self> {
        RELEASES.into_iter().find(|release| release.folder == folder)
    }

    /// Returns the archive's file name on the GroupLens server.
    pub fn archive(&self) -> String {
        format!("{}.zip", self.folder)
    }
}
