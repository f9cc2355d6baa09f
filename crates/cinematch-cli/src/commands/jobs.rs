//! `cinematch jobs`: lists, shows and requests background jobs.

use anyhow::{Context, Result};
use cinematch_service::jobs::JobItem;
use cinematch_store::{Job, JobKind, JobState, Ownership, Store, now_millis, rfc3339};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, SUCCESS, WARNING};
use crate::paths::DatabasePath;
use crate::runtime::block_on;

/// Flags for `cinematch jobs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch jobs                   list finished, running and waiting jobs\n  \
                  cinematch jobs run retrain       request a training run from a server\n  \
                  cinematch jobs show 12 --json    show a job and its result\n\n\
                  To schedule jobs, pass flags to the server: `cinematch serve --retrain weekly`."
)]
pub struct Jobs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Number of jobs to list
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "N")]
    limit: u32,
    #[command(flatten)]
    database: DatabasePath,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Ask the servers that use this database to run a job
    Run {
        /// retrain trains a new model; update adds new movies without training
        kind: JobKind,
        #[command(flatten)]
        database: DatabasePath,
    },
    /// Show one job
    Show {
        /// Job number
        id: i64,
        #[command(flatten)]
        database: DatabasePath,
    },
}

impl Jobs {
    /// Lists, shows or requests jobs.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let database = match &self.action {
            Some(Action::Run { database, .. } | Action::Show { database, .. }) => database,
            None => &self.database,
        };
        let address = database.resolve(global)?;
        block_on(Some(1), async {
            let store = Store::open(&address, Ownership::Shared).await?;
            let result = match &self.action {
                Some(Action::Run { kind, .. }) => request(&store, *kind, output).await,
                Some(Action::Show { id, .. }) => {
                    let job = store.job(*id).await?;
                    let job = job.with_context(|| {
                        format!("no job has the number {id}; `cinematch jobs` lists them")
                    })?;
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
            result
        })
    }
}

async fn request(store: &Store, kind: JobKind, output: &Output) -> Result<()> {
    let (job, is_new) = store.enqueue_job(kind, "cli", now_millis()).await?;
    output.json(&JobItem::from(job.clone()))?;
    let status = if is_new { "is queued" } else { "was queued already" };
    output.line(format_args!(
        "{STRONG}job {}{STRONG:#} ({}) {status}; a running server will start it; `cinematch jobs` shows its progress",
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
            "no jobs yet; run `cinematch jobs run retrain`, or `cinematch serve --retrain weekly`"
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
    let (id, kind, requested_at) = (job.id, job.kind.name(), rfc3339(job.requested_at));
    let head = format!("{STRONG}{id:>5}{STRONG:#}  {kind:<8}");
    let tail = format!("{DIM}requested by {} at {requested_at}{DIM:#}", job.requested_by);
    match job.state {
        JobState::Queued if job.attempt > 0 => output.line(format_args!(
            "{head}{WARNING}failed (attempt {}), next attempt at {}{WARNING:#}  {tail}",
            job.attempt,
            rfc3339(job.not_before)
        )),
        JobState::Queued => output.line(format_args!("{head}queued  {tail}")),
        JobState::Running => output.line(format_args!(
            "{head}{STRONG}{} {} %{STRONG:#}  {tail}",
            job.stage.as_deref().unwrap_or("starting"),
            job.permille / 10
        )),
        JobState::Done => {
            let outcome = outcome(job).unwrap_or_default();
            let reason = outcome["why"].as_str().unwrap_or("done");
            output.line(format_args!("{head}{SUCCESS}✓{SUCCESS:#} {reason}  {tail}"));
        }
        JobState::Failed => output.line(format_args!("{head}{WARNING}✗ failed{WARNING:#}  {tail}")),
    }
    if let Some(error) = &job.error {
        output.line(format_args!("       {WARNING}{}{WARNING:#}", error.trim()));
    }
}
