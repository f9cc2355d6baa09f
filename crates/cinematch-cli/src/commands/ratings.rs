//! `cinematch ratings`: checks and packs the ratings.

use std::time::Instant;

use anyhow::Result;
use cinematch::catalog::{ProblemCount, count_with_unlisted};
use cinematch::ids::MovieIdx;
use clap::Args;
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted, thousands};
use crate::paths::{PackedPath, RawPath, display_path};
use crate::pipeline::inputs::{Loaded, ReadMode, load_ratings, report_path};

/// Flags for `cinematch ratings`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch ratings             check all rows and pack the ratings\n  \
                  cinematch ratings --refresh   read the file even if it has not changed\n  \
                  cinematch ratings --json      counts and problems as JSON"
)]
pub struct Ratings {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    packed: PackedPath,
    /// Read the file even if the packed ratings are up to date
    #[arg(long)]
    refresh: bool,
    /// Only read and check; write nothing
    #[arg(long)]
    no_cache: bool,
}

/// JSON output of `cinematch ratings`.
#[derive(Serialize)]
struct Summary<'a> {
    ratings: usize,
    users: usize,
    movies: usize,
    rated_movies: usize,
    rows: u64,
    problems: u64,
    problem_counts: Vec<ProblemCount<'a>>,
    /// True if the packed ratings were up to date.
    cached: bool,
    seconds: f64,
}

impl Ratings {
    /// Loads the ratings and prints their counts.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let started = Instant::now();
        let mode = ReadMode { refresh: self.refresh, read_only: self.no_cache };
        let loaded = load_ratings(mode, &self.raw, &self.packed, global, output)?;
        let Loaded { interactions, rows, problems, listed, unlisted, cached } = &loaded;
        let movies = interactions.movies().ids().len() as u32;
        let rated = |movie: &u32| interactions.movie_ratings(MovieIdx(*movie)).len() > 0;
        let rated_movies = (0..movies).filter(rated).count();
        output.json(&Summary {
            ratings: interactions.n_ratings(),
            users: interactions.n_users(),
            movies: interactions.n_movies(),
            rated_movies,
            rows: *rows,
            problems: *problems,
            problem_counts: count_with_unlisted(listed, unlisted),
            cached: *cached,
            seconds: started.elapsed().as_secs_f64(),
        })?;
        if *cached && *problems > 0 {
            output.warn(format_args!(
                "{} problems were found when the file was read; see {}",
                thousands(*problems),
                display_path(&report_path(&self.packed.resolve(global)))
            ));
        }
        output.line(format_args!(
            "{STRONG}{}{STRONG:#} by {} of {} {DIM}({}){DIM:#}",
            counted(interactions.n_ratings() as u64, "rating"),
            counted(interactions.n_users() as u64, "user"),
            counted(rated_movies as u64, "movie"),
            if *cached { "packed" } else { "read from the file" }
        ));
        // The process is about to exit, so freeing the memory would only waste time.
        std::mem::forget(loaded);
        Ok(())
    }
}
