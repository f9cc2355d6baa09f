//! One file a command.

mod background;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod evaluate;
mod events;
pub mod export;
pub mod fetch;
mod histories;
pub mod import;
mod inputs;
pub mod jobs;
pub mod models;
pub mod people;
pub mod ping;
pub mod preprocess;
pub mod ratings;
pub mod recommend;
pub mod retrain;
pub mod search;
pub mod serve;
pub mod status;
pub mod synth;
mod telemetry;
pub mod train;
pub mod transfer;
pub mod tune;
pub mod update;

use anyhow::{Context, Result};
use cinematch::catalog::{ProblemCount, count_problems};
use cinematch::sources::Problem;

use crate::options::{Command, Options};
use crate::output::{self, Output, thousands};
use crate::settings::Settings;

/// Runs the chosen command.
pub fn run(options: Options, settings: &Settings) -> Result<()> {
    let Options { global, command } = options;
    if !matches!(command, Command::Config(_)) {
        settings.check()?;
    }
    if global.threads > 0 {
        rayon::ThreadPoolBuilder::new()
            .num_threads(global.threads.into())
            .build_global()
            .context("cannot start the worker threads")?;
    }
    let output = Output::new(&global);
    let done = match command {
        Command::Demo(demo) => demo.run(&output),
        Command::Fetch(fetch) => fetch.run(&global, &output),
        Command::Import(import) => import.run(&global, &output),
        Command::Preprocess(preprocess) => preprocess.run(&global, &output),
        Command::Train(train) => train.run(&global, &output),
        Command::Retrain(retrain) => retrain.run(&global, settings, &output),
        Command::Update(update) => update.run(&global, &output),
        Command::Ratings(ratings) => ratings.run(&global, &output),
        Command::Tune(tune) => tune.run(&global, &output),
        Command::Evaluate(evaluate) => evaluate.run(&global, &output),
        Command::Recommend(recommend) => recommend.run(&global, &output),
        Command::Search(search) => search.run(&global, &output),
        Command::Serve(serve) => serve.run(&global, &output),
        Command::Jobs(jobs) => jobs.run(&global, &output),
        Command::Models(models) => models.run(&global, &output),
        Command::Config(config) => config.run(&global, settings, &output),
        Command::Ping(ping) => ping.run(&output),
        Command::Status(status) => status.run(&global, &output),
        Command::Doctor(doctor) => doctor.run(&global, &output),
        Command::Export(export) => export.run(&global, &output),
        Command::User(user) => user.run(&global, &output),
        Command::Key(key) => key.run(&global, &output),
        Command::Backup(backup) => backup.run(&global, &output),
        Command::Restore(restore) => restore.run(&global, &output),
        Command::Migrate(migrate) => migrate.run(&global, &output),
        Command::Synth(synth) => synth.run(&output),
    };
    done.map_err(|error| settings.located(error)).and_then(|()| output::arrived())
}

/// Now, in milliseconds since 1970.
pub fn milliseconds() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.map_or(0, |time| time.as_millis() as i64)
}

/// Now, RFC 3339 in UTC, to the second.
pub fn now() -> String {
    cinematch_store::rfc3339(milliseconds())
}

/// Runs a future on a runtime with one worker a core, or as many as asked for.
pub fn block_on<T>(workers: Option<usize>, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().context("cannot start the threads")?.block_on(future)
}

/// Tells of problems in files, those of one sort on one line.
fn warn_problems(problems: &[Problem], output: &Output) {
    warn_counts(&count_problems(problems), output);
}

/// Tells of problems that are counted already.
fn warn_counts(counts: &[ProblemCount<'_>], output: &Output) {
    for problem in counts {
        output.warn(format_args!(
            "{} × {}{}, first on line {}: {}",
            thousands(problem.count),
            problem.file,
            problem.field.map(|field| format!(", {field}")).unwrap_or_default(),
            problem.first_line,
            problem.first_reason
        ));
    }
}
