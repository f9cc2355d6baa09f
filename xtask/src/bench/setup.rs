//! Configuration, programs and inputs shared by all benchmarks.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::commands::Programs;
use crate::project::{self, Inputs};

/// Cargo profile for all measured binaries: link-time optimization, one codegen unit.
const PROFILE: &str = "dist";

/// Number and duration of measurements, and sizes of generated data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Measurements of each side after a warm-up.
    pub runs: usize,
    /// Duration of one throughput round.
    pub window: Duration,
    /// Duration of each load at a fixed rate.
    pub latency: Duration,
    /// Duration of the mixed load.
    pub mixed: Duration,
    /// Duration of a trial that tests whether a server sustains a rate.
    pub trial: Duration,
    /// Number of synthetic ratings.
    pub ratings: u64,
    /// Number of training processes per model in `ials` and `ease`.
    pub trainings: usize,
    /// Iterations per training process, including the first one, which is not counted.
    pub iterations: usize,
    /// Number of movies in `ease`.
    pub movies: usize,
    /// Number of trials and splits in `quality`.
    pub search: Search,
    /// Number of users that `job` ranks movies for.
    pub users: u64,
}

impl Scale {
    /// Settings for published numbers.
    pub const FULL: Self = Self {
        runs: 5,
        window: Duration::from_secs(5),
        latency: Duration::from_secs(30),
        mixed: Duration::from_mins(10),
        trial: Duration::from_secs(5),
        ratings: 32_000_204,
        trainings: 2,
        iterations: 4,
        movies: 20_000,
        search: Search { trials: 40, validations: 6, tests: 12 },
        users: 100_000,
    };
    /// Settings for a smoke test.
    pub const QUICK: Self = Self {
        runs: 1,
        window: Duration::from_secs(1),
        latency: Duration::from_secs(2),
        mixed: Duration::from_secs(10),
        trial: Duration::from_secs(1),
        ratings: 2_000_000,
        trainings: 1,
        iterations: 4,
        movies: 2_000,
        search: Search { trials: 2, validations: 1, tests: 2 },
        users: 5_000,
    };
}

/// Number of trials and splits for a hyperparameter search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Hyperparameter settings to try per model.
    pub trials: usize,
    /// Number of validation splits used for tuning.
    pub validations: usize,
    /// Splits for testing.
    pub tests: usize,
}

/// Command-line settings for the `ials` benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct IalsOptions {
    /// Numbers of factors to measure.
    pub factors: Vec<usize>,
    /// If true, also compares with `LensKit`.
    pub lenskit: bool,
}

impl Default for IalsOptions {
    fn default() -> Self {
        Self { factors: vec![64, 128], lenskit: false }
    }
}

/// Inputs shared by all benchmarks.
pub struct Setup {
    /// Programs to run on both sides.
    pub programs: Programs,
    /// Paths of the test data.
    pub inputs: Inputs,
    /// Working directory, emptied at the start.
    pub work: PathBuf,
    /// Number and duration of measurements.
    pub scale: Scale,
    /// Settings for the `ials` benchmark.
    pub ials: IalsOptions,
}

/// Builds a package's binary with the benchmark profile, and returns its path.
pub fn build(package: &str, program: &str) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let built = Command::new(cargo)
        .args(["build", "--profile", PROFILE, "--package", package])
        .current_dir(project::root())
        .status();
    if !built.context("cannot run cargo")?.success() {
        bail!("the build failed");
    }
    let program = project::target()?.join(PROFILE).join(program);
    if !program.is_file() {
        bail!("the build did not produce {}", program.display());
    }
    Ok(program)
}

/// Builds the program in `benches/measurements`, and returns its path.
pub fn measurements() -> Result<PathBuf> {
    build("cinematch-measurements", "cinematch-measurements")
}
