//! A command at work for a server: what happens as lines of JSON, and no longer than the server lives.

use std::io::{Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::output::Output;

/// How much a worker stands back behind the server that started it, 0 to 19.
const NICENESS: i32 = 19;

/// Whether a server follows.
#[derive(Clone, Copy, Debug, Args)]
pub struct Events {
    /// Print one JSON object a line as work goes on, give way to other processes, and end when standard
    /// input does: how a server runs this command
    #[arg(long)]
    events: bool,
    /// With --events, the seconds after which a server that says nothing more has stopped
    #[arg(long, value_name = "SECONDS", requires = "events", hide = true)]
    patience: Option<f64>,
}

/// A step of the work and how far it is.
#[derive(Serialize)]
struct Stage<'a> {
    stage: &'a str,
    share: f32,
}

/// What came of it.
#[derive(Serialize)]
struct Outcome<'a, T> {
    outcome: &'a T,
}

impl Events {
    /// The output to work with. Where a server follows, this process gives way to others from now on,
    /// and ends as soon as standard input does: then the server has died.
    pub fn follow(self, output: &Output) -> Result<Output> {
        if !self.events {
            return Ok(output.clone());
        }
        rustix::process::nice(NICENESS).context("cannot lower the priority of this process")?;
        std::thread::spawn(|| {
            let mut ignored = [0; 64];
            while std::io::stdin().read(&mut ignored).is_ok_and(|length| length > 0) {
                hear();
            }
            std::process::exit(1);
        });
        if let Some(patience) = self.patience.map(Duration::from_secs_f64) {
            hear();
            std::thread::spawn(move || {
                while heard().is_none_or(|at| at.elapsed() < patience) {
                    std::thread::sleep(patience / 10);
                }
                let _ = writeln!(
                    std::io::stderr(),
                    "error: the server says no more that this job is its own"
                );
                std::process::exit(1);
            });
        }
        Ok(Output::of_events())
    }
}

/// When the server last said that the job is still its own. One that was stopped for a while has lost it to
/// another, which must not find two at work.
static HEARD: Mutex<Option<Instant>> = Mutex::new(None);

fn hear() {
    *HEARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn heard() -> Option<Instant> {
    *HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says how far a step is, 0 to 1.
pub fn stage(output: &Output, stage: &str, share: f32) -> Result<()> {
    output.event(&Stage { stage, share })
}

/// Says what came of it all.
pub fn outcome(output: &Output, outcome: &impl Serialize) -> Result<()> {
    output.event(&Outcome { outcome })
}
