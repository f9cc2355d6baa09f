//! `quality`: tunes our models and popular libraries on validation splits, and evaluates them on
//! test splits.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::measure;
use super::report::Report;
use super::setup::{Search, Setup};
use crate::venv;

/// Our models to tune. The hybrid is evaluated with its defaults.
const OURS: [&str; 3] = ["ials", "edlae", "ease"];
/// Models from the compared libraries, by their names in `quality.py`.
const PEERS: [&str; 4] = ["numpy-ease", "irspack-ials", "implicit-als", "rusket-als"];

/// Compares lists for held-out users in the small dataset.
pub fn quality(setup: &Setup) -> Result<Report> {
    let Search { trials, validations, tests } = setup.scale.search;
    let programs = &setup.programs;
    let python = venv::python(&programs.peers.join("requirements-ials.txt"), "peers-ials")?;
    let log = setup.work.join("quality");
    let run = |command: &mut Command| measure::run(command, &log);
    let root = setup.work.join("small");
    make_root(setup, &root)?;
    run(&mut programs.ours_preprocess_small(&root))?;

    let [tune, test, lists] = ["tune", "test", "lists"].map(|name| root.join(name));
    run(&mut programs.ours_export_validation(&root, validations, &tune))?;
    let mut report = Report::new("quality");
    let (mut seconds, mut outputs) = (Vec::new(), Vec::new());
    for model in OURS {
        let finished = run(&mut programs.ours_tune(&root, model, trials, validations))?;
        seconds.push(format!("{model} {:.0} s", finished.seconds));
    }
    let mut ours = programs.ours_evaluate(&root, tests);
    run(ours.args(["--models", "hybrid", "--export-split"]).arg(&test))?;
    for peer in PEERS {
        let paths = [&tune, &test, &lists].map(PathBuf::as_path);
        let finished = run(&mut programs.peer_quality(&python, peer, trials, paths))?;
        seconds.push(format!("{peer} {:.0} s", finished.seconds));
        outputs.push(finished.stdout.trim_end().to_owned());
    }

    // Reports all models, then compares ours with the best library's.
    for baseline in [None, Some(best_peer(&outputs)?)] {
        let mut command = programs.ours_evaluate(&root, tests);
        command.args(["--models", "hybrid,ials,edlae,ease"]);
        for peer in PEERS {
            command.arg("--score").arg(lists.join(format!("{{seed}}/{peer}.csv")));
        }
        command.args(baseline.map(|name| ["--baseline", name]).iter().flatten());
        report.note(run(&mut command)?.stdout.trim_end().to_owned());
    }
    for output in outputs {
        report.note(output);
    }
    let tuned = root.join("data/tuned.json");
    let tuned =
        fs::read_to_string(&tuned).with_context(|| format!("cannot read {}", tuned.display()))?;
    report.note(format!("our hyperparameters: {}", tuned.trim_end()));
    report.note(format!(
        "{trials} trials per model on {validations} splits, tested on {tests}; {}",
        seconds.join(", ")
    ));
    Ok(report)
}

/// Returns the library model with the highest test NDCG@100, parsed from `outputs`.
fn best_peer(outputs: &[String]) -> Result<&'static str> {
    let mut best = (0.0, PEERS[0]);
    for (peer, outputs) in PEERS.into_iter().zip(outputs) {
        let printed: Option<Value> =
            outputs.lines().last().and_then(|line| serde_json::from_str(line).ok());
        let ndcg = printed.and_then(|printed| printed["test_ndcg@100"].as_f64());
        let ndcg = ndcg.with_context(|| format!("{peer} printed no NDCG: {outputs}"))?;
        if ndcg > best.0 {
            best = (ndcg, peer);
        }
    }
    Ok(best.1)
}

/// Creates a folder with the small dataset and TMDB metadata.
fn make_root(setup: &Setup, root: &Path) -> Result<()> {
    let small = &setup.inputs.small;
    if !small.join("ratings.csv").is_file() {
        bail!("missing test data: {}", small.join("ratings.csv").display());
    }
    let tmdb = root.join("raw/tmdb/tmdb_metadata.csv");
    fs::create_dir_all(tmdb.parent().unwrap_or(root))
        .and_then(|()| symlink(&setup.inputs.tmdb, &tmdb))
        .and_then(|()| symlink(small, root.join("raw/small")))
        .with_context(|| format!("cannot link the data in {}", root.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_the_peer_with_the_highest_ndcg() {
        let outputs = [0.1, 0.3, 0.2, 0.25].map(|ndcg| format!("{{\"test_ndcg@100\": {ndcg}}}\n"));
        assert_eq!(best_peer(&outputs).unwrap(), "irspack-ials");
        assert!(best_peer(&["{}".to_owned()]).is_err());
    }
}
