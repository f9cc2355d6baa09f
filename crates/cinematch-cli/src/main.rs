//! The binary `cinematch`: command line, settings and terminal output.

#![allow(clippy::doc_markdown, reason = "doc comments of flags are printed by --help")]

mod cards;
mod commands;
mod evaluation;
mod first_steps;
mod input_error;
mod options;
mod output;
mod paths;
mod permanent_failure;
mod pipeline;
mod query_flags;
mod reports;
mod runtime;
mod serving;
mod settings;
mod terminal;
mod tmdb;

use std::process::ExitCode;

use settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let loaded = Settings::load(commands::command_line, std::env::args_os().collect());
    let mut json = false;
    let done = loaded.and_then(|mut settings| {
        let cli = commands::Cli::from_matches(&settings.parse());
        json = cli.global.json;
        commands::run(cli, &settings)
    });
    output::exit_code(done, json)
}
