//! Development commands: `cargo xtask test`, `cargo xtask bench` and `cargo xtask tidy`.

mod bench;
mod browser;
mod debian;
mod modules;
mod postgres;
mod project;
mod redis;
mod test;
mod tidy;
mod venv;

use std::process::ExitCode;

const USAGE: &str = "Usage: cargo xtask <command>

  test [--full] [FILTER…]   Run the gates and all tests; with filters, only the tests whose names
                            contain one, with the programs they need. --full adds slow campaigns
  bench [PART…]             Measure CineMatch against its peers in one run; `bench --help` lists
                            the parts
  tidy                      Check prose, links, file lengths and import circles";

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
