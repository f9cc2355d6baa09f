//! The binary `cinematch`.

#![allow(clippy::doc_markdown, reason = "doc comments of flags are what --help prints")]

mod commands;
mod options;
mod output;
mod paths;
mod settings;

use std::ffi::OsString;
use std::process::ExitCode;

use settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let mut settings = match Settings::load(&arguments) {
        Ok(settings) => settings,
        Err(error) => {
            output::fail(&error, false);
            return ExitCode::FAILURE;
        }
    };
    let options = settings.parse(arguments);
    let json = options.global.json;
    match commands::run(options, &settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::fail(&error, json);
            ExitCode::FAILURE
        }
    }
}
