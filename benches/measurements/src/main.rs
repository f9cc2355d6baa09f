//! Measurements behind figures in the documentation, one per subcommand. They print Markdown tables, or JSON
//! for `cargo xtask bench`.
//!
//! ```sh
//! cargo run --release -p cinematch-measurements -- dials . raw/ml-latest-small --splits 12
//! ```

mod cold_start;
mod data;
mod dials;
mod dislikes;
mod fit;
mod onboarding;
mod outcome;
mod rank;
mod series;
mod taste_wall;

use std::process::ExitCode;

const USAGE: &str = "usage: cinematch-measurements MEASUREMENT ARGUMENTS

  cold-start ROOT RATINGS-FOLDER [--splits N]             ranking of movies added after training
  dials ROOT RATINGS-FOLDER [--splits N]                  effect of diversity and novelty on lists
  dislikes ARTIFACTS                                      effect of a dislike on similar movies
  fit ials|ease MATRIX [FLAGS]                            training time on a matrix of likes
  onboarding ROOT RATINGS-FOLDER [--splits N] [--content] lists of new users after some taps
  rank ARTIFACTS [--requests N]                           time of a request without the network
  series MERGED-TABLE                                     series that titles and collections form
  taste-wall ARTIFACTS [MOVIE-ID ...]                     first wall, and the next after taps";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.split_first() {
        Some((&"cold-start", args)) => cold_start::run(args),
        Some((&"dials", args)) => dials::run(args),
        Some((&"dislikes", args)) => dislikes::run(args),
        Some((&"fit", args)) => fit::run(args),
        Some((&"onboarding", args)) => onboarding::run(args),
        Some((&"rank", args)) => rank::run(args),
        Some((&"series", args)) => series::run(args),
        Some((&"taste-wall", args)) => taste_wall::run(args),
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
