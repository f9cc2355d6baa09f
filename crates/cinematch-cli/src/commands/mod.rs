//! The commands, one module per command or per group of related commands (`accounts`, `transfer`). Code
//! that several commands share lives in modules beside this one (`pipeline`, `tmdb`, `evaluation`,
//! `serving`, `cards`, `reports`, `terminal`).

mod accounts;
mod config;
mod demo;
mod doctor;
mod evaluate;
mod export;
mod fetch;
mod help;
mod import;
mod jobs;
mod models;
mod ping;
mod preprocess;
mod ratings;
mod recommend;
mod retrain;
mod search;
mod serve;
mod status;
mod synth;
mod train;
mod transfer;
mod tune;
mod update;

use anyhow::{Context, Result};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::first_steps::with_first_steps;
use crate::options::Global;
use crate::output::{self, Output};
use crate::settings::Settings;

/// A self-hosted movie recommender
#[derive(Debug, Parser)]
#[command(name = "cinematch", version, styles = help::STYLES, arg_required_else_help = true)]
pub struct Cli {
    /// Flags that every command accepts.
    #[command(flatten)]
    pub global: Global,
    /// The command to run.
    #[command(subcommand)]
    command: Command,
}

/// The commands. `help::GROUPS` assigns each to a heading on the help page.
#[derive(Debug, Subcommand)]
enum Command {
    /// Recommend from a built-in sample, then serve it; needs no data and no network
    Demo(demo::Demo),
    /// Download MovieLens releases and TMDB metadata into raw/
    Fetch(fetch::Fetch),
    /// Import a rating history from another service, or TMDB metadata from CSV files
    Import(import::Import),
    /// Merge MovieLens and TMDB into data/movies_merged.csv
    Preprocess(preprocess::Preprocess),
    /// Train a model on data/movies_merged.csv; writes a generation to ml/artifacts/
    Train(train::Train),
    /// Retrain; serve the new generation only if it ranks no worse than the old one
    Retrain(retrain::Retrain),
    /// Add new and changed movies to the served generation, without training
    Update(update::Update),
    /// Check ratings.csv and pack it into data/ratings.bin
    Ratings(ratings::Ratings),
    /// Tune hyperparameters on the validation split; writes data/tuned.json
    Tune(tune::Tune),
    /// Measure how well models rank held-out ratings
    Evaluate(evaluate::Evaluate),
    /// Recommend movies on the terminal
    Recommend(recommend::Recommend),
    /// Search movies by title, person or keyword
    Search(search::Search),
    /// Serve the web pages and the HTTP API
    ///
    /// The web pages are at http://127.0.0.1:8000/, the API is under /api/, and its documentation is at
    /// /docs. Needs a trained model (`cinematch train`), unless --wait is given. Newly promoted
    /// generations are served without a restart. Ctrl-C or SIGTERM stops the server once open requests
    /// have finished.
    Serve(Box<serve::Serve>),
    /// List background jobs, and request new ones
    Jobs(jobs::Jobs),
    /// Check whether the running server is ready, for health checks
    Ping(ping::Ping),
    /// Manage accounts
    User(accounts::User),
    /// Manage API keys
    Key(accounts::Key),
    /// Back up all user data to one file; servers may keep running
    Backup(transfer::Backup),
    /// Restore user data from a backup
    Restore(transfer::Restore),
    /// Copy all user data between an SQLite file and PostgreSQL
    Migrate(transfer::Migrate),
    /// List model generations, and choose which one is served
    Models(models::Models),
    /// Explain settings, and check cinematch.toml and the environment
    Config(config::Config),
    /// Show which data and generations exist
    Status(status::Status),
    /// Check data, model, database, disk and clock
    Doctor(doctor::Doctor),
    /// Export the fitted transformers for other tools
    Export(export::Export),
    /// Generate MovieLens-shaped data of any size
    Synth(synth::Synth),
}

/// Returns the clap command, with subcommands grouped in its help.
pub fn command_line() -> clap::Command {
    help::grouped(Cli::command())
}

impl Cli {
    /// Converts parsed arguments. Exits with a usage error if they are invalid.
    pub fn from_matches(matches: &ArgMatches) -> Self {
        Self::from_arg_matches(matches).unwrap_or_else(|error| error.exit())
    }
}

/// Runs the chosen command.
pub fn run(cli: Cli, settings: &Settings) -> Result<()> {
    let Cli { global, command } = cli;
    if !matches!(command, Command::Config(_)) {
        settings.check()?;
    }
    if global.threads > 0 {
        rayon::ThreadPoolBuilder::new()
            .num_threads(global.threads.into())
            .build_global()
            .context("cannot start the worker threads")?;
    }
    let done = command.run(&global, settings, &Output::new(&global));
    let done = done.map_err(|error| with_first_steps(error, &global.root));
    done.map_err(|error| settings.with_origins(error)).and_then(|()| output::finish())
}

impl Command {
    fn run(self, global: &Global, settings: &Settings, output: &Output) -> Result<()> {
        match self {
            Self::Demo(demo) => demo.run(output),
            Self::Fetch(fetch) => fetch.run(global, output),
            Self::Import(import) => import.run(global, output),
            Self::Preprocess(preprocess) => preprocess.run(global, output),
            Self::Train(train) => train.run(global, output),
            Self::Retrain(retrain) => retrain.run(global, settings, output),
            Self::Update(update) => update.run(global, output),
            Self::Ratings(ratings) => ratings.run(global, output),
            Self::Tune(tune) => tune.run(global, output),
            Self::Evaluate(evaluate) => evaluate.run(global, output),
            Self::Recommend(recommend) => recommend.run(global, output),
            Self::Search(search) => search.run(global, output),
            Self::Serve(serve) => serve.run(global, output),
            Self::Jobs(jobs) => jobs.run(global, output),
            Self::Models(models) => models.run(global, output),
            Self::Config(config) => config.run(global, settings, output),
            Self::Ping(ping) => ping.run(output),
            Self::Status(status) => status.run(global, output),
            Self::Doctor(doctor) => doctor.run(global, output),
            Self::Export(export) => export.run(global, output),
            Self::User(user) => user.run(global, output),
            Self::Key(key) => key.run(global, output),
            Self::Backup(backup) => backup.run(global, output),
            Self::Restore(restore) => restore.run(global, output),
            Self::Migrate(migrate) => migrate.run(global, output),
            Self::Synth(synth) => synth.run(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::{SECTIONS, Setting, walk};

    /// Flags that have an environment variable but no key, because they locate `.env` and
    /// `cinematch.toml`.
    const FIND_THE_FILE: [&str; 2] = ["root", "config"];

    #[test]
    fn every_command_has_exactly_one_heading() {
        let command = Cli::command();
        let mut grouped: Vec<&str> =
            help::GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut all: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }

    #[test]
    fn help_lists_each_command_with_its_description() {
        let page = command_line().render_help().to_string();
        for command in Cli::command().get_subcommands() {
            let line = page.lines().find(|line| {
                line.starts_with("  ") && line.split_whitespace().next() == Some(command.get_name())
            });
            let about = command.get_about().expect("every command has a description").to_string();
            assert!(line.is_some_and(|line| line.ends_with(&about)), "{about}\n{page}");
        }
        for first in ["cinematch demo", "cinematch fetch movielens", "http://127.0.0.1:8000/"] {
            assert!(page.contains(first), "{first}\n{page}");
        }
    }

    #[test]
    fn command_line_passes_the_assertions_of_clap() {
        command_line().debug_assert();
    }

    #[test]
    fn every_key_has_a_flag_and_every_flag_with_a_variable_has_a_key() {
        let root = Cli::command();
        let known = Setting::all(&root);
        let bound: BTreeSet<String> = known.iter().map(Setting::key).collect();
        let written: BTreeSet<String> = SECTIONS
            .iter()
            .flat_map(|section| {
                section.keys.iter().map(move |key| format!("{}.{}", section.name, key.name))
            })
            .collect();
        assert_eq!(bound, written, "keys without a flag, or duplicate keys");
        walk(&root, "", &mut |command, arg| {
            // Hidden flags are for tests with local servers.
            let id = arg.get_id().as_str();
            if arg.get_env().is_none() || arg.is_hide_set() || FIND_THE_FILE.contains(&id) {
                return;
            }
            assert!(
                known.iter().any(|setting| setting.is_default_of(command, arg)),
                "`{command} --{id}` has a variable but no key in settings/keys.rs"
            );
        });
    }

    #[test]
    fn every_built_in_default_is_valid_for_its_flag() {
        for setting in Setting::all(&Cli::command()) {
            let built_in = setting.built_in();
            assert_eq!(setting.check(&built_in), Ok(()), "{}", setting.key());
        }
    }
}
