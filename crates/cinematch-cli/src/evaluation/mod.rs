//! Data and splits shared by `evaluate` and `tune`.

mod data;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cinematch::evaluation::{ColdMovies, Protocol, StrongGeneralization, TimeCut};
use cinematch::models::Spec;
use clap::{Args, ValueEnum};

use crate::options::Global;
use crate::output::Output;
use crate::paths::display_path;
use crate::pipeline::inputs::read_specs;

pub use data::{Data, Inputs};

/// Flags that select how ratings are split.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Splits")]
pub struct SplitFlags {
    /// Data to withhold from training: users, future ratings or movies
    #[arg(long, value_enum, default_value = "strong-generalization", value_name = "NAME")]
    protocol: ProtocolName,
    /// Number of splits, with seeds --seed, --seed + 1, …
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "N")]
    splits: u16,
    /// Seed for the splits and the models
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,
    /// Number of users to hold out for the test, and again for validation [default: 10,000, but at most a
    /// sixth of all users]
    #[arg(long, value_name = "N")]
    held_out: Option<usize>,
    /// Share of ratings to withhold for the test, and again for validation; time-cut only [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    test_share: Option<f64>,
    /// Share of movies whose ratings are withheld for the test, and again for validation; cold-films only
    /// [default: 0.05]
    #[arg(long, value_name = "SHARE")]
    cold_share: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum ProtocolName {
    /// Evaluate on unseen users (Liang et al. 2018)
    StrongGeneralization,
    /// Evaluate on future ratings
    TimeCut,
    /// Evaluate on unseen movies
    #[value(name = "cold-films", alias = "cold-movies")]
    ColdMovies,
}

impl SplitFlags {
    /// Returns the protocol, or an error if a flag does not apply to it.
    pub fn protocol(&self) -> Result<Protocol> {
        let Self { seed, held_out, test_share, cold_share, .. } = *self;
        let (is_cold, is_cut) = match self.protocol {
            ProtocolName::StrongGeneralization => (false, false),
            ProtocolName::ColdMovies => (true, false),
            ProtocolName::TimeCut => (false, true),
        };
        for (is_given, flag, message) in [
            (cold_share.is_some() && !is_cold, "--cold-share", "requires --protocol cold-films"),
            (test_share.is_some() && !is_cut, "--test-share", "requires --protocol time-cut"),
            (held_out.is_some() && is_cut, "--held-out", "does not apply to --protocol time-cut"),
        ] {
            if is_given {
                bail!("{flag} {message}");
            }
        }
        let users = StrongGeneralization { held_out, seed, ..StrongGeneralization::default() };
        Ok(match self.protocol {
            ProtocolName::StrongGeneralization => Protocol::StrongGeneralization(users),
            ProtocolName::ColdMovies => {
                let default = ColdMovies::default();
                let share = cold_share.unwrap_or(default.share);
                Protocol::ColdMovies(ColdMovies { users, share, ..default })
            }
            ProtocolName::TimeCut => {
                if self.splits > 1 {
                    bail!(
                        "--splits does not apply to --protocol time-cut, which is the same for every seed"
                    );
                }
                let share = test_share.unwrap_or(TimeCut::default().test_share);
                Protocol::TimeCut(TimeCut { test_share: share, validation_share: share })
            }
        })
    }

    /// Returns the file that `tune` writes hyperparameters to. Each protocol has its own file, because the best
    /// values for unseen users differ from those for future ratings.
    pub fn tuned(&self, global: &Global) -> PathBuf {
        global.root.join(match self.protocol {
            ProtocolName::StrongGeneralization => "data/tuned.json",
            ProtocolName::TimeCut => "data/tuned-time-cut.json",
            ProtocolName::ColdMovies => "data/tuned-cold-films.json",
        })
    }

    /// Returns the seeds of the splits.
    pub fn seeds(&self) -> Vec<u64> {
        (0..u64::from(self.splits)).map(|offset| self.seed.wrapping_add(offset)).collect()
    }
}

/// Reads hyperparameters by model name from `explicit_path`, or else from `default_path`. Returns an empty map if
/// `explicit_path` is `None` and `default_path` does not exist.
pub fn tuned(
    explicit_path: Option<&Path>,
    default_path: &Path,
    output: &Output,
) -> Result<BTreeMap<String, Spec>> {
    let path = match explicit_path {
        Some(path) => path,
        None if default_path.is_file() => default_path,
        None => return Ok(BTreeMap::new()),
    };
    let specs = read_specs(path)?;
    let models: Vec<&str> = specs.keys().map(String::as_str).collect();
    output.note(format_args!(
        "using hyperparameters for {} from {}",
        models.join(", "),
        display_path(path)
    ));
    Ok(specs)
}
