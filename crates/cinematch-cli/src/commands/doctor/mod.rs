//! `cinematch doctor`: whether all is well, and what to do where it is not.

mod data;
mod model;
mod system;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use super::inputs::PackedPath;
use crate::options::Global;
use crate::output::{CARE, DIM, GOOD, Output, counted};
use crate::paths::{ArtifactsPath, DatabasePath, MergedPath, RawPath};

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch doctor             everything, with what to do\n  \
                  cinematch doctor --strict    for CI: warnings fail, too\n  \
                  cinematch doctor --json | jq '.checks[] | select(.level != \"ok\")'\n\n\
                  Exit code 1 where something fails. Nothing is changed.")]
pub struct Doctor {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    merged: MergedPath,
    #[command(flatten)]
    artifacts: ArtifactsPath,
    #[command(flatten)]
    packed: PackedPath,
    #[command(flatten)]
    database: DatabasePath,
    /// Fail on warnings, too
    #[arg(long)]
    strict: bool,
    /// Viewers of ratings.csv to ask the model for; 0: none
    #[arg(long, default_value_t = 200, value_name = "N")]
    sample: usize,
}

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    /// It works, and somebody should look.
    Warn,
    /// It does not work, or soon will not.
    Fail,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Check {
    /// `data.table`: stays the same from version to version.
    name: &'static str,
    level: Level,
    /// What was seen.
    found: String,
    /// What to do, where it is not well.
    advice: Option<String>,
}

/// All that was looked at.
#[derive(Debug, Default, Serialize)]
struct Findings {
    checks: Vec<Check>,
}

impl Findings {
    fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.checks.push(Check { name, level: Level::Ok, found: found.into(), advice: None });
    }

    fn warn(&mut self, name: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into());
        self.checks.push(Check { name, level: Level::Warn, found: found.into(), advice });
    }

    fn fail(&mut self, name: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into());
        self.checks.push(Check { name, level: Level::Fail, found: found.into(), advice });
    }

    /// A warning if it is `bad`, otherwise all is well.
    fn warn_if(&mut self, bad: bool, name: &'static str, found: String, advice: &str) {
        if bad { self.warn(name, found, advice) } else { self.ok(name, found) }
    }

    fn count(&self, level: Level) -> usize {
        self.checks.iter().filter(|check| check.level == level).count()
    }
}

/// The result, for machines.
#[derive(Serialize)]
struct Summary<'a> {
    level: Level,
    #[serde(flatten)]
    findings: &'a Findings,
}

impl Doctor {
    /// Looks at everything and tells of it.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let mut findings = Findings::default();
        // What is wrong with single rows is told by those who read them.
        let silent = Output::silent();
        let step = output.step("looking at data");
        let movies = self.data(global, &mut findings);
        drop(step);
        let step = output.step("looking at the model");
        self.model(global, &silent, movies.as_ref(), &mut findings);
        drop(step);
        let step = output.step("looking at database, disk and clock");
        self.system(global, &mut findings)?;
        drop(step);

        let level = findings.checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok);
        output.json(&Summary { level, findings: &findings })?;
        for check in &findings.checks {
            let (style, sign) = match check.level {
                Level::Ok => (GOOD, "✓"),
                Level::Warn => (CARE, "!"),
                Level::Fail => (CARE, "✗"),
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
            (0, 0) => output.line("all is well"),
            (0, _) if self.strict => bail!("{warnings}, and --strict takes them for failures"),
            (0, _) => output.line(warnings),
            _ => bail!("{} and {warnings}", counted(failed as u64, "failure")),
        }
        Ok(())
    }
}
