//! MovieLens' releases, from GroupLens or from a file at hand, into `raw/`.
//!
//! F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context", 2015.

mod archive;
mod download;
mod install;

pub use archive::{ArchiveError, unpack};
pub use download::{Download, DownloadError, GROUPLENS, Progress, md5_of_file};
pub use install::{InstallError, Installed, Rows, install, installed_md5};

/// A release that CineMatch can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// What people call it: `32m`.
    pub name: &'static str,
    /// The folder in its archive, and below `raw/`.
    pub folder: &'static str,
}

/// The releases whose files are CSV, newest first. The older ones (10M and before) are `.dat` files.
pub const RELEASES: [Release; 5] = [
    Release { name: "32m", folder: "ml-32m" },
    Release { name: "25m", folder: "ml-25m" },
    Release { name: "20m", folder: "ml-20m" },
    Release { name: "latest", folder: "ml-latest" },
    Release { name: "latest-small", folder: "ml-latest-small" },
];

impl Release {
    /// The release that people mean by `32m` or `ml-32m`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        RELEASES.into_iter().find(|release| name == release.name || name == release.folder)
    }

    /// The release whose folder an archive has.
    pub fn of_folder(folder: &str) -> Option<Self> {
        RELEASES.into_iter().find(|release| release.folder == folder)
    }

    /// The archive's name at GroupLens.
    pub fn archive(&self) -> String {
        format!("{}.zip", self.folder)
    }
}
