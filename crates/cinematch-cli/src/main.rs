//! The binary `cinematch`.

#![allow(clippy::doc_markdown, reason = "doc comments of flags are what --help prints")]

mod commands;
mod options;
mod output;
mod paths;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Err(error) = paths::load_env_file(std::env::args_os()) {
        output::fail(&error, false);
        return ExitCode::FAILURE;
    }
    let options = options::Options::parse();
    let json = options.global.json;
    match commands::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::fail(&error, json);
            ExitCode::FAILURE
        }
    }
}
