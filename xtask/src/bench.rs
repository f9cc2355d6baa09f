//! `cargo xtask bench`: our binary beside the usual Python stack, on one machine, in one run.
//!
//! Both sides are measured in turn, so that whatever else the machine does meets both. See
//! `benches/README.md` for what is measured and how to read it.

mod cache;
mod commands;
mod csv;
mod ease;
mod http;
mod ials;
mod job;
mod load;
mod machine;
mod measure;
mod mixed;
mod people;
pub mod process;
mod quality;
mod ratings;
mod report;
mod requests;
mod serve;
mod server;
mod stages;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::project::{self, Inputs};
use crate::venv;
use commands::Programs;
use machine::Machine;
use report::Report;

const USAGE: &str = "\
Usage: cargo xtask bench [PART…] [--runs N] [--json FILE] [--quick] [--factors D,…] [--lenskit]

  preprocess, train, serve, mixed, cache, ratings, ials, ease, quality, job
                   the parts to measure; all of them when none is named; serve has mixed with it
  --runs N         measurements of each side after a warm-up (5)
  --json FILE      write everything measured to FILE too
  --quick          one short round of each: to see that it works, not for numbers
  --factors D,…    ials: the lengths of the vectors (64,128)
  --lenskit        ials: beside LensKit too; its packages take 5 GB

The test data is read from CINEMATCH_TEST_DATA, or ../shared/data beside the project.";

/// Cargo profile of everything measured: link-time optimization, one codegen unit.
const PROFILE: &str = "dist";

/// One part of the benchmarks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Preprocess,
    Train,
    Serve,
    Mixed,
    Cache,
    Ratings,
    Ials,
    Ease,
    Quality,
    Job,
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Preprocess,
        Self::Train,
        Self::Serve,
        Self::Mixed,
        Self::Cache,
        Self::Ratings,
        Self::Ials,
        Self::Ease,
        Self::Quality,
        Self::Job,
    ];

    fn run(self, setup: &Setup) -> Result<Report> {
        match self {
            Self::Preprocess => stages::preprocess(setup),
            Self::Train => stages::train(setup),
            Self::Serve => serve::serve(setup),
            Self::Mixed => mixed::mixed(setup),
            Self::Cache => cache::cache(setup),
            Self::Ratings => ratings::ratings(setup),
            Self::Ials => ials::ials(setup),
            Self::Ease => ease::ease(setup),
            Self::Quality => quality::quality(setup),
            Self::Job => job::job(setup),
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Options {
    parts: Vec<Part>,
    pace: Pace,
    json: Option<PathBuf>,
    ials: ials::Choice,
}

/// How often and how long to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    /// Measurements of each side after a warm-up.
    runs: usize,
    /// One round of throughput.
    window: Duration,
    /// One load at a fixed rate.
    latency: Duration,
    /// The mixed load.
    mixed: Duration,
    /// A try whether a rate is sustained.
    trial: Duration,
    /// Ratings to make up for the parts that read many.
    ratings: u64,
    /// Processes that train each model of `ials` and `ease`.
    trainings: usize,
    /// Iterations of one of them; the first does not count.
    iterations: usize,
    /// Films that `ease` compares.
    movies: usize,
    /// Trials of each model of `quality`, and splits to choose and to test by.
    search: quality::Search,
    /// Viewers that `job` ranks for.
    users: u64,
}

impl Pace {
    const FULL: Self = Self {
        runs: 5,
        window: Duration::from_secs(5),
        latency: Duration::from_secs(30),
        mixed: Duration::from_mins(10),
        trial: Duration::from_secs(5),
        ratings: 32_000_204,
        trainings: 2,
        iterations: 4,
        movies: 20_000,
        search: quality::Search { trials: 40, validations: 6, tests: 12 },
        users: 100_000,
    };
    const QUICK: Self = Self {
        runs: 1,
        window: Duration::from_secs(1),
        latency: Duration::from_secs(2),
        mixed: Duration::from_secs(10),
        trial: Duration::from_secs(1),
        ratings: 2_000_000,
        trainings: 1,
        iterations: 4,
        movies: 2_000,
        search: quality::Search { trials: 2, validations: 1, tests: 2 },
        users: 5_000,
    };
}

/// Everything a part needs.
struct Setup {
    programs: Programs,
    inputs: Inputs,
    work: PathBuf,
    pace: Pace,
    ials: ials::Choice,
}

/// Runs the benchmarks that the arguments after `bench` ask for.
pub fn run(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let options = parse(args)?;
    let setup = prepare(options.pace, options.ials)?;
    let machine = Machine::look(&setup.programs)?;
    println!("{}\n", machine.lines().join("\n"));
    if options.pace.runs < Pace::FULL.runs {
        println!("fewer runs than {}: to see that it works, not for numbers\n", Pace::FULL.runs);
    }

    let mut parts: Vec<Value> = Vec::new();
    for part in options.parts {
        let report = part.run(&setup).with_context(|| {
            format!("the benchmark failed; its logs are in {}", setup.work.display())
        })?;
        println!("{}\n", report.table());
        parts.push(report.json());
    }
    if let Some(file) = options.json {
        let all = json!({"machine": machine.json(), "parts": parts});
        fs::write(&file, format!("{all:#}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    // Only after success: a failure leaves its logs.
    fs::remove_dir_all(&setup.work).context("cannot remove the working directory")
}

fn parse(args: &[String]) -> Result<Options> {
    let mut parts = Vec::new();
    let mut pace = Pace::FULL;
    let mut runs = None;
    let mut json = None;
    let mut ials = ials::Choice::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value\n\n{USAGE}"));
        match arg.as_str() {
            "preprocess" => parts.push(Part::Preprocess),
            "train" => parts.push(Part::Train),
            "serve" => parts.extend([Part::Serve, Part::Mixed]),
            "mixed" => parts.push(Part::Mixed),
            "cache" => parts.push(Part::Cache),
            "ratings" => parts.push(Part::Ratings),
            "ials" => parts.push(Part::Ials),
            "ease" => parts.push(Part::Ease),
            "quality" => parts.push(Part::Quality),
            "job" => parts.push(Part::Job),
            "--lenskit" => ials.lenskit = true,
            "--factors" => {
                let numbers = value()?.split(',').map(|number| number.parse().ok());
                let numbers = numbers.map(|number| number.filter(|factors| *factors > 0));
                ials.factors = numbers
                    .collect::<Option<_>>()
                    .context("--factors needs numbers above 0, with commas between them")?;
            }
            "--json" => json = Some(PathBuf::from(value()?)),
            "--quick" => pace = Pace::QUICK,
            "--runs" => {
                let number = value()?.parse().ok().filter(|runs| *runs > 0);
                runs = Some(number.context("--runs needs a number above 0")?);
            }
            other => bail!("unknown argument {other}\n\n{USAGE}"),
        }
    }
    if parts.is_empty() {
        parts.extend(Part::ALL);
    }
    pace.runs = runs.unwrap_or(pace.runs);
    Ok(Options { parts, pace, json, ials })
}

/// Builds ours, provides the peers' environment and empties the working directory.
fn prepare(pace: Pace, ials: ials::Choice) -> Result<Setup> {
    let inputs = Inputs::find()?;
    let root = project::root();
    let target = project::target()?;
    let ours = build(&[], "cinematch")?;
    let peers = root.join("benches/peers");
    let python = venv::python(&peers.join("requirements.txt"), "peers")?;
    let work = target.join("bench");
    empty(&work)?;
    Ok(Setup { programs: Programs { ours, python, peers }, inputs, work, pace, ials })
}

/// Builds with the profile `dist` and returns the path of the program below `target/dist`.
fn build(what: &[&str], program: &str) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let built = Command::new(cargo)
        .args(["build", "--profile", PROFILE])
        .args(what)
        .current_dir(project::root())
        .status();
    if !built.context("cannot run cargo")?.success() {
        bail!("the build failed");
    }
    let program = project::target()?.join(PROFILE).join(program);
    if !program.is_file() {
        bail!("the build left no {}", program.display());
    }
    Ok(program)
}

fn empty(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("cannot clear {}", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Options> {
        parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn no_arguments_ask_for_everything() {
        let ials = ials::Choice { factors: vec![64, 128], lenskit: false };
        let expected = Options { parts: Part::ALL.to_vec(), pace: Pace::FULL, json: None, ials };
        assert_eq!(parsed(&[]).unwrap(), expected);
    }

    #[test]
    fn arguments_are_understood_in_any_order() {
        let expected = Options {
            parts: vec![Part::Serve, Part::Mixed, Part::Ials],
            pace: Pace { runs: 9, ..Pace::QUICK },
            json: Some(PathBuf::from("out.json")),
            ials: ials::Choice { factors: vec![8, 256], lenskit: true },
        };
        let args = [
            ["--runs", "9", "serve", "--json", "out.json"],
            ["--quick", "--lenskit", "ials", "--factors", "8,256"],
        ]
        .concat();
        assert_eq!(parsed(&args).unwrap(), expected);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for args in [
            &["fly"][..],
            &["--runs"],
            &["--runs", "0"],
            &["--runs", "x"],
            &["--json"],
            &["--factors", "64,"],
            &["--factors", "0"],
        ] {
            assert!(parsed(args).is_err(), "{args:?}");
        }
    }
}
