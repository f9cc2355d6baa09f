//! Paths of the project root, the build directory and the test data.

use std::path::{Path, PathBuf};
use std::{env, path};

use anyhow::{Context, Result, bail};

/// Environment variable that holds the path of the test data directory.
const TEST_DATA: &str = "CINEMATCH_TEST_DATA";

/// Returns the root directory of the project.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Returns the build directory: `CARGO_TARGET_DIR`, or `target` in the root.
pub fn target() -> Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    path::absolute(&target).with_context(|| format!("cannot resolve {}", target.display()))
}

/// Returns the test data directory: `CINEMATCH_TEST_DATA`, or `shared/data` next to the root.
fn test_data() -> Result<PathBuf> {
    let named = env::var_os(TEST_DATA).map(PathBuf::from);
    let data = named.unwrap_or_else(|| root().join("../shared/data"));
    if !data.join("raw").is_dir() {
        bail!(
            "there is no test data: {} does not exist. Set {TEST_DATA} to a directory that contains \
             raw/ml-32m/movies.csv, raw/ml-32m/links.csv and raw/tmdb/tmdb_metadata.csv",
            data.join("raw").display()
        );
    }
    path::absolute(&data).with_context(|| format!("cannot resolve {}", data.display()))
}

/// Input files for the benchmarks.
pub struct Inputs {
    /// MovieLens `movies.csv`: titles and genres.
    pub movies: PathBuf,
    /// MovieLens `links.csv`: each movie's IMDb and TMDB IDs.
    pub links: PathBuf,
    /// TMDB records with overview, runtime, votes, cast and crew.
    pub tmdb: PathBuf,
    /// Folder with a small dataset in MovieLens format, including ratings.
    pub small: PathBuf,
}

impl Inputs {
    /// Finds the files. Returns an error with the path of a missing file.
    pub fn find() -> Result<Self> {
        let raw = test_data()?.join("raw");
        let file = |path: &str| {
            let path = raw.join(path);
            if path.is_file() { Ok(path) } else { bail!("missing test data: {}", path.display()) }
        };
        Ok(Self {
            movies: file("ml-32m/movies.csv")?,
            links: file("ml-32m/links.csv")?,
            tmdb: file("tmdb/tmdb_metadata.csv")?,
            small: raw.join("ml-latest-small"),
        })
    }
}
