//! `ratings`: reads a file the size of MovieLens 32M, compared with fast CSV readers.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::commands::{self, PeerReader, Ratings};
use super::measure::{self, Finished};
use super::report::{Report, Unit};
use super::setup::Setup;
use super::stages;

/// Compared libraries, each with and without the sorting that our reader does.
const PEERS: [PeerReader; 4] = [
    PeerReader { library: "polars", sort: false },
    PeerReader { library: "polars", sort: true },
    PeerReader { library: "duckdb", sort: false },
    PeerReader { library: "duckdb", sort: true },
];

/// Benchmarks reading ratings.csv against fast CSV readers.
pub fn ratings(setup: &Setup) -> Result<Report> {
    let root = synthetic_root(setup)?;
    let ours = |mode: Ratings| {
        let log = setup.work.join("ratings");
        let finished = measure::run(&mut setup.programs.ours_ratings(&root, mode), &log)?;
        check(&finished, mode)?;
        Ok(finished)
    };
    let file = commands::ratings(&root);
    let peer = |reader: PeerReader| {
        let log = setup.work.join("ratings_peer");
        measure::run(&mut setup.programs.peer_ratings(reader, &file), &log)
    };
    let [read, pack, open, peers @ ..] = measure::alternate(
        setup.scale.runs,
        [
            &mut || ours(Ratings::Read),
            &mut || ours(Ratings::Pack),
            &mut || ours(Ratings::Open),
            &mut || peer(PEERS[0]),
            &mut || peer(PEERS[1]),
            &mut || peer(PEERS[2]),
            &mut || peer(PEERS[3]),
        ],
    )?;

    let mut report = Report::new("ratings");
    let expected = rows(&read, "ratings")?;
    for ours in [&pack, &open] {
        check_equal(expected, rows(ours, "ratings")?, "cinematch ratings")?;
    }
    for (PeerReader { library, sort }, runs) in PEERS.into_iter().zip(&peers) {
        check_equal(expected, rows(runs, "rows")?, library)?;
        let sorted = if sort { ", also sorting" } else { "" };
        let peer_seconds = stages::last_line_values(runs, |printed| printed["seconds"].as_f64())?;
        stages::compare(&mut report, &format!(", {library}{sorted}"), &read, runs, peer_seconds);
    }
    for (what, runs) in [("reading and packing", pack), ("opening the packed file", open)] {
        report.compare(what, Unit::Seconds, stages::seconds(&runs), Vec::new());
        report.compare(format!("… peak memory, {what}"), Unit::Bytes, stages::peaks(&runs), vec![]);
    }
    let bytes = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len()) >> 20;
    report.note(format!(
        "{expected} ratings; ratings.csv {} MiB, packed {} MiB",
        bytes(file),
        bytes(commands::packed(&root))
    ));
    Ok(report)
}

/// Returns a folder with synthetic files in MovieLens format, generated on the first call.
pub fn synthetic_root(setup: &Setup) -> Result<PathBuf> {
    let root = setup.work.join("made_up");
    if !commands::ratings(&root).is_file() {
        fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        let log = setup.work.join("synth");
        measure::run(&mut setup.programs.ours_synth(&root, setup.scale.ratings), &log)?;
    }
    Ok(root)
}

/// Checks that `cinematch ratings` used its cache only for [`Ratings::Open`].
fn check(finished: &Finished, mode: Ratings) -> Result<()> {
    let cached = printed(finished)?["cached"].as_bool();
    let is_cached = matches!(mode, Ratings::Open);
    if cached != Some(is_cached) {
        bail!("expected \"cached\": {is_cached} from `cinematch ratings`, got {}", finished.stdout);
    }
    Ok(())
}

/// Returns the count in the field `name` of the printed JSON, which must be equal in all runs.
fn rows(runs: &[Finished], name: &str) -> Result<u64> {
    let count = |run: &Finished| {
        let rows = printed(run)?[name].as_u64();
        rows.with_context(|| format!("the number \"{name}\" is missing in {}", run.stdout))
    };
    let mut runs = runs.iter();
    let first = count(runs.next().context("there are no measurements")?)?;
    for run in runs {
        check_equal(first, count(run)?, "another run")?;
    }
    Ok(first)
}

fn check_equal(ours: u64, other: u64, label: &str) -> Result<()> {
    if ours != other {
        bail!("the numbers of ratings differ: ours {ours}, {label} {other}");
    }
    Ok(())
}

fn printed(run: &Finished) -> Result<Value> {
    serde_json::from_str(&run.stdout).with_context(|| format!("expected JSON, got {}", run.stdout))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(stdout: &str) -> Finished {
        Finished { seconds: 1.0, peak_bytes: None, stdout: stdout.to_owned() }
    }

    #[test]
    fn returns_rows_only_if_all_runs_agree() {
        let run = |rows: u64| finished(&format!("{{\n  \"rows\": {rows}\n}}\n"));
        assert_eq!(rows(&[run(7), run(7)], "rows").unwrap(), 7);
        assert!(rows(&[run(7), run(8)], "rows").is_err());
        assert!(rows(&[run(7)], "ratings").is_err());
        assert!(rows(&[finished("7 rows")], "rows").is_err());
        assert!(rows(&[], "rows").is_err());
    }

    #[test]
    fn rejects_unexpected_use_of_the_cache() {
        for (mode, cached) in
            [(Ratings::Read, false), (Ratings::Pack, false), (Ratings::Open, true)]
        {
            let said = |cached: bool| finished(&format!("{{\"cached\": {cached}}}"));
            assert!(check(&said(cached), mode).is_ok());
            assert!(check(&said(!cached), mode).is_err());
        }
    }
}
