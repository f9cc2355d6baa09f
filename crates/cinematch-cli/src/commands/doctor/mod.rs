//! `cinematch doctor`: checks the data, model, database, disk and clock, and gives advice.

mod data;
mod findings;
mod model;
mod paths;
mod system;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use self::findings::{Check, Findings, Level};
use self::paths::DoctorPaths;
use crate::options::Global;
use crate::output::{DIM, Output, SUCCESS, WARNING, counted};

/// Flags for `cinematch doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch doctor             check everything, with advice\n  \
                  cinematch doctor --strict    fail on warnings too, for CI\n  \
                  cinematch doctor --json | jq '.checks[] | select(.level != \"ok\")'\n\n\
                  Exits with status 1 if a check fails. Changes nothing."
)]
pub struct Doctor {
    #[command(flatten)]
    paths: DoctorPaths,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
    /// Number of users from ratings.csv to check recommendations for; 0 skips these checks
    #[arg(long, default_value_t = 200, value_name = "N")]
    sample: usize,
}

/// JSON output of `cinematch doctor`.
#[derive(Serialize)]
struct Summary<'a> {
    level: Level,
    #[serde(flatten)]
    findings: &'a Findings,
}

impl Doctor {
    /// Runs all checks and prints the findings.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let mut findings = Findings::default();
        // Problems in individual rows are reported by the commands that import those rows.
        let silent = Output::silent();
        let step = output.step("checking data");
        let movies = data::check(&self.paths, global, &mut findings);
        drop(step);
        let step = output.step("checking the model");
        model::check((&self.paths, self.sample), global, (&silent, movies.as_ref()), &mut findings);
        drop(step);
        let step = output.step("checking database, disk and clock");
        system::check(&self.paths, global, &mut findings)?;
        drop(step);

        let level = findings.checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok);
        output.json(&Summary { level, findings: &findings })?;
        for check in &findings.checks {
            let (style, sign) = match check.level {
                Level::Ok => (SUCCESS, "✓"),
                Level::Warn => (WARNING, "!"),
                Level::Fail => (WARNING, "✗"),
            };
            let Check { name, found, .. } = check;
            output.line(format_args!("{style}{sign}{style:#} {name:<22} {found}"));
            if let Some(advice) = &check.advice {
                output.line(format_args!("{:25}{DIM}{advice}{DIM:#}", ""));
            }
        }
        let (failed, warned) = (findings.count(Level::Fail), findings.count(Level::Warn));
        let warnings = counted(warned as u64, "warning");
        match (failed, warned) {
            (0, 0) => output.line("all checks passed"),
            (0, _) if self.strict => bail!("{warnings}; --strict treats warnings as failures"),
            (0, _) => output.line(warnings),
            _ => bail!("{} and {warnings}", counted(failed as u64, "failure")),
        }
        Ok(())
    }
}
