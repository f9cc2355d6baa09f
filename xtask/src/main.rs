//! What contributors run: `cargo xtask test`, `cargo xtask bench`, `cargo xtask tidy`.

mod bench;
mod browser;
mod debian;
mod postgres;
mod project;
mod redis;
mod test;
mod tidy;
mod venv;

use std::process::ExitCode;

const USAGE: &str = "Usage: cargo xtask <command>

  test [FILTER…]                      everything that proves the project; with filters, only the
                                      Rust tests whose names contain one
  bench [preprocess|train|serve|mixed|cache …]
                                      ours against the usual Python stack, in one run
  tidy                                what the formatter cannot check";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((command, rest)) if command == "test" => test::run(rest),
        Some((command, rest)) if command == "bench" => bench::run(rest),
        Some((command, [])) if command == "tidy" => tidy::run(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
