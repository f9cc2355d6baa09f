//! Progress events for a server that runs a command as a job. The command prints one JSON object per line
//! and exits when the server stops.

use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde::Serialize;

use crate::output::{self, Output};
use crate::permanent_failure::PermanentFailure;

/// Niceness of a worker process, 0 (highest priority) to 19.
const NICENESS: i32 = 19;

/// Flags that a server passes to a job.
#[derive(Clone, Copy, Debug, Args)]
pub struct Events {
    /// Run as a server's background job: print one JSON object per line, run at low priority, and exit
    /// when standard input closes
    #[arg(long)]
    events: bool,
    /// With --events, number of seconds without a heartbeat after which the job exits
    #[arg(long, value_name = "SECONDS", requires = "events", hide = true)]
    patience: Option<f64>,
}

/// A stage of the job and its progress, 0 to 1.
#[derive(Serialize)]
struct Stage<'a> {
    stage: &'a str,
    share: f32,
}

/// Result of the job.
#[derive(Serialize)]
struct Outcome<'a, T> {
    outcome: &'a T,
}

impl Events {
    /// Marks the error of a job that the server must not retry.
    pub fn mark_permanent<T>(self, result: Result<T>) -> Result<T> {
        if self.events { PermanentFailure::mark(result) } else { result }
    }

    /// Returns the printer for the command. With `--events`, also lowers the priority of this process and
    /// makes it exit when standard input closes, which means that the server has died.
    pub fn follow(self, output: &Output) -> Result<Output> {
        if !self.events {
            return Ok(output.clone());
        }
        rustix::process::nice(NICENESS).context("cannot lower the priority of this process")?;
        std::thread::spawn(|| {
            let mut ignored = [0; 64];
            while std::io::stdin().read(&mut ignored).is_ok_and(|length| length > 0) {
                record_heartbeat();
            }
            std::process::exit(1);
        });
        if let Some(patience) = self.patience.map(Duration::from_secs_f64) {
            record_heartbeat();
            std::thread::spawn(move || {
                while last_heartbeat().is_none_or(|at| at.elapsed() < patience) {
                    std::thread::sleep(patience / 10);
                }
                output::print_error(&anyhow!(
                    "the server's heartbeat stopped; another server may be running this job"
                ));
                std::process::exit(1);
            });
        }
        Ok(Output::for_events())
    }
}

/// Time of the last heartbeat. A server that was suspended may have lost the job to another server, and
/// two workers must not run it at the same time.
static HEARTBEAT: Mutex<Option<Instant>> = Mutex::new(None);

fn record_heartbeat() {
    *HEARTBEAT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn last_heartbeat() -> Option<Instant> {
    *HEARTBEAT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints the progress of a stage as an event; `share` ranges from 0 to 1.
pub fn stage(output: &Output, stage: &str, share: f32) -> Result<()> {
    output.event(&Stage { stage, share })
}

/// Prints the result of the job as an event.
pub fn outcome(output: &Output, outcome: &impl Serialize) -> Result<()> {
    output.event(&Outcome { outcome })
}
