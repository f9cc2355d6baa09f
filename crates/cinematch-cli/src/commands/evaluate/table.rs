//! Prints the `cinematch evaluate` report as a table on the terminal.

use std::fmt::Write as _;

use cinematch::evaluation::{
    Comparison, Evaluation, GroupReport, ModelReport, Part, Protocol, StarReport,
};

use super::run::Run;
use crate::output::{DIM, Output, STRONG, thousands};

/// A metric in the table.
struct Column {
    head: &'static str,
    value: fn(&ModelReport) -> Option<f64>,
    better: Better,
}

/// Direction in which a column's values improve. The best value is printed in bold.
#[derive(PartialEq)]
enum Better {
    More,
    Less,
    Neither,
}

macro_rules! metric {
    ($name:literal) => {
        |model| model.metrics.get($name).map(|metric| metric.mean)
    };
}

const COLUMNS: [Column; 11] = [
    Column { head: "N@10", value: metric!("ndcg@10"), better: Better::More },
    Column { head: "N@100", value: metric!("ndcg@100"), better: Better::More },
    Column { head: "R@20", value: metric!("recall@20"), better: Better::More },
    Column { head: "R@50", value: metric!("recall@50"), better: Better::More },
    Column { head: "IPS N@10", value: metric!("ips_ndcg@10"), better: Better::More },
    Column { head: "coverage", value: |model| Some(model.coverage), better: Better::More },
    Column {
        head: "popshare",
        value: |model| Some(model.popularity_share),
        better: Better::Neither,
    },
    Column { head: "miscal.", value: metric!("miscalibration@10"), better: Better::Less },
    Column { head: "above", value: metric!("cold_above"), better: Better::More },
    Column { head: "cold N@10", value: metric!("cold_ndcg@10"), better: Better::More },
    Column { head: "chance", value: metric!("cold_ndcg@10_by_chance"), better: Better::Neither },
];

/// Prints an evaluation report.
pub fn print(evaluation: &Evaluation, run: &Run, output: &Output) {
    output.note(format_args!("{DIM}{}{DIM:#}", heading(evaluation)));
    let name_width = evaluation.models.iter().map(|model| model.name.len()).max().unwrap_or(0);
    let name_width = name_width.max("model".len());
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| evaluation.models.iter().any(|model| (column.value)(model).is_some()))
        .collect();
    // Writing to memory is infallible.
    let mut head = format!("{:name_width$}", "model");
    for column in &columns {
        let _ = write!(head, "  {:>1$}", column.head, width(column));
    }
    let baseline = &evaluation.baseline;
    output.note(format_args!(
        "{DIM}p: paired bootstrap, Holm-corrected over all models compared; each interval covers one \
         difference{DIM:#}"
    ));
    output.line(format_args!("{DIM}{head}   fit s  N@100 vs {baseline} (95 %), p{DIM:#}"));
    for model in &evaluation.models {
        let mut line = format!("{:name_width$}", model.name);
        for column in &columns {
            let width = width(column);
            let value = (column.value)(model);
            let cell = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
            if is_best(value, column, evaluation) {
                let _ = write!(line, "  {STRONG}{cell:>width$}{STRONG:#}");
            } else {
                let _ = write!(line, "  {cell:>width$}");
            }
        }
        let seconds = run.fit_seconds.get(&model.name);
        let seconds = seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.2}"));
        let _ = write!(line, "  {seconds:>6}");
        if let Some(comparison) = model.against_baseline.get("ndcg@100") {
            let _ = write!(line, "  {}", difference(comparison));
        }
        output.line(line);
    }
    for StarReport { name, ratings, rmse, mae, interval_coverage, interval_width } in
        &evaluation.stars
    {
        let mut line = format!("stars by {name}: RMSE {rmse:.4}, MAE {mae:.4}");
        if let (Some(coverage), Some(width)) = (interval_coverage, interval_width) {
            let percent = coverage * 100.0;
            let _ = write!(line, "; {percent:.1} % in intervals {width:.2} stars wide");
        }
        output.line(format_args!("{line} {DIM}({} ratings){DIM:#}", thousands(*ratings as u64)));
    }
    print_groups(evaluation, name_width, output);
    print_strata(evaluation, name_width, output);
}

/// Describes the protocol, splits and sizes in one sentence.
pub fn heading(evaluation: &Evaluation) -> String {
    let part = match evaluation.part {
        Part::Validation => "validation",
        Part::Test => "test",
    };
    let splits = match &evaluation.splits[..] {
        [split] => format!("seed {}", split.seed),
        [first, .., last] => {
            let numbers = if matches!(evaluation.protocol, Protocol::RollingCuts(_)) {
                "cuts"
            } else {
                "seeds"
            };
            let n_splits = evaluation.splits.len();
            format!("{n_splits} splits, {numbers} {} to {}", first.seed, last.seed)
        }
        [] => "no split".to_owned(),
    };
    let first = evaluation.splits.first();
    format!(
        "{}, {part}: {splits}; {} users, {} candidate movies, {} training ratings",
        evaluation.protocol.name(),
        thousands(evaluation.users as u64),
        thousands(first.map_or(0, |split| split.candidates as u64)),
        thousands(first.map_or(0, |split| split.training_ratings as u64)),
    )
}

/// Formats a difference with its interval and p-value: `-0.0041 (-0.0060 to -0.0020), p 0.012`.
pub fn difference(comparison: &Comparison) -> String {
    let Comparison { difference, low, high, adjusted_p, .. } = comparison;
    let p = if *adjusted_p < 0.001 { "< 0.001".to_owned() } else { format!("{adjusted_p:.3}") };
    format!("{difference:+.4} ({low:+.4} to {high:+.4}), p {p}")
}

fn width(column: &Column) -> usize {
    column.head.len().max(6)
}

fn is_best(value: Option<f64>, column: &Column, evaluation: &Evaluation) -> bool {
    let Some(value) = value else { return false };
    let mut others = evaluation.models.iter().filter_map(column.value);
    match column.better {
        Better::More => others.all(|other| other <= value),
        Better::Less => others.all(|other| other >= value),
        Better::Neither => false,
    }
}

/// Metrics printed for each group of users, with their headings and number of decimals.
pub const GROUP_METRICS: [(&str, &str, usize); 4] = [
    ("ndcg@10", "N@10", 4),
    ("ips_ndcg@10", "IPS N@10", 4),
    ("lift@10", "lift", 2),
    ("miscalibration@10", "miscal.", 3),
];

/// Formats a metric of each group of users: `.2041 / .2513 / .3120`.
pub fn by_group(model: &ModelReport, metric: &str, decimals: usize) -> String {
    let mean = |group: &GroupReport| match group.metrics.get(metric) {
        Some(mean) if mean.users > 0 => format!("{:.decimals$}", mean.mean),
        _ => "–".to_owned(),
    };
    model.groups.iter().map(mean).collect::<Vec<_>>().join(" / ")
}

/// Prints metrics for users with niche, mixed and mainstream taste.
fn print_groups(evaluation: &Evaluation, name_width: usize, output: &Output) {
    let mut head = format!("{:name_width$}", "");
    for (_, heading, _) in GROUP_METRICS {
        let _ = write!(head, "  {heading:>24}");
    }
    let _ = write!(head, "  {:>13}", "movies@10");
    output.note(format_args!("\n{DIM}Users with niche / mixed / mainstream taste\n{head}{DIM:#}"));
    for model in &evaluation.models {
        let mut line = format!("{:name_width$}", model.name);
        for (metric, _, decimals) in GROUP_METRICS {
            let _ = write!(line, "  {:>24}", by_group(model, metric, decimals));
        }
        let _ = write!(line, "  {:>13.0}", model.n_shown);
        output.note(line);
    }
}

/// Prints N@100 by movie popularity and by history length, one column per stratum.
fn print_strata(evaluation: &Evaluation, name_width: usize, output: &Output) {
    let Some(first) = evaluation.models.first() else { return };
    for by in ["film popularity", "history length"] {
        let strata = || first.strata.iter().filter(|stratum| stratum.by == by);
        if strata().count() < 2 {
            continue;
        }
        let mut head = format!("{:name_width$}", "");
        for stratum in strata() {
            let _ = write!(head, "  {:>22}", stratum.stratum);
        }
        output.note(format_args!("\n{DIM}N@100 by {by}\n{head}{DIM:#}"));
        for model in &evaluation.models {
            let mut line = format!("{:name_width$}", model.name);
            for stratum in model.strata.iter().filter(|stratum| stratum.by == by) {
                let mut cell = format!("{:.4}", stratum.ndcg_100.mean);
                if let Some(error) = stratum.ndcg_100.standard_error {
                    let _ = write!(cell, " ± {error:.4}");
                }
                let _ = write!(line, "  {cell:>22}");
            }
            output.note(line);
        }
    }
}
