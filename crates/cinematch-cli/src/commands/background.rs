//! What `serve` does beside serving: jobs and their schedules.

use std::path::Path;

use anyhow::{Context, Result};
use cinematch_service::jobs::{JobsConfig, Pace, Schedule, WorkerCommand};
use clap::Args;

use crate::options::Global;

/// What runs in the background.
#[derive(Clone, Debug, Args)]
pub struct Background {
    /// When a model is trained anew, and put into service if it is not worse: never, hourly, daily, weekly,
    /// monthly, or the five fields of cron, in UTC
    #[arg(long, default_value = "never", env = "CINEMATCH_RETRAIN", value_name = "SCHEDULE")]
    retrain: When,
    /// When films that are new in raw/ are brought into service without training
    #[arg(long, default_value = "never", env = "CINEMATCH_UPDATE", value_name = "SCHEDULE")]
    update: When,
    /// Leave the jobs to other servers on the same database
    #[arg(long, env = "CINEMATCH_NO_JOBS")]
    no_jobs: bool,
    /// For tests: how many times faster than the clock jobs beat, are lost and are tried again
    #[arg(long, default_value_t = 1.0, env = "CINEMATCH_JOBS_SPEED", hide = true)]
    jobs_speed: f64,
}

/// A schedule, or none.
#[derive(Clone, Debug)]
struct When(Option<Schedule>);

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "never" {
            return Ok(Self(None));
        }
        text.parse().map(|schedule| Self(Some(schedule)))
    }
}

impl Background {
    /// The server's settings. The work is done by this program, in the same folder.
    pub fn config(&self, global: &Global, artifacts: &Path) -> Result<JobsConfig> {
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let mut before = vec!["--root".into(), global.root.clone().into(), "--quiet".into()];
        if let Some(config) = &global.config {
            before.extend(["--config".into(), config.into()]);
        }
        if global.threads > 0 {
            before.extend(["--threads".into(), global.threads.to_string().into()]);
        }
        let behind = vec!["--artifacts".into(), artifacts.into()];
        Ok(JobsConfig {
            worker: (!self.no_jobs).then_some(WorkerCommand { program, before, behind }),
            retrain: self.retrain.0.clone(),
            update: self.update.0.clone(),
            pace: Pace::default().times(self.jobs_speed),
        })
    }
}
