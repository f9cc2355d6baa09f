//! `cinematch synth`: generates files in MovieLens and TMDB formats.

use std::path::PathBuf;

use anyhow::{Result, bail};
use cinematch::files;
use cinematch_synth::{Generator, SyntheticParams};
use clap::Args;

use crate::output::{DIM, Output, STRONG, thousands};
use crate::paths::{SYNTHETIC_RELEASE, display_path};

/// Flags for `cinematch synth`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cinematch synth --out /tmp/small\n  \
                        cinematch synth --out /tmp/ml32m --ratings 32000204\n  \
                        cinematch --root /tmp/small preprocess")]
pub struct Synth {
    /// Folder to write raw/ml-synthetic/ and raw/tmdb/ to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of ratings
    #[arg(long, default_value_t = 320_002, value_name = "N")]
    ratings: u64,
    /// Number of movies [default: in proportion to --ratings, as in MovieLens]
    #[arg(long, value_name = "N")]
    movies: Option<u32>,
    /// Number of users [default: one per 159 ratings, as in MovieLens]
    #[arg(long, value_name = "N")]
    users: Option<u32>,
    /// Number of tags [default: one per 16 ratings, as in MovieLens]
    #[arg(long, value_name = "N")]
    tags: Option<u64>,
    /// Seed; the same seed always produces the same files
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

/// Numbers of ratings, movies and users in MovieLens 32M.
const RATINGS: f64 = 32_000_204.0;
const MOVIES: f64 = 87_585.0;
const USERS: f64 = 200_948.0;

impl Synth {
    /// Writes the dataset's five files.
    pub fn run(&self, output: &Output) -> Result<()> {
        let generator = Generator::new(&self.params().check()?);
        let release = self.out.join("raw").join(SYNTHETIC_RELEASE);
        let paths =
            ["movies.csv", "links.csv", "tags.csv", "ratings.csv"].map(|name| release.join(name));
        let [movies, links, tags, ratings] = &paths;
        let tmdb = self.out.join("raw/tmdb/tmdb_metadata.csv");
        for path in paths.iter().chain([&tmdb]).filter(|_| !self.force) {
            if path.exists() {
                bail!("{} exists; choose another --out, or pass --force", display_path(path));
            }
        }
        let step = output.step("generating movies");
        files::replace(movies, |out| generator.write_movies(out))?;
        files::replace(links, |out| generator.write_links(out))?;
        files::replace(&tmdb, |out| generator.write_tmdb(out))?;
        files::replace(tags, |out| generator.write_tags(out))?;
        drop(step);
        let total = self.params().ratings;
        let step = output.progress("ratings", total);
        files::replace(ratings, |out| {
            generator.write_ratings(out, &mut |rows| step.set_position(rows))
        })?;
        drop(step);

        let SyntheticParams { movies, users, ratings, tags, seed } = self.params();
        output.json(&serde_json::json!({
            "out": display_path(&self.out), "movies": movies, "users": users, "ratings": ratings,
            "tags": tags, "seed": seed,
        }))?;
        output.line(format_args!(
            "{STRONG}{}{STRONG:#}: {} movies, {} users, {} ratings, {} tags, all generated",
            display_path(&self.out),
            thousands(movies.into()),
            thousands(users.into()),
            thousands(ratings),
            thousands(tags)
        ));
        output.note(format_args!(
            "{DIM}next: cinematch --root {} preprocess{DIM:#}",
            display_path(&self.out)
        ));
        Ok(())
    }

    fn params(&self) -> SyntheticParams {
        let share = self.ratings as f64 / RATINGS;
        // The number of movies shrinks more slowly than the number of users, who mostly rate popular
        // movies.
        let movies = (MOVIES * share.min(1.0).powf(0.32)).ceil().max(2.0) as u32;
        SyntheticParams {
            movies: self.movies.unwrap_or(movies),
            users: self.users.unwrap_or((USERS * share).ceil().max(1.0) as u32),
            ratings: self.ratings,
            tags: self.tags.unwrap_or(self.ratings / 16),
            seed: self.seed,
        }
    }
}
