//! Data and splits shared by `evaluate` and `tune`.

mod data;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cinematch::evaluation::{
    ColdMovies, LaterUsers, Protocol, RollingCuts, StrongGeneralization, TimeCut,
};
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
    /// Number of splits, with seeds --seed, --seed + 1, …; with rolling-cuts, the number of cutoffs [default: 1;
    /// 80 with rolling-cuts]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "N")]
    splits: Option<u16>,
    /// Seed for the splits and the models
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,
    /// Number of users to hold out for the test, and again for validation [default: 10,000, but at most a
    /// sixth of all users]
    #[arg(long, value_name = "N")]
    held_out: Option<usize>,
    /// Share of ratings after the cutoff, and again between the cutoff and that of validation; time-cut and
    /// later-users only [default: 0.1; 0.2 with later-users]
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
    /// Evaluate on the ratings of the next three months, at many cutoffs
    RollingCuts,
    /// Evaluate on users who join after a cutoff, in the order of their ratings
    LaterUsers,
    /// Evaluate on unseen movies
    #[value(name = "cold-films", alias = "cold-movies")]
    ColdMovies,
}

impl SplitFlags {
    /// Returns the protocol, or an error if a flag does not apply to it.
    pub fn protocol(&self) -> Result<Protocol> {
        let Self { seed, held_out, test_share, cold_share, .. } = *self;
        let name = self.protocol;
        let is = |names: &[ProtocolName]| names.contains(&name);
        let of_users = is(&[ProtocolName::StrongGeneralization, ProtocolName::ColdMovies]);
        let with_share = is(&[ProtocolName::TimeCut, ProtocolName::LaterUsers]);
        for (is_refused, flag, message) in [
            (
                cold_share.is_some() && !is(&[ProtocolName::ColdMovies]),
                "--cold-share",
                "requires --protocol cold-films",
            ),
            (
                test_share.is_some() && !with_share,
                "--test-share",
                "requires --protocol time-cut or later-users",
            ),
            (
                held_out.is_some() && !of_users,
                "--held-out",
                "requires --protocol strong-generalization or cold-films",
            ),
            (
                self.splits.is_some_and(|splits| splits > 1) && with_share,
                "--splits",
                "does not apply to time-cut and later-users, which have a single split",
            ),
        ] {
            if is_refused {
                bail!("{flag} {message}");
            }
        }
        let users = StrongGeneralization { held_out, seed, ..StrongGeneralization::default() };
        Ok(match name {
            ProtocolName::StrongGeneralization => Protocol::StrongGeneralization(users),
            ProtocolName::ColdMovies => {
                let default = ColdMovies::default();
                let share = cold_share.unwrap_or(default.share);
                Protocol::ColdMovies(ColdMovies { users, share, ..default })
            }
            ProtocolName::TimeCut => {
                let share = test_share.unwrap_or(TimeCut::default().test_share);
                Protocol::TimeCut(TimeCut { test_share: share, validation_share: share })
            }
            ProtocolName::RollingCuts => Protocol::RollingCuts(RollingCuts::default()),
            ProtocolName::LaterUsers => {
                let default = LaterUsers::default();
                let test_share = test_share.unwrap_or(default.test_share);
                Protocol::LaterUsers(LaterUsers { test_share, ..default })
            }
        })
    }

    /// Returns the file that `tune` writes hyperparameters to. Each protocol has its own file, because the best
    /// values for unseen users differ from those for future ratings.
    pub fn tuned(&self, global: &Global) -> PathBuf {
        global.root.join(match self.protocol {
            ProtocolName::StrongGeneralization => "data/tuned.json",
            ProtocolName::TimeCut => "data/tuned-time-cut.json",
            ProtocolName::RollingCuts => "data/tuned-rolling-cuts.json",
            ProtocolName::LaterUsers => "data/tuned-later-users.json",
            ProtocolName::ColdMovies => "data/tuned-cold-films.json",
        })
    }

    /// Returns the seeds of the splits, or the numbers of the rolling cuts, from the latest.
    pub fn seeds(&self) -> Vec<u64> {
        if self.protocol == ProtocolName::RollingCuts {
            return (1..=u64::from(self.splits.unwrap_or(RollingCuts::N_CUTS))).collect();
        }
        let n_splits = u64::from(self.splits.unwrap_or(1));
        (0..n_splits).map(|offset| self.seed.wrapping_add(offset)).collect()
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
