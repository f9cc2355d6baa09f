//! `cargo xtask bench`: benchmarks against the usual Python stack, on one machine, in one run.
//!
//! Measurements alternate between both sides, so other load on the machine affects both. See
//! `benches/README.md` for the methodology.

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
pub mod process;
mod quality;
mod ratings;
mod report;
mod requests;
mod serve;
mod server;
mod setup;
mod stages;
mod traffic;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::project::{self, Inputs};
use crate::venv;
use commands::Programs;
use machine::Machine;
use report::Report;
use setup::{IalsOptions, Scale, Setup, build};

const USAGE: &str = "\
Usage: cargo xtask bench [PART…] [--runs N] [--json FILE] [--quick] [--factors D,…] [--lenskit]

  preprocess, train, serve, mixed, cache, ratings, ials, ease, quality, job
                   Parts to measure [default: all]; serve includes mixed
  --runs N         Number of measurements of each side after a warm-up [default: 5]
  --json FILE      Also write all measurements to FILE
  --quick          Run one short round of each part, as a smoke test
  --factors D,…    ials: numbers of factors [default: 64,128]
  --lenskit        ials: also compare with LensKit, whose packages take 5 GB

The environment variable CINEMATCH_TEST_DATA sets the test data directory [default: ../shared/data].";

/// A benchmark, selected by its name on the command line.
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

/// Command-line options.
#[derive(Debug, PartialEq)]
struct Options {
    parts: Vec<Part>,
    scale: Scale,
    json: Option<PathBuf>,
    ials: IalsOptions,
}

/// Runs the benchmarks named in `args`, the arguments after `bench`.
pub fn run(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let options = parse(args)?;
    let setup = prepare(options.scale, options.ials)?;
    let machine = Machine::inspect(&setup.programs)?;
    println!("{}\n", machine.lines().join("\n"));
    if options.scale.runs < Scale::FULL.runs {
        println!("fewer runs than {}: a smoke test, not for publication\n", Scale::FULL.runs);
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
    // Removed only after success, since the logs help to diagnose a failure.
    fs::remove_dir_all(&setup.work).context("cannot remove the working directory")
}

fn parse(args: &[String]) -> Result<Options> {
    let mut parts = Vec::new();
    let mut scale = Scale::FULL;
    let mut runs = None;
    let mut json = None;
    let mut ials = IalsOptions::default();
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
                    .context("--factors needs positive numbers, separated by commas")?;
            }
            "--json" => json = Some(PathBuf::from(value()?)),
            "--quick" => scale = Scale::QUICK,
            "--runs" => {
                let number = value()?.parse().ok().filter(|runs| *runs > 0);
                runs = Some(number.context("--runs needs a positive number")?);
            }
            other => bail!("unknown argument {other}\n\n{USAGE}"),
        }
    }
    if parts.is_empty() {
        parts.extend(Part::ALL);
    }
    scale.runs = runs.unwrap_or(scale.runs);
    Ok(Options { parts, scale, json, ials })
}

/// Builds our binary, creates the Python environment of the peers, and empties the working
/// directory.
fn prepare(scale: Scale, ials: IalsOptions) -> Result<Setup> {
    let inputs = Inputs::find()?;
    let root = project::root();
    let target = project::target()?;
    let ours = build("cinematch-cli", "cinematch")?;
    let peers = root.join("benches/peers");
    let python = venv::python(&peers.join("requirements.txt"), "peers")?;
    let work = target.join("bench");
    recreate(&work)?;
    Ok(Setup { programs: Programs { ours, python, peers }, inputs, work, scale, ials })
}

fn recreate(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("cannot clear {}", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Options> {
        parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn runs_all_parts_without_arguments() {
        let ials = IalsOptions { factors: vec![64, 128], lenskit: false };
        let expected = Options { parts: Part::ALL.to_vec(), scale: Scale::FULL, json: None, ials };
        assert_eq!(parsed(&[]).unwrap(), expected);
    }

    #[test]
    fn parses_arguments_in_any_order() {
        let expected = Options {
            parts: vec![Part::Serve, Part::Mixed, Part::Ials],
            scale: Scale { runs: 9, ..Scale::QUICK },
            json: Some(PathBuf::from("out.json")),
            ials: IalsOptions { factors: vec![8, 256], lenskit: true },
        };
        let args = [
            ["--runs", "9", "serve", "--json", "out.json"],
            ["--quick", "--lenskit", "ials", "--factors", "8,256"],
        ]
        .concat();
        assert_eq!(parsed(&args).unwrap(), expected);
    }

    #[test]
    fn rejects_invalid_arguments() {
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
