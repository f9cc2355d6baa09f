//! Flags, one struct per concern. `settings` says what goes before what.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    config, demo, doctor, evaluate, export, fetch, import, jobs, models, people, ping, preprocess,
    ratings, recommend, retrain, search, serve, status, synth, train, transfer, tune, update,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// A movie recommender one can own.
#[derive(Debug, Parser)]
#[command(
    name = "cinematch",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    after_help = "Examples:\n  cinematch demo                          ten recommendations with reasons, offline\n  \
                  cinematch fetch movielens               MovieLens 32M → raw/\n  \
                  cinematch fetch tmdb                    TMDb's facts → raw/tmdb/ (needs a free token)\n  \
                  cinematch preprocess                    raw/ → data/movies_merged.csv\n  \
                  cinematch train                         data/movies_merged.csv → ml/artifacts/\n  \
                  cinematch recommend --liked 1,3114      films for somebody who liked these two\n  \
                  cinematch serve                         the HTTP API on http://localhost:8000"
)]
pub struct Options {
    /// What every command knows.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command knows.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The folder that holds raw/, data/, ml/, .env and cinematch.toml
    #[arg(long, global = true, env = "CINEMATCH_ROOT", default_value = ".", value_name = "DIR")]
    pub root: PathBuf,
    /// The file of settings [default: cinematch.toml in the root folder, if it is there]
    #[arg(long, global = true, env = "CINEMATCH_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print nothing but results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print one JSON document for machines
    #[arg(long, global = true)]
    pub json: bool,
    /// Worker threads; 0: one a core
    #[arg(
        long,
        global = true,
        env = "CINEMATCH_THREADS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u16).range(..=1024),
        value_name = "N",
        hide_default_value = true
    )]
    pub threads: u16,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what CineMatch does, on a small catalogue of its own: no data, no network
    Demo(demo::Demo),
    /// Fetch MovieLens' releases and TMDb's facts into raw/
    Fetch(fetch::Fetch),
    /// Take over what is at hand: a person's history of elsewhere, or TMDb's facts
    Import(import::Import),
    /// Merge MovieLens and TMDb into data/movies_merged.csv
    Preprocess(preprocess::Preprocess),
    /// Learn features from data/movies_merged.csv into ml/artifacts/
    Train(train::Train),
    /// Train anew on what is there now, and serve it only if it is not worse
    Retrain(retrain::Retrain),
    /// Bring new films and changed facts into serving, without training
    Update(update::Update),
    /// Read and check ratings.csv, and keep the ratings packed in data/ratings.bin
    Ratings(ratings::Ratings),
    /// Search a model's parameters on validation into data/tuned.json, which train reads
    Tune(tune::Tune),
    /// Measure how good models are
    Evaluate(evaluate::Evaluate),
    /// Recommend films on the terminal
    Recommend(recommend::Recommend),
    /// Look for films by title, person or keyword
    Search(search::Search),
    /// Serve the HTTP API
    Serve(Box<serve::Serve>),
    /// What runs in the background of servers
    Jobs(jobs::Jobs),
    /// Ask the running server whether it is ready: for health checks
    Ping(ping::Ping),
    /// Accounts: who may sign in
    User(people::User),
    /// API keys: which programs may call
    Key(people::Key),
    /// Write everything people keep to one file, also while the server runs
    Backup(transfer::Backup),
    /// Bring a backup back
    Restore(transfer::Restore),
    /// Move everything people keep between a file and PostgreSQL
    Migrate(transfer::Migrate),
    /// Show generations of models, and choose which is served
    Models(models::Models),
    /// Settings: what there is to set, what holds and why, and whether it can be
    Config(config::Config),
    /// Show what exists: data, generations, when and from what
    Status(status::Status),
    /// Look whether all is well: data, model, database, disk, clock
    Doctor(doctor::Doctor),
    /// Hand the trained transformers to other tools
    Export(export::Export),
    /// Make MovieLens-shaped data of any size
    Synth(synth::Synth),
}
