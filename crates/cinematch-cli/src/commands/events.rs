//! A command at work for a server: what happens as lines of JSON, and no longer than the server lives.

use std::io::Read;

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
            while std::io::stdin().read(&mut ignored).is_ok_and(|length| length > 0) {}
            std::process::exit(1);
        });
        Ok(Output::of_events())
    }
}

/// Says how far a step is, 0 to 1.
pub fn stage(output: &Output, stage: &str, share: f32) -> Result<()> {
    output.event(&Stage { stage, share })
}

/// Says what came of it all.
pub fn outcome(output: &Output, outcome: &impl Serialize) -> Result<()> {
    output.event(&Outcome { outcome })
}
