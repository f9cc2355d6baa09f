//! `cinematch ratings`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use cinematch::catalog::{
    Fingerprint, Interactions, Packed, ProblemCount, Provenance, count_problems,
};
use cinematch::files;
use cinematch::ids::Vocabulary;
use cinematch::sources::{Problem, movielens, ratings};
use clap::Args;
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, thousands};
use crate::paths::{RawPath, read_or, shown};

/// Where the packed ratings are.
#[derive(Clone, Debug, Args)]
struct PackedPath {
    /// The packed ratings [default: data/ratings.bin]
    #[arg(long, env = "CINEMATCH_RATINGS", value_name = "FILE")]
    packed: Option<PathBuf>,
}

impl PackedPath {
    fn resolve(&self, global: &Global) -> PathBuf {
        self.packed.clone().unwrap_or_else(|| global.root.join("data/ratings.bin"))
    }
}

/// Flags of `ratings`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch ratings             check every row, keep the ratings packed\n  \
                  cinematch ratings --refresh   read ratings.csv again even if it is as it was\n  \
                  cinematch ratings --json      counts, and what was wrong, for machines"
)]
pub struct Ratings {
    #[command(flatten)]
    raw: RawPath,
    #[command(flatten)]
    packed: PackedPath,
    /// Read ratings.csv even if the packed ratings are up to date
    #[arg(long)]
    refresh: bool,
    /// Only read and check: write nothing
    #[arg(long)]
    no_cache: bool,
}

/// The result, for machines.
#[derive(Serialize)]
struct Summary<'a> {
    ratings: usize,
    users: usize,
    movies: usize,
    rated_movies: usize,
    rows: u64,
    problems: u64,
    problem_counts: Vec<ProblemCount<'a>>,
    /// Whether the packed ratings were up to date.
    cached: bool,
    seconds: f64,
}

/// `ratings_report.json`.
#[derive(Serialize)]
struct Report<'a> {
    format_version: u32,
    file: &'a str,
    rows: u64,
    ratings: usize,
    problem_counts: Vec<ProblemCount<'a>>,
    /// Of a file with very many problems only some are listed.
    unlisted_problems: u64,
    problems: &'a [Problem],
}

/// Ratings, and how they were come by.
struct Loaded {
    /// The ratings of all films of movies.csv.
    interactions: Interactions,
    rows: u64,
    problems: u64,
    /// What was wrong, if the file was read now.
    listed: Vec<Problem>,
    cached: bool,
}

/// How to load.
#[derive(Clone, Copy, Debug, Default)]
struct How {
    refresh: bool,
    write_nothing: bool,
}

impl Ratings {
    /// Loads the ratings and tells of them.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let started = Instant::now();
        let how = How { refresh: self.refresh, write_nothing: self.no_cache };
        let loaded = load(how, &self.raw, &self.packed, global, output)?;
        let Loaded { interactions, rows, problems, listed, cached } = &loaded;
        let movies = interactions.movies().ids().len() as u32;
        let rated = |movie: &u32| interactions.of_movie(cinematch::ids::MovieIdx(*movie)).len() > 0;
        let rated_movies = (0..movies).filter(rated).count();
        output.json(&Summary {
            ratings: interactions.n_ratings(),
            users: interactions.n_users(),
            movies: interactions.n_movies(),
            rated_movies,
            rows: *rows,
            problems: *problems,
            problem_counts: count_problems(listed),
            cached: *cached,
            seconds: started.elapsed().as_secs_f64(),
        })?;
        if *cached && *problems > 0 {
            output.warn(format_args!(
                "{} problems were found when ratings.csv was read: see {}",
                thousands(*problems),
                shown(&report_path(&self.packed.resolve(global)))
            ));
        }
        output.line(format_args!(
            "{STRONG}{} ratings{STRONG:#} by {} viewers of {} films {DIM}({}){DIM:#}",
            thousands(interactions.n_ratings() as u64),
            thousands(interactions.n_users() as u64),
            thousands(rated_movies as u64),
            if *cached { "packed" } else { "read anew" }
        ));
        // The process ends here; there is no use in giving its memory back first.
        std::mem::forget(loaded);
        Ok(())
    }
}

/// Loads the ratings: packed, if they are up to date; otherwise the file is read, and packed.
fn load(
    how: How,
    raw: &RawPath,
    packed: &PackedPath,
    global: &Global,
    output: &Output,
) -> Result<Loaded> {
    let raw = raw.resolve(global);
    let movies = read_movies(&raw)?;
    let csv = raw.join("ratings.csv");
    let name = shown(&csv);
    let file = File::open(&csv).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!(
            "{name} not found: it is part of every MovieLens release; without ratings, \
             `cinematch train --model content` learns from facts alone"
        ),
        _ => anyhow!("cannot open {name}: {error}"),
    })?;
    let fingerprint =
        Fingerprint::of(&file, &movies).with_context(|| format!("cannot read {name}"))?;
    let packed_path = packed.resolve(global);
    if !how.refresh {
        let step = output.step("opening the packed ratings");
        let opened = Packed::open(&packed_path, &fingerprint);
        drop(step);
        match opened {
            Ok(Some(Packed { interactions, provenance })) => {
                let Provenance { rows, problems, .. } = provenance;
                let listed = Vec::new();
                return Ok(Loaded { interactions, rows, problems, listed, cached: true });
            }
            Ok(None) => {}
            Err(error) => output.warn(format_args!("{error}; it is made anew")),
        }
    }

    let step = output.step("reading ratings");
    let mut read = ratings::read(&name, &file, &movies)?;
    let interactions = Interactions::new(&name, movies, &mut read);
    drop(step);
    let problems = read.problems.len() as u64 + read.unlisted_problems;
    let provenance = Provenance { fingerprint, rows: read.rows, problems };
    let packing = Packed { interactions, provenance };
    if !how.write_nothing {
        let step = output.step("packing ratings");
        packing.write(&packed_path)?;
        let report = Report {
            format_version: 1,
            file: &name,
            rows: read.rows,
            ratings: packing.interactions.n_ratings(),
            problem_counts: count_problems(&read.problems),
            unlisted_problems: read.unlisted_problems,
            problems: &read.problems,
        };
        let document = serde_json::to_vec_pretty(&report)?;
        files::replace(&report_path(&packed_path), |out| out.write_all(&document))?;
        drop(step);
    }
    super::warn_problems(&read.problems, output);
    if read.unlisted_problems > 0 {
        let more = thousands(read.unlisted_problems);
        output.warn(format_args!("and {more} more problems in {name}, not listed one by one"));
    }
    Ok(Loaded {
        interactions: packing.interactions,
        rows: read.rows,
        problems,
        listed: read.problems,
        cached: false,
    })
}

/// Beside the packed ratings.
fn report_path(packed: &Path) -> PathBuf {
    files::parent(packed).join("ratings_report.json")
}

/// The films that ratings may be of. What is wrong with their rows is `preprocess`'s to tell.
fn read_movies(raw: &Path) -> Result<Vocabulary> {
    let path = raw.join("movies.csv");
    let bytes = read_or(
        &path,
        "ratings are checked against MovieLens' films; set --raw to the folder that has both",
    )?;
    let movies = movielens::movies(&shown(&path), &bytes)?;
    Ok(Vocabulary::new(movies.records.iter().map(|movie| movie.movie_id)))
}
