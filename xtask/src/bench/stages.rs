//! `preprocess` and `train`: times whole processes, from start to exit.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::commands::{self, Features};
use super::csv;
use super::measure::{self, Finished};
use super::report::{Report, Unit};
use super::setup::Setup;

/// Benchmarks merging the raw files against pandas.
pub fn preprocess(setup: &Setup) -> Result<Report> {
    let root = setup.work.join("preprocess");
    let out = setup.work.join("peer_merged.csv");
    let log = setup.work.join("preprocess_peer");
    let [ours, peer] = measure::alternate(
        setup.scale.runs,
        [&mut || ours_preprocess(setup, &root), &mut || {
            measure::run(&mut setup.programs.peer_preprocess(&setup.inputs, &out), &log)
        }],
    )?;

    let mut report = Report::new("preprocess");
    let peer_seconds = last_line_values(&peer, |printed| printed["seconds"].as_f64())?;
    compare(&mut report, "", &ours, &peer, peer_seconds);
    let movies = |path: &Path| -> Result<usize> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(csv::records(&text).count().saturating_sub(1))
    };
    let (ours, peer) = (movies(&commands::merged(&root))?, movies(&out)?);
    report.note(format!("movies written: ours {ours}, peer {peer}"));
    if ours.abs_diff(peer) * 100 > peer {
        bail!("the numbers of movies differ by more than 1 %: ours {ours}, peer {peer}");
    }
    Ok(report)
}

/// Benchmarks training on our merged file against scikit-learn.
pub fn train(setup: &Setup) -> Result<Report> {
    let [seed_root, full_root] = [Features::Seed, Features::Full]
        .map(|features| setup.work.join(format!("train_{}", features.name())));
    for root in [&seed_root, &full_root] {
        ours_preprocess(setup, root)?;
    }
    let out = setup.work.join("train_peer_artifacts");
    let log = setup.work.join("train_peer");
    let merged = commands::merged(&seed_root);
    let [seed, full, peer] = measure::alternate(
        setup.scale.runs,
        [
            &mut || ours_train(setup, &seed_root, Features::Seed),
            &mut || ours_train(setup, &full_root, Features::Full),
            &mut || measure::run(&mut setup.programs.peer_train(&merged, &out), &log),
        ],
    )?;

    let mut report = Report::new("train");
    let peer_seconds = last_line_values(&peer, |printed| printed["seconds"]["total"].as_f64())?;
    compare(&mut report, ", the peer's features", &seed, &peer, peer_seconds.clone());
    compare(&mut report, ", all our features", &full, &peer, peer_seconds);
    Ok(report)
}

/// Runs `cinematch preprocess` in a new folder and writes logs next to it.
pub fn ours_preprocess(setup: &Setup, root: &Path) -> Result<Finished> {
    commands::make_root(root, &setup.inputs)?;
    let finished = measure::run(&mut setup.programs.ours_preprocess(root), root)?;
    let merged = commands::merged(root);
    if !merged.is_file() {
        bail!("`cinematch preprocess` did not write {}", merged.display());
    }
    Ok(finished)
}

/// Runs `cinematch train` in a preprocessed folder.
pub fn ours_train(setup: &Setup, root: &Path, features: Features) -> Result<Finished> {
    measure::run(&mut setup.programs.ours_train(root, features), root)
}

/// Compares time and memory. `peer_seconds` contains the durations that the Python script measures, without its
/// imports.
pub fn compare(
    report: &mut Report,
    detail: &str,
    ours: &[Finished],
    peer: &[Finished],
    peer_seconds: Vec<f64>,
) {
    report.compare(format!("whole process{detail}"), Unit::Seconds, seconds(ours), seconds(peer));
    let without_imports = format!("… the peer without its imports{detail}");
    report.compare(without_imports, Unit::Seconds, seconds(ours), peer_seconds);
    report.compare(format!("peak memory{detail}"), Unit::Bytes, peaks(ours), peaks(peer));
}

/// Returns the wall time of each run, in seconds.
pub fn seconds(runs: &[Finished]) -> Vec<f64> {
    runs.iter().map(|run| run.seconds).collect()
}

/// Returns the peak memory of each run, in bytes.
pub fn peaks(runs: &[Finished]) -> Vec<f64> {
    runs.iter().filter_map(|run| run.peak_bytes).map(|bytes| bytes as f64).collect()
}

/// Returns a number from the JSON in the last line that each run printed, such as its own duration.
pub fn last_line_values(
    runs: &[Finished],
    find: impl Fn(&Value) -> Option<f64>,
) -> Result<Vec<f64>> {
    runs.iter()
        .map(|run| {
            let line = run.stdout.lines().last().unwrap_or_default();
            serde_json::from_str(line)
                .ok()
                .and_then(|printed| find(&printed))
                .with_context(|| format!("the peer's last line is not the expected JSON: {line}"))
        })
        .collect()
}
