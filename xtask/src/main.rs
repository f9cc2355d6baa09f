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

  test [--full] [FILTER…]   Run all checks and tests. With filters, run only the tests whose names
                            contain one of them. --full adds slow tests
  bench [PART…]             Benchmark CineMatch against Python libraries; `bench --help` lists the parts
  tidy                      Check prose, links, file lengths and import cycles";

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
