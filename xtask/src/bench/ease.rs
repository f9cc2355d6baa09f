//! `ease`: trains EASE item-item weights, compared with numpy.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::commands;
use super::ials::TrainerSetup;
use super::measure::{self, Finished};
use super::report::{Report, Unit};
use super::setup::Setup;
use super::stages;

/// Matrix inversion methods to compare with, as names in `ease.py` and descriptions.
const METHODS: [(&str, &str); 2] = [("inv", "numpy.linalg.inv"), ("cholesky", "spotrf and spotri")];

/// Relative tolerance when comparing mean weights.
const TOLERANCE: f64 = 1e-3;

/// Benchmarks EASE training against numpy.
pub fn ease(setup: &Setup) -> Result<Report> {
    let TrainerSetup { program, python, liked } = TrainerSetup::prepare(setup)?;
    let log = setup.work.join("ease");
    let movies = setup.scale.movies;
    let (mut ours, mut peers) = (Vec::new(), METHODS.map(|_| Vec::new()));
    // No warm-up, since each run takes minutes.
    for _ in 0..setup.scale.trainings {
        ours.push(measure::run(&mut commands::ours_ease(&program, &liked, movies), &log)?);
        for ((method, _), runs) in METHODS.iter().zip(&mut peers) {
            let mut command = setup.programs.peer_ease(&python, method, &liked, movies);
            runs.push(measure::run(&mut command, &log)?);
        }
    }

    let mut report = Report::new("ease");
    let weight = mean_weight(&ours)?;
    for ((_, what), runs) in METHODS.iter().zip(&peers) {
        let peer_weight = mean_weight(runs)?;
        if (weight - peer_weight).abs() > TOLERANCE * weight {
            bail!("the mean weights differ: ours {weight}, {what} {peer_weight}");
        }
        let values = |runs: &[Finished], field: &str| {
            stages::last_line_values(runs, |printed| printed[field].as_f64())
        };
        for (field, unit) in [("seconds", ""), ("cpu_seconds", "… CPU time, ")] {
            let row = format!("{unit}{movies} movies, {what}");
            report.compare(row, Unit::Seconds, values(&ours, field)?, values(runs, field)?);
        }
        let row = format!("… peak memory, {what}");
        report.compare(row, Unit::Bytes, stages::peaks(&ours), stages::peaks(runs));
        let stage_median = |stage: &str| -> Result<f64> {
            let all = stages::last_line_values(runs, |printed| printed["stages"][stage].as_f64())?;
            Ok(measure::summarize(&all).context("there are no measurements")?.median)
        };
        let (gram, inverse) = (stage_median("gram")?, stage_median("inverse")?);
        report.note(format!("{what}: X'X {gram:.1} s, the inverse {inverse:.1} s"));
    }
    let interactions = stages::last_line_values(&ours, |printed| printed["interactions"].as_f64())?;
    report.note(format!(
        "{} interactions, timed after reading; mean weight {weight:.6}",
        interactions[0]
    ));
    Ok(report)
}

/// Returns the mean of the largest weights of the most popular movies.
fn mean_weight(runs: &[Finished]) -> Result<f64> {
    let weights =
        stages::last_line_values(runs, |printed: &Value| printed["mean_weight"].as_f64())?;
    let first = *weights.first().context("there are no measurements")?;
    if !(first.is_finite() && first > 0.0) {
        bail!("the mean of the largest weights is {first}, not a positive number");
    }
    Ok(first)
}
