//! Measurements behind figures in the documentation, one subcommand each. All print Markdown tables.
//!
//! ```sh
//! cargo run --release -p cinematch-measurements -- dials . raw/ml-latest-small --splits 12
//! ```

mod data;
mod dials;
mod dislikes;
mod onboarding;
mod outcome;

use std::process::ExitCode;

const USAGE: &str = "usage: cinematch-measurements MEASUREMENT ARGUMENTS

  dials ROOT RATINGS-FOLDER [--splits N]                  effect of diversity and novelty on lists
  dislikes ARTIFACTS                                      effect of a dislike on similar movies
  onboarding ROOT RATINGS-FOLDER [--splits N] [--content] value of the answers of new users";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.split_first() {
        Some((&"dials", args)) => dials::run(args),
        Some((&"dislikes", args)) => dislikes::run(args),
        Some((&"onboarding", args)) => onboarding::run(args),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
