//! `cinematch jobs`: what servers do in the background, looked at and asked for.

use anyhow::{Context, Result};
use cinematch_server::JobItem;
use cinematch_store::{Job, JobKind, JobState, Ownership, Store, rfc3339};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{block_on, milliseconds};
use crate::options::Global;
use crate::output::{CARE, DIM, GOOD, Output, STRONG};
use crate::paths::DatabasePath;

/// Flags of `jobs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch jobs                   what ran, runs and waits\n  \
                  cinematch jobs run retrain       a server trains anew, as soon as it can\n  \
                  cinematch jobs show 12 --json    what came of it\n\n\
                  Schedules are the server's: `cinematch serve --retrain weekly`."
)]
pub struct Jobs {
    #[command(subcommand)]
    action: Option<Action>,
    /// How many to list
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "N")]
    limit: u32,
    #[command(flatten)]
    database: DatabasePath,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Ask the servers on this database for a job
    Run {
        /// retrain: a new model; update: new films without training
        kind: JobKind,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Show one job
    Show {
        /// Its number
        id: i64,
        #[command(flatten)]
        database: DatabasePath,
    },
}

impl Jobs {
    /// Does it.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let database = match &self.action {
            Some(Action::Run { database, .. } | Action::Show { database, .. }) => database,
            None => &self.database,
        };
        let address = database.resolve(global)?;
        block_on(Some(1), async {
            let store = Store::open(&address, Ownership::Shared).await?;
            let done = match &self.action {
                Some(Action::Run { kind, .. }) => ask(&store, *kind, output).await,
                Some(Action::Show { id, .. }) => {
                    let job = store.job(*id).await?;
                    let job = job.with_context(|| format!("there is no job {id}"))?;
                    output.json(&JobItem::from(job.clone()))?;
                    print(&job, output);
                    if let Some(outcome) = outcome(&job) {
                        output.line(format_args!("{outcome:#}"));
                    }
                    Ok(())
                }
                None => list(&store, self.limit, output).await,
            };
            store.close().await;
            done
        })
    }
}

async fn ask(store: &Store, kind: JobKind, output: &Output) -> Result<()> {
    let (job, is_new) = store.enqueue_job(kind, "cli", milliseconds()).await?;
    output.json(&JobItem::from(job.clone()))?;
    let waits = if is_new { "waits for its turn" } else { "was waiting already" };
    output.line(format_args!(
        "{STRONG}job {}{STRONG:#} ({}) {waits}; a running server begins it, `cinematch jobs` shows how far it is",
        job.id,
        kind.name()
    ));
    Ok(())
}

async fn list(store: &Store, limit: u32, output: &Output) -> Result<()> {
    let jobs = store.jobs(limit).await?;
    output.json(&jobs.iter().cloned().map(JobItem::from).collect::<Vec<_>>())?;
    if jobs.is_empty() {
        output.line(format_args!(
            "no jobs yet: `cinematch jobs run retrain`, or `cinematch serve --retrain weekly`"
        ));
    }
    for job in &jobs {
        print(job, output);
    }
    Ok(())
}

fn outcome(job: &Job) -> Option<Value> {
    serde_json::from_str(job.outcome.as_deref()?).ok()
}

fn print(job: &Job, output: &Output) {
    let (id, kind, asked) = (job.id, job.kind.name(), rfc3339(job.asked_at));
    let head = format!("{STRONG}{id:>5}{STRONG:#}  {kind:<8}");
    let tail = format!("{DIM}asked for by {} at {asked}{DIM:#}", job.asked_by);
    match job.state {
        JobState::Queued if job.attempt > 0 => output.line(format_args!(
            "{head}{CARE}failed (attempt {}), again from {}{CARE:#}  {tail}",
            job.attempt,
            rfc3339(job.not_before)
        )),
        JobState::Queued => output.line(format_args!("{head}waits  {tail}")),
        JobState::Running => output.line(format_args!(
            "{head}{STRONG}{} {} %{STRONG:#}  {tail}",
            job.stage.as_deref().unwrap_or("begins"),
            job.permille / 10
        )),
        JobState::Done => {
            let outcome = outcome(job).unwrap_or_default();
            let why = outcome["why"].as_str().unwrap_or("done");
            output.line(format_args!("{head}{GOOD}✓{GOOD:#} {why}  {tail}"));
        }
        JobState::Failed => output.line(format_args!("{head}{CARE}✗ given up{CARE:#}  {tail}")),
    }
    if let Some(error) = &job.error {
        output.line(format_args!("       {CARE}{}{CARE:#}", error.trim()));
    }
}
