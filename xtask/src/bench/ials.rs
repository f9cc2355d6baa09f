//! `ials`: one training iteration of implicit ALS, compared with popular libraries.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::commands::{self, Solver, Training};
use super::measure;
use super::ratings;
use super::report::{Report, Unit};
use super::setup::{Setup, measurements};
use crate::venv;

/// Compared libraries, by their names in `ials.py`: each with its fastest solver, and the fastest
/// library with both solvers.
const PEERS: [(&str, Solver); 4] = [
    ("irspack-cholesky", Solver::Cholesky),
    ("irspack-cg", Solver::ConjugateGradients),
    ("implicit", Solver::ConjugateGradients),
    ("rusket", Solver::ConjugateGradients),
];

/// A trainer: ours or a library's.
struct Trainer {
    name: &'static str,
    solver: Solver,
    /// Python interpreter that runs the library; `None` for our trainer.
    python: Option<PathBuf>,
}

/// Measurements that a trainer reported, over one or more processes.
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
    /// Adds a process's output. Skips its first iteration, which is a warm-up.
    fn add(&mut self, stdout: &str, peak_bytes: Option<u64>) -> Result<()> {
        let line = stdout.lines().last().unwrap_or_default();
        let printed: Value =
            serde_json::from_str(line).with_context(|| format!("expected JSON, got {line}"))?;
        let numbers = |name: &str| -> Vec<f64> {
            let all = printed[name].as_array().map_or(&[][..], Vec::as_slice);
            all.iter().skip(1).filter_map(Value::as_f64).collect()
        };
        let (seconds, interactions) =
            (numbers("seconds_per_iteration"), printed["interactions"].as_u64());
        let loss = printed["loss"].as_f64().filter(|loss| loss.is_finite());
        let (false, Some(interactions), Some(loss)) = (seconds.is_empty(), interactions, loss)
        else {
            bail!("expected at least two iterations, the interactions and the loss, got {line}");
        };
        // The loss is 1 if all factors are zero.
        if loss >= 1.0 {
            bail!("the loss is not below 1: {line}");
        }
        if self.interactions.is_some_and(|before| before != interactions) {
            bail!("the number of interactions differs from an earlier run: {line}");
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

/// Programs that train on a matrix, and the path of the matrix.
pub struct TrainerSetup {
    /// Path of our measurement binary.
    pub program: PathBuf,
    /// Path of the Python interpreter in the libraries' environment.
    pub python: PathBuf,
    /// Path of the matrix of positive interactions.
    pub liked: PathBuf,
}

impl TrainerSetup {
    /// Builds our measurement binary, and creates the Python environment and the matrix unless they
    /// exist.
    pub fn prepare(setup: &Setup) -> Result<Self> {
        let program = measurements()?;
        let requirements = setup.programs.peers.join("requirements-ials.txt");
        let python = venv::python(&requirements, "peers-ials")?;
        let liked = setup.work.join("liked.npz");
        if !liked.is_file() {
            let all = commands::ratings(&ratings::synthetic_root(setup)?);
            let log = setup.work.join("liked");
            measure::run(&mut setup.programs.peer_prepare_ials(&python, &all, &liked), &log)?;
        }
        Ok(Self { program, python, liked })
    }
}

/// Benchmarks implicit ALS training against popular libraries.
pub fn ials(setup: &Setup) -> Result<Report> {
    let environment = TrainerSetup::prepare(setup)?;
    let TrainerSetup { program, python, liked } = &environment;
    let trainers = trainers(&setup.programs.peers, python, setup.ials.lenskit)?;
    let log = setup.work.join("ials");
    let parts = ["seen.npz", "hidden.npz"].map(|name| setup.work.join(name));
    let parts = parts.each_ref().map(PathBuf::as_path);
    measure::run(&mut setup.programs.peer_split_ials(python, liked, parts), &log)?;

    let mut report = Report::new("ials");
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for &factors in &setup.ials.factors {
        let training = Training { factors, iterations: setup.scale.iterations, threads };
        let command = |trainer: &Trainer, data: &Path| match &trainer.python {
            None => commands::ours_ials(program, data, trainer.solver, training),
            Some(python) => setup.programs.peer_ials(python, trainer.name, data, training),
        };
        let train = |trainer: &Trainer| measure::run(&mut command(trainer, liked), &log);
        let mut trained: Vec<Trained> = trainers.iter().map(|_| Trained::default()).collect();
        for _ in 0..setup.scale.trainings {
            for (trainer, trained) in trainers.iter().zip(&mut trained) {
                let finished = train(trainer)?;
                trained.add(&finished.stdout, finished.peak_bytes)?;
            }
        }
        compare(&mut report, factors, &trainers, &trained)?;

        let [seen, hidden] = parts;
        let mut recalls = Vec::new();
        for trainer in &trainers {
            let mut command = command(trainer, seen);
            let checked = if trainer.python.is_some() {
                measure::run(command.arg("--hidden").arg(hidden), &log)?
            } else {
                let out = setup.work.join("factors");
                measure::run(command.arg("--out").arg(&out), &log)?;
                measure::run(&mut setup.programs.peer_check_ials(python, parts, &out), &log)?
            };
            recalls.push((trainer, recall(&checked.stdout)?));
        }
        let recalls: Vec<String> = recalls
            .iter()
            .map(|(trainer, recall)| format!("{} {recall:.4}", trainer.title()))
            .collect();
        report.note(format!(
            "{factors} factors, recall@20 of a hidden tenth: {}",
            recalls.join(", ")
        ));
    }
    report.note(format!(
        "{threads} threads; {} iterations in each of {} processes; the first one is not counted",
        setup.scale.iterations, setup.scale.trainings
    ));
    Ok(report)
}

impl Trainer {
    /// Returns the trainer's name; ours includes the solver.
    fn title(&self) -> String {
        match self.python {
            None => format!("ours {}", self.solver.name()),
            Some(_) => self.name.to_owned(),
        }
    }
}

/// Returns the recall of hidden interactions, or an error unless it exceeds the recall of the most
/// popular movies.
fn recall(stdout: &str) -> Result<f64> {
    let line = stdout.lines().last().unwrap_or_default();
    let printed: Value =
        serde_json::from_str(line).with_context(|| format!("expected JSON, got {line}"))?;
    match (printed["recall"].as_f64(), printed["recall_of_popular"].as_f64()) {
        (Some(recall), Some(popular_recall)) if recall > popular_recall => Ok(recall),
        _ => bail!("the recall does not exceed that of the most liked movies: {line}"),
    }
}

/// Returns our trainer with both solvers, then the compared libraries.
fn trainers(peers: &Path, python: &Path, lenskit: bool) -> Result<Vec<Trainer>> {
    let ours = [Solver::Cholesky, Solver::ConjugateGradients];
    let mut all: Vec<Trainer> = ours
        .into_iter()
        .map(|solver| Trainer { name: "ours", solver, python: None })
        .chain(PEERS.into_iter().map(|(name, solver)| Trainer {
            name,
            solver,
            python: Some(python.to_owned()),
        }))
        .collect();
    if lenskit {
        let python = venv::python(&peers.join("requirements-lenskit.txt"), "peers-lenskit")?;
        let solver = Solver::Cholesky;
        all.push(Trainer { name: "lenskit", solver, python: Some(python) });
    }
    Ok(all)
}

/// Compares each library with our trainer, using the same solver.
fn compare(
    report: &mut Report,
    factors: usize,
    trainers: &[Trainer],
    trained: &[Trained],
) -> Result<()> {
    let all = || trainers.iter().zip(trained);
    for (peer, peer_result) in all().filter(|(trainer, _)| trainer.python.is_some()) {
        let (_, ours) = all()
            .find(|(ours, _)| ours.python.is_none() && ours.solver == peer.solver)
            .context("our trainer did not use every solver")?;
        if ours.interactions != peer_result.interactions {
            bail!(
                "the numbers of interactions differ: ours {:?}, {} {:?}",
                ours.interactions,
                peer.name,
                peer_result.interactions
            );
        }
        let what = format!("{factors} factors, {} {}", peer.name, peer_result.version);
        let rows = [
            (format!("one iteration, {what}"), Unit::Seconds, &ours.seconds, &peer_result.seconds),
            (
                format!("… CPU time, {what}"),
                Unit::Seconds,
                &ours.cpu_seconds,
                &peer_result.cpu_seconds,
            ),
            (format!("… peak memory, {what}"), Unit::Bytes, &ours.peaks, &peer_result.peaks),
        ];
        for (what, unit, ours, peer) in rows {
            report.compare(what, unit, ours.clone(), peer.clone());
        }
    }
    let losses: Vec<String> = all()
        .map(|(trainer, trained)| format!("{} {:.4}", trainer.title(), trained.loss))
        .collect();
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
    fn skips_the_first_iteration_of_each_process() {
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
    fn rejects_output_of_a_failed_training() {
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
    fn rejects_a_recall_not_above_popularity() {
        let printed = |recall: f64| format!("{{\"recall\": {recall}, \"recall_of_popular\": 0.1}}");
        assert!((recall(&printed(0.25)).unwrap() - 0.25).abs() < 1e-12);
        assert!(recall(&printed(0.1)).is_err());
        assert!(recall("{\"recall\": 1}").is_err());
    }

    #[test]
    fn compares_peers_with_our_trainer_by_solver() {
        let python = Path::new("python");
        let trainers = trainers(python, python, false).unwrap();
        let trained: Vec<Trained> = (1..=trainers.len())
            .map(|place| Trained {
                seconds: vec![place as f64],
                interactions: Some(7),
                ..Trained::default()
            })
            .collect();
        let mut report = Report::new("ials");
        compare(&mut report, 64, &trainers, &trained).unwrap();
        let rows = report.json()["rows"].as_array().unwrap().clone();
        let ratios: Vec<f64> = rows.iter().filter_map(|row| row["ratio"].as_f64()).collect();
        // Seconds: 1 and 2 for our trainers, 3 to 6 for the libraries.
        assert_eq!(ratios, [3.0, 2.0, 2.5, 3.0]);
    }
}
