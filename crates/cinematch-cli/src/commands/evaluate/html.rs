//! The report as one HTML file: no scripts, nothing loaded from elsewhere, light or dark as the
//! reader likes.

use std::fmt::Write as _;

use cinematch::evaluation::{Evaluation, Mean, ModelReport};

use super::Run;
use super::table::{difference, heading};

/// How reports look.
pub const STYLE: &str = "
:root{--paper:#fbfaf8;--ink:#1d1f24;--soft:#6b7080;--line:#dcdad4;--bar:#3b6fb6;--best:#c4572e;--box:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#15171c;--ink:#e8e6e1;--soft:#9aa0ae;--line:#33363f;\
--bar:#7aa7e6;--best:#f08a5d;--box:#1c1f26}}
body{margin:0 auto;padding:2.5rem 1.25rem 4rem;max-width:68rem;background:var(--paper);color:var(--ink);\
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.5rem 0 .6rem}
p{color:var(--soft);margin:.4rem 0 0;max-width:48rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:500;color:var(--soft)}
th:first-child,td:first-child{text-align:left}
td.best{font-weight:700;color:var(--best)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1.25rem}
figure{margin:0;padding:1rem;background:var(--box);border:1px solid var(--line);border-radius:.6rem}
figcaption{font-weight:600;margin-bottom:.5rem}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
.bar{fill:var(--bar)}.bar.best{fill:var(--best)}
.whisker{stroke:var(--ink);stroke-width:1.5}.axis{stroke:var(--line)}
";

/// Text as it may stand in HTML.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The page.
pub fn page(evaluation: &Evaluation, run: &Run) -> String {
    let title = format!("CineMatch: {}", evaluation.protocol.name());
    let mut plots = String::new();
    for (metric, caption) in [
        ("ndcg@10", "NDCG at 10, 95 % intervals"),
        ("ndcg@100", "NDCG at 100, 95 % intervals"),
        ("cold_above", "Share of cold films a liked one stands above; chance is 0.5"),
    ] {
        let bars = bars(&evaluation.models, |model| model.metrics.get(metric).copied());
        plots.push_str(&figure(caption, &bars));
    }
    plots.push_str(&figure("Shown in the first ten places", &scatter(&evaluation.models)));
    let mut strata = String::new();
    for by in ["film popularity", "history length"] {
        for stratum in strata_of(evaluation, by) {
            let bars = bars(&evaluation.models, |model| {
                let mut of_model = model.strata.iter();
                of_model.find(|of| of.by == by && of.stratum == stratum).map(|of| of.ndcg_100)
            });
            strata.push_str(&figure(&format!("{by}: {stratum}"), &bars));
        }
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n<p>{heading}.</p>\n\
         <h2>Models</h2>\n<div class=\"wide\">{table}</div>\n\
         <p>Means over users. Differences are of NDCG at 100 from <b>{baseline}</b>, with 95 % \
         intervals of the paired bootstrap over users and p corrected by Holm. Coverage, popularity \
         share and miscalibration are of the first ten places.</p>\n\
         <h2>Accuracy and exposure</h2>\n<div class=\"plots\">{plots}</div>\n\
         <h2>NDCG at 100 by kind of film and length of history</h2>\n\
         <div class=\"plots\">{strata}</div>\n{stars}</html>\n",
        title = escape(&title),
        heading = escape(&heading(evaluation)),
        baseline = escape(&evaluation.baseline),
        table = table(evaluation, run),
        stars = stars(evaluation),
    )
}

/// How good predicted stars are; empty where no model predicts any.
fn stars(evaluation: &Evaluation) -> String {
    if evaluation.stars.is_empty() {
        return String::new();
    }
    let mut html = "<h2>Predicted stars</h2>\n<table><tr><th>model</th><th>RMSE</th><th>MAE</th>\
                    <th>in intervals</th><th>width</th></tr>\n"
        .to_owned();
    for of in &evaluation.stars {
        let cell =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{:.4}</td><td>{:.4}</td><td>{}</td><td>{}</td></tr>",
            escape(&of.name),
            of.rmse,
            of.mae,
            cell(of.interval_coverage),
            cell(of.interval_width)
        );
    }
    html.push_str("</table>\n");
    html
}

fn strata_of<'a>(evaluation: &'a Evaluation, by: &'a str) -> impl Iterator<Item = &'static str> {
    let first = evaluation.models.first().map(|model| model.strata.as_slice());
    let of_kind = first.unwrap_or_default().iter().filter(move |stratum| stratum.by == by);
    of_kind.map(|stratum| stratum.stratum).collect::<Vec<_>>().into_iter()
}

/// A plot with what it shows; empty where there is none.
pub fn figure(caption: &str, plot: &str) -> String {
    if plot.is_empty() {
        return String::new();
    }
    format!("<figure><figcaption>{}</figcaption>{plot}</figure>\n", escape(caption))
}

fn table(evaluation: &Evaluation, run: &Run) -> String {
    const METRICS: [(&str, &str); 5] = [
        ("ndcg@10", "NDCG@10"),
        ("ndcg@100", "NDCG@100"),
        ("recall@20", "recall@20"),
        ("recall@50", "recall@50"),
        ("miscalibration@10", "miscalibration"),
    ];
    let of = |model: &ModelReport, metric: &str| model.metrics.get(metric).map(|of| of.mean);
    let mut html = "<table><tr><th>model</th>".to_owned();
    for (_, head) in METRICS {
        let _ = write!(html, "<th>{head}</th>");
    }
    html.push_str(
        "<th>coverage</th><th>popularity share</th><th>fit, s</th><th>difference</th></tr>\n",
    );
    for model in &evaluation.models {
        let _ = write!(html, "<tr><td>{}</td>", escape(&model.name));
        for (metric, _) in METRICS {
            let mut others = evaluation.models.iter().filter_map(|other| of(other, metric));
            let cell = match of(model, metric) {
                None => "<td>–</td>".to_owned(),
                Some(value) => {
                    let is_best = if metric.starts_with("mis") {
                        others.all(|other| other >= value)
                    } else {
                        others.all(|other| other <= value)
                    };
                    let class = if is_best { " class=\"best\"" } else { "" };
                    format!("<td{class}>{value:.4}</td>")
                }
            };
            html.push_str(&cell);
        }
        let _ =
            write!(html, "<td>{:.4}</td><td>{:.4}</td>", model.coverage, model.popularity_share);
        let seconds = run.fit_seconds.get(&model.name);
        let seconds = seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.2}"));
        let against = model.against_baseline.get("ndcg@100").map(difference).unwrap_or_default();
        let _ = writeln!(html, "<td>{seconds}</td><td>{}</td></tr>", escape(&against));
    }
    html.push_str("</table>");
    html
}

/// Horizontal bars with whiskers of 1.96 standard errors; empty where no model has a value.
fn bars(models: &[ModelReport], value: impl Fn(&ModelReport) -> Option<Mean>) -> String {
    const ROW: f64 = 26.0;
    const LEFT: f64 = 120.0;
    const WIDTH: f64 = 420.0;
    let values: Vec<(&str, Mean)> = models
        .iter()
        .filter_map(|model| Some((model.name.as_str(), value(model)?)))
        .filter(|(_, mean)| mean.users > 0)
        .collect();
    let reach = |mean: &Mean| mean.mean + 1.96 * mean.standard_error.unwrap_or(0.0);
    let most = values.iter().map(|(_, mean)| reach(mean)).fold(0.0_f64, f64::max);
    let best = values.iter().map(|(_, mean)| mean.mean).fold(0.0_f64, f64::max);
    if most <= 0.0 {
        return String::new();
    }
    let scale = (WIDTH - LEFT - 56.0) / most;
    let height = ROW * values.len() as f64;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">");
    for (row, (name, mean)) in values.iter().enumerate() {
        let top = ROW * row as f64;
        let middle = top + ROW / 2.0;
        let class = if mean.mean >= best { "bar best" } else { "bar" };
        let end = LEFT + mean.mean * scale;
        let error = 1.96 * mean.standard_error.unwrap_or(0.0) * scale;
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" rx=\"2\"/>\
             <path class=\"whisker\" d=\"M{:.1} {middle:.1}H{:.1}\"/>\
             <text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\">{:.3}</text>",
            LEFT - 8.0,
            middle + 4.0,
            escape(name),
            middle - 7.0,
            (end - LEFT).max(0.0),
            (end - error).max(LEFT),
            end + error,
            end + error + 6.0,
            middle + 4.0,
            mean.mean,
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Popularity share against coverage, a point a model.
fn scatter(models: &[ModelReport]) -> String {
    const WIDTH: f64 = 420.0;
    const HEIGHT: f64 = 280.0;
    const LEFT: f64 = 44.0;
    const BOTTOM: f64 = HEIGHT - 40.0;
    /// Below what the axis says, so that a point at 1 is not under it.
    const TOP: f64 = 28.0;
    let most = models.iter().map(|model| model.coverage).fold(0.0_f64, f64::max).max(1e-6) * 1.25;
    let x = |coverage: f64| LEFT + coverage / most * (WIDTH - LEFT - 20.0);
    let y = |share: f64| BOTTOM - share * (BOTTOM - TOP);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         <path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{BOTTOM}H{WIDTH}\"/>\
         <text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">coverage of the catalogue →</text>\
         <text class=\"soft\" x=\"{}\" y=\"8\">↑ share of the most rated hundredth</text>",
        WIDTH - 4.0,
        HEIGHT - 6.0,
        LEFT + 6.0,
    );
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let at = y(tick) + 4.0;
        let x = LEFT - 6.0;
        let _ = write!(
            svg,
            "<text class=\"soft\" x=\"{x}\" y=\"{at:.1}\" text-anchor=\"end\">{tick}</text>"
        );
    }
    for part in 1..=4 {
        let coverage = most * f64::from(part) / 4.0;
        let _ = write!(
            svg,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{coverage:.2}</text>",
            x(coverage).min(WIDTH - 16.0),
            BOTTOM + 16.0,
        );
    }
    // Names that would stand on one another are moved apart.
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for model in models {
        let (at_x, at_y) = (x(model.coverage), y(model.popularity_share));
        let mut name_y = at_y + 4.0;
        while taken.iter().any(|(x, y)| (x - at_x).abs() < 90.0 && (y - name_y).abs() < 12.0) {
            name_y -= 12.0;
        }
        taken.push((at_x, name_y));
        let (anchor, name_x) =
            if at_x > WIDTH - 110.0 { ("end", at_x - 8.0) } else { ("start", at_x + 8.0) };
        let _ = write!(
            svg,
            "<circle class=\"bar\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"5\"/>\
             <text x=\"{name_x:.1}\" y=\"{name_y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escape(&model.name)
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_markup_is_text() {
        assert_eq!(escape("<b>\"R&D\"</b>"), "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;");
        assert_eq!(figure("nothing", ""), "");
    }
}
