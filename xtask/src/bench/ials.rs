//! Implicit ALS: one iteration of training, beside the libraries that people use.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::commands::{self, Solver, Training};
use super::measure;
use super::report::{Report, Unit};
use super::{Setup, build, ratings};
use crate::venv;

/// What to train, of what the command line may choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The lengths of the vectors.
    pub factors: Vec<usize>,
    /// Whether `LensKit` is a peer too.
    pub lenskit: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self { factors: vec![64, 128], lenskit: false }
    }
}

/// The peers, by their names in `ials.py`: of each library what is fastest, and of the fastest
/// library both.
const PEERS: [(&str, Solver); 4] = [
    ("irspack-cholesky", Solver::Cholesky),
    ("irspack-cg", Solver::ConjugateGradients),
    ("implicit", Solver::ConjugateGradients),
    ("rusket", Solver::ConjugateGradients),
];

/// A library's or our trainer.
struct Contender {
    name: &'static str,
    solver: Solver,
    /// The Python to run it with, unless it is ours.
    python: Option<PathBuf>,
}

/// What a trainer measured of itself, in one process or several.
#[derive(Debug, Default, PartialEq)]
struct Trained {
    version: String,
    seconds: Vec<f64>,
    cpu_seconds: Vec<f64>,
    peaks: Vec<f64>,
    interactions: Option<u64>,
    loss: f64,
}

impl Trained {
    /// Adds one process; its first iteration does not count, as with a warm-up.
    fn add(&mut self, stdout: &str, peak_bytes: Option<u64>) -> Result<()> {
        let line = stdout.lines().last().unwrap_or_default();
        let printed: Value =
            serde_json::from_str(line).with_context(|| format!("this is not JSON: {line}"))?;
        let numbers = |name: &str| -> Vec<f64> {
            let all = printed[name].as_array().map_or(&[][..], Vec::as_slice);
            all.iter().skip(1).filter_map(Value::as_f64).collect()
        };
        let (seconds, interactions) =
            (numbers("seconds_per_iteration"), printed["interactions"].as_u64());
        let loss = printed["loss"].as_f64().filter(|loss| loss.is_finite());
        let (false, Some(interactions), Some(loss)) = (seconds.is_empty(), interactions, loss)
        else {
            bail!("an iteration after the first, the interactions or the loss is missing: {line}");
        };
        // With all factors zero it is 1.
        if loss >= 1.0 {
            bail!("nothing was learned: {line}");
        }
        if self.interactions.is_some_and(|before| before != interactions) {
            bail!("there are other interactions than before: {line}");
        }
        self.seconds.extend(seconds);
        self.cpu_seconds.extend(numbers("cpu_seconds_per_iteration"));
        self.peaks.extend(peak_bytes.map(|bytes| bytes as f64));
        self.interactions = Some(interactions);
        self.loss = loss;
        printed["version"].as_str().unwrap_or_default().clone_into(&mut self.version);
        Ok(())
    }
}

/// Compares the training of implicit ALS.
pub fn ials(setup: &Setup) -> Result<Report> {
    let program = build(&["-p", "cinematch", "--example", "fit_ials"], "examples/fit_ials")?;
    let peers = setup.programs.peers.as_path();
    let python = venv::python(&peers.join("requirements-ials.txt"), "peers-ials")?;
    let contenders = contenders(peers, &python, setup.ials.lenskit)?;

    let root = ratings::made_up(setup)?;
    let log = setup.work.join("ials");
    let liked = setup.work.join("liked.npz");
    let all = commands::ratings(&root);
    measure::run(&mut setup.programs.peer_prepare_ials(&python, &all, &liked), &log)?;

    let mut report = Report::new("ials");
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for &factors in &setup.ials.factors {
        let training = Training { factors, iterations: setup.pace.iterations, threads };
        let train = |contender: &Contender| {
            let mut command = match &contender.python {
                None => commands::ours_ials(&program, &liked, contender.solver, training),
                Some(python) => setup.programs.peer_ials(python, contender.name, &liked, training),
            };
            measure::run(&mut command, &log)
        };
        let mut trained: Vec<Trained> = contenders.iter().map(|_| Trained::default()).collect();
        for _ in 0..setup.pace.trainings {
            for (contender, trained) in contenders.iter().zip(&mut trained) {
                let finished = train(contender)?;
                trained.add(&finished.stdout, finished.peak_bytes)?;
            }
        }
        compare(&mut report, factors, &contenders, &trained)?;
    }
    report.note(format!(
        "{threads} threads; {} iterations in each of {} processes, of which the first does not count",
        setup.pace.iterations, setup.pace.trainings
    ));
    Ok(report)
}

/// Ours with both solvers, then the peers.
fn contenders(peers: &Path, python: &Path, lenskit: bool) -> Result<Vec<Contender>> {
    let ours = [Solver::Cholesky, Solver::ConjugateGradients];
    let mut all: Vec<Contender> = ours
        .into_iter()
        .map(|solver| Contender { name: "ours", solver, python: None })
        .chain(PEERS.into_iter().map(|(name, solver)| Contender {
            name,
            solver,
            python: Some(python.to_owned()),
        }))
        .collect();
    if lenskit {
        let python = venv::python(&peers.join("requirements-lenskit.txt"), "peers-lenskit")?;
        let solver = Solver::Cholesky;
        all.push(Contender { name: "lenskit", solver, python: Some(python) });
    }
    Ok(all)
}

/// Adds each peer beside ours with the same solver.
fn compare(
    report: &mut Report,
    factors: usize,
    contenders: &[Contender],
    trained: &[Trained],
) -> Result<()> {
    let all = || contenders.iter().zip(trained);
    for (peer, of_peer) in all().filter(|(contender, _)| contender.python.is_some()) {
        let (_, ours) = all()
            .find(|(ours, _)| ours.python.is_none() && ours.solver == peer.solver)
            .context("ours was not trained with every solver")?;
        if ours.interactions != of_peer.interactions {
            bail!(
                "the two sides do not train on the same: ours {:?} interactions, {} {:?}",
                ours.interactions,
                peer.name,
                of_peer.interactions
            );
        }
        let what = format!("{factors} factors, {} {}", peer.name, of_peer.version);
        let rows = [
            (format!("an iteration, {what}"), Unit::Seconds, &ours.seconds, &of_peer.seconds),
            (
                format!("… processor time, {what}"),
                Unit::Seconds,
                &ours.cpu_seconds,
                &of_peer.cpu_seconds,
            ),
            (format!("… peak memory, {what}"), Unit::Bytes, &ours.peaks, &of_peer.peaks),
        ];
        for (what, unit, ours, peer) in rows {
            report.compare(what, unit, ours.clone(), peer.clone());
        }
    }
    let losses = all().map(|(contender, trained)| match contender.python {
        None => format!("ours {} {:.4}", contender.solver.name(), trained.loss),
        Some(_) => format!("{} {:.4}", contender.name, trained.loss),
    });
    let losses: Vec<String> = losses.collect();
    report.note(format!("{factors} factors, loss at the end: {}", losses.join(", ")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(seconds: &str, interactions: u64, loss: f64) -> String {
        format!(
            "{{\"seconds_per_iteration\": {seconds}, \"interactions\": {interactions}, \
             \"loss\": {loss}}}\n"
        )
    }

    #[test]
    fn first_iterations_do_not_count() {
        let mut trained = Trained::default();
        trained.add(&printed("[9, 1, 2]", 7, 0.5), Some(64)).unwrap();
        trained.add(&printed("[8, 3]", 7, 0.25), None).unwrap();
        let expected = Trained {
            seconds: vec![1.0, 2.0, 3.0],
            peaks: vec![64.0],
            interactions: Some(7),
            loss: 0.25,
            ..Trained::default()
        };
        assert_eq!(trained, expected);
    }

    #[test]
    fn what_is_no_training_is_an_error() {
        for wrong in [
            String::new(),
            printed("[9]", 7, 0.5),
            printed("[9, 1]", 7, 1.0),
            printed("[9, 1]", 8, 0.5),
            "{\"seconds_per_iteration\": [9, 1]}".to_owned(),
        ] {
            let mut trained = Trained::default();
            trained.add(&printed("[9, 1]", 7, 0.5), None).unwrap();
            assert!(trained.add(&wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_peer_stands_beside_ours_with_the_same_solver() {
        let python = Path::new("python");
        let contenders = contenders(python, python, false).unwrap();
        let trained: Vec<Trained> = (1..=contenders.len())
            .map(|place| Trained {
                seconds: vec![place as f64],
                interactions: Some(7),
                ..Trained::default()
            })
            .collect();
        let mut report = Report::new("ials");
        compare(&mut report, 64, &contenders, &trained).unwrap();
        let rows = report.json()["rows"].as_array().unwrap().clone();
        let ratios: Vec<f64> = rows.iter().filter_map(|row| row["ratio"].as_f64()).collect();
        // Ours took 1 and 2, the peers 3 to 6.
        assert_eq!(ratios, [3.0, 2.0, 2.5, 3.0]);
    }
}
