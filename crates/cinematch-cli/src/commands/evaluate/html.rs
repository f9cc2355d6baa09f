//! Renders the `cinematch evaluate` report as a single HTML file.

use cinematch::evaluation::promotion::Interval;
use cinematch::evaluation::{Evaluation, Mean, ModelReport};
use cinematch_web::plots::{Dot, figure};
use maud::{Markup, html};

use super::run::Run;
use super::table::{difference, heading};
use crate::reports::page;
use crate::reports::scatter::{Point, scatter};

/// Renders an evaluation report.
pub fn render(evaluation: &Evaluation, run: &Run) -> Markup {
    let title = format!("CineMatch: {}", evaluation.protocol.name());
    let plots = [
        ("ndcg@10", "NDCG at 10, 95 % intervals"),
        ("ndcg@100", "NDCG at 100, 95 % intervals"),
        ("cold_above", "Share of cold movies ranked below a liked one; chance is 0.5"),
    ]
    .into_iter()
    .filter_map(|(metric, caption)| {
        means(caption, &evaluation.models, |model| model.metrics.get(metric).copied())
    });
    let points: Vec<Point<'_>> = evaluation
        .models
        .iter()
        .map(|model| Point { name: &model.name, x: model.coverage, y: model.popularity_share })
        .collect();
    let axes = ("coverage of the catalog →", "↑ share of the most-rated 1 %");
    page(
        &title,
        &html! {
            p { (heading(evaluation)) "." }
            h2 { "Models" }
            div.wide { (table(evaluation, run)) }
            p {
                "Means over users. Differences are in NDCG at 100, relative to " b { (evaluation.baseline) }
                ", with 95 % intervals from a paired bootstrap over users and Holm-corrected p-values. Coverage, \
                 popularity share and miscalibration are computed on the top ten."
            }
            h2 { "Accuracy and exposure" }
            div.plots {
                @for plot in plots { (plot) }
                (scatter("Movies in the top ten", &points, axes))
            }
            h2 { "NDCG at 100 by movie popularity and history length" }
            div.plots { @for plot in strata(evaluation) { (plot) } }
            (stars(evaluation))
        },
    )
}

/// Renders the errors of the predicted ratings. Empty if no model predicts ratings.
fn stars(evaluation: &Evaluation) -> Markup {
    let cell = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    html! {
        @if !evaluation.stars.is_empty() {
            h2 { "Predicted stars" }
            table {
                tr { th { "model" } th { "RMSE" } th { "MAE" } th { "in intervals" } th { "width" } }
                @for report in &evaluation.stars {
                    tr {
                        td { (report.name) }
                        td { (format!("{:.4}", report.rmse)) }
                        td { (format!("{:.4}", report.mae)) }
                        td { (cell(report.interval_coverage)) }
                        td { (cell(report.interval_width)) }
                    }
                }
            }
        }
    }
}

/// Plots NDCG at 100 for each movie stratum and each user stratum.
fn strata(evaluation: &Evaluation) -> Vec<Markup> {
    let first = evaluation.models.first().map(|model| model.strata.as_slice()).unwrap_or_default();
    let plots = ["film popularity", "history length"].into_iter().flat_map(|by| {
        first.iter().filter(move |stratum| stratum.by == by).filter_map(move |stratum| {
            means(&format!("{by}: {}", stratum.stratum), &evaluation.models, |model| {
                let mut strata = model.strata.iter();
                let found = strata.find(|of| of.by == by && of.stratum == stratum.stratum);
                found.map(|of| of.ndcg_100)
            })
        })
    });
    plots.collect()
}

fn table(evaluation: &Evaluation, run: &Run) -> Markup {
    const METRICS: [(&str, &str); 5] = [
        ("ndcg@10", "NDCG@10"),
        ("ndcg@100", "NDCG@100"),
        ("recall@20", "recall@20"),
        ("recall@50", "recall@50"),
        ("miscalibration@10", "miscalibration"),
    ];
    let of = |model: &ModelReport, metric: &str| model.metrics.get(metric).map(|of| of.mean);
    let is_best = |value: f64, metric: &str| {
        let mut others = evaluation.models.iter().filter_map(|other| of(other, metric));
        if metric.starts_with("mis") {
            others.all(|other| other >= value)
        } else {
            others.all(|other| other <= value)
        }
    };
    html! {
        table {
            tr {
                th { "model" }
                @for (_, head) in METRICS { th { (head) } }
                th { "coverage" } th { "popularity share" } th { "fit, s" } th { "difference" }
            }
            @for model in &evaluation.models {
                tr {
                    td { (model.name) }
                    @for (metric, _) in METRICS {
                        @match of(model, metric) {
                            Some(value) => {
                                td.best[is_best(value, metric)] { (format!("{value:.4}")) }
                            }
                            None => { td { "–" } }
                        }
                    }
                    td { (format!("{:.4}", model.coverage)) }
                    td { (format!("{:.4}", model.popularity_share)) }
                    td {
                        @match run.fit_seconds.get(&model.name) {
                            Some(seconds) => { (format!("{seconds:.2}")) }
                            None => { "–" }
                        }
                    }
                    td {
                        @if let Some(comparison) = model.against_baseline.get("ndcg@100") {
                            (difference(comparison))
                        }
                    }
                }
            }
        }
    }
}

/// Plots means with error bars of ±1.96 standard errors. Returns `None` if no model has a positive
/// value.
fn means(
    caption: &str,
    models: &[ModelReport],
    value: impl Fn(&ModelReport) -> Option<Mean>,
) -> Option<Markup> {
    let values: Vec<(&str, Mean)> = models
        .iter()
        .filter_map(|model| Some((model.name.as_str(), value(model)?)))
        .filter(|(_, mean)| mean.users > 0)
        .collect();
    let best = values.iter().map(|(_, mean)| mean.mean).fold(0.0_f64, f64::max);
    let dots: Vec<Dot> = values
        .into_iter()
        .map(|(name, Mean { mean, standard_error, .. })| {
            let error = 1.96 * standard_error.unwrap_or(0.0);
            let interval = Interval { mean, low: mean - error, high: mean + error };
            Dot::new(name, interval, mean >= best)
        })
        .collect();
    (best > 0.0).then(|| figure(caption, &dots))
}
