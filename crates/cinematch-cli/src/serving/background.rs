//! A server's background jobs and their schedules.

use std::path::Path;

use anyhow::{Context, Result};
use cinematch_service::jobs::{JobTiming, JobsConfig, Schedule, WorkerCommand};
use clap::Args;

use crate::options::Global;

/// Flags for background jobs.
#[derive(Clone, Debug, Args)]
pub struct Background {
    /// Schedule for training a new model, which is served unless it ranks worse: never, hourly,
    /// daily, weekly, monthly, or five cron fields, in UTC
    #[arg(long, default_value = "never", env = "CINEMATCH_RETRAIN", value_name = "SCHEDULE")]
    retrain: ScheduleFlag,
    /// Schedule for adding movies that are new in raw/, without training
    #[arg(long, default_value = "never", env = "CINEMATCH_UPDATE", value_name = "SCHEDULE")]
    update: ScheduleFlag,
    /// Run no jobs; other servers on the same database can run them
    #[arg(long, env = "CINEMATCH_NO_JOBS")]
    no_jobs: bool,
    /// Factor that speeds up heartbeats, timeouts and retries of jobs, for tests
    #[arg(long, default_value_t = 1.0, env = "CINEMATCH_JOBS_SPEED", hide = true)]
    jobs_speed: f64,
}

/// A schedule; `None` for never.
#[derive(Clone, Debug)]
struct ScheduleFlag(Option<Schedule>);

impl std::str::FromStr for ScheduleFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "never" {
            return Ok(Self(None));
        }
        text.parse().map(|schedule| Self(Some(schedule)))
    }
}

impl Background {
    /// Returns the settings for background jobs. A job runs this program in the same root folder.
    pub fn config(&self, global: &Global, artifacts: &Path) -> Result<JobsConfig> {
        let program = std::env::current_exe().context("cannot locate this program's executable")?;
        let mut leading_args = vec!["--root".into(), global.root.clone().into(), "--quiet".into()];
        if let Some(config) = &global.config {
            leading_args.extend(["--config".into(), config.into()]);
        }
        if global.threads > 0 {
            leading_args.extend(["--threads".into(), global.threads.to_string().into()]);
        }
        let trailing_args = vec!["--artifacts".into(), artifacts.into()];
        Ok(JobsConfig {
            worker: (!self.no_jobs).then_some(WorkerCommand {
                program,
                leading_args,
                trailing_args,
            }),
            retrain: self.retrain.0.clone(),
            update: self.update.0.clone(),
            timing: JobTiming::default().scaled(self.jobs_speed),
        })
    }
}
