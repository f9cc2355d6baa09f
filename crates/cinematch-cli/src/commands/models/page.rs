//! A generation's card as one HTML file with plots: no scripts, nothing loaded from elsewhere.

use std::fmt::Write as _;

use anyhow::Result;
use cinematch::evaluation::promotion::{Comparison, Interval, Means, Verdict};

use super::card::Card;
use crate::commands::evaluate::html::{STYLE, escape, figure};
use crate::output::thousands;

const WIDTH: f64 = 420.0;
/// Where bars begin, behind their names.
const LEFT: f64 = 120.0;
const LINE: f64 = 30.0;

/// The page.
pub fn page(card: &Card) -> Result<String> {
    let manifest = &card.manifest;
    let title = format!("Generation {}: {}", card.generation, manifest.model_id);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n<p>Made {}. {}</p>\n",
        escape(&manifest.run.created_at),
        escape(&standing(card)),
        title = escape(&title),
    );
    if let Some(verdict) = &card.verdict {
        html.push_str(&worth(verdict));
    }
    html.push_str("<h2>Data</h2>\n<table><tr><th>input</th><th>rows</th><th>SHA-256</th></tr>\n");
    for input in &manifest.inputs {
        let (name, rows) = (escape(&input.name), thousands(input.rows));
        let sum = &input.sha256;
        let _ = writeln!(html, "<tr><td>{name}</td><td>{rows}</td><td>{}</td></tr>", escape(sum));
    }
    let counts = &manifest.counts;
    let held_out = manifest.hold_out.map_or_else(
        || "It learned from all users, so that nobody is left to judge it by.".to_owned(),
        |hold_out| {
            format!("{:.1} % of users were left out to judge it by.", hold_out.share() * 100.0)
        },
    );
    let _ = write!(
        html,
        "</table>\n<p>{} films, {} of them with viewers' tags; {} ratings learned from; {} columns to \
         rank by. {held_out}</p>\n<h2>Settings</h2>\n<pre>{}</pre>\n</html>\n",
        thousands(counts.movies as u64),
        thousands(counts.tagged_movies as u64),
        thousands(counts.ratings as u64),
        thousands(counts.ranking_columns as u64),
        escape(&serde_json::to_string_pretty(&manifest.settings)?),
    );
    Ok(html)
}

fn standing(card: &Card) -> String {
    let (Some(verdict), Some(at)) = (&card.verdict, &card.judged_at) else {
        return "Nobody has judged it.".to_owned();
    };
    let found = if verdict.promote { "good enough to serve" } else { "not to be served" };
    format!("Judged {at} and found {found}: {}.", verdict.why)
}

/// What it is worth, in a table and plots.
fn worth(verdict: &Verdict) -> String {
    let parts =
        [("users with a history", &verdict.overall), ("users who have just come", &verdict.cold)];
    let mut table = "<table><tr><th>whom</th><th>users</th><th>model</th><th>NDCG@20</th>\
                     <th>recall@20</th><th>hit@20</th><th>films shown</th></tr>\n"
        .to_owned();
    let mut plots = String::new();
    for (whom, comparison) in parts {
        let Some(of) = comparison else { continue };
        row(&mut table, (whom, of.users), "this one", &of.challenger);
        if let Some(champion) = &of.champion {
            row(&mut table, (whom, of.users), "champion", champion);
        }
        plots.push_str(&figure(&format!("NDCG at 20, {whom}, 95 % intervals"), &bars(of)));
        plots.push_str(&figure(&format!("Difference from the champion, {whom}"), &difference(of)));
        plots.push_str(&figure(&format!("NDCG at 20 by films known, {whom}"), &by_history(of)));
    }
    let against = match &verdict.champion {
        Some(against) => {
            format!("The champion is generation {}, {}.", against.generation, against.model_id)
        }
        None => "There was no champion to compare with.".to_owned(),
    };
    format!(
        "<h2>What it is worth</h2>\n<div class=\"wide\">{table}</table></div>\n<p>{} Pages of 20 films as \
         the server shows them, for users whom neither model has seen; intervals by the bootstrap over \
         users. Up to {:.1} % of the champion's NDCG may be lost.</p>\n\
         <div class=\"plots\">{plots}</div>\n",
        escape(&against),
        verdict.margin * 100.0
    )
}

fn row(table: &mut String, (whom, users): (&str, usize), name: &str, means: &Means) {
    let cell = |of: Interval| format!("{:.4} [{:.4}, {:.4}]", of.mean, of.low, of.high);
    let _ = writeln!(
        table,
        "<tr><td>{whom}</td><td>{}</td><td>{name}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        thousands(users as u64),
        cell(means.ndcg),
        cell(means.recall),
        cell(means.hit),
        thousands(means.n_shown as u64)
    );
}

/// The start of a plot with so many lines.
fn plot(lines: usize) -> String {
    let height = 8.0 + LINE * lines as f64;
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">")
}

/// A bar from 0, with its interval where it has one.
fn bar(
    svg: &mut String,
    line: usize,
    (name, class): (&str, &str),
    of: (f64, Option<Interval>),
    most: f64,
) {
    let (mean, interval) = of;
    let x = |value: f64| LEFT + value / most * (WIDTH - LEFT - 60.0);
    let y = 4.0 + LINE * line as f64;
    let middle = y + LINE / 2.0 - 4.0;
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"{:.1}\">{}</text><rect class=\"{class}\" x=\"{LEFT}\" y=\"{y:.1}\" \
         width=\"{:.1}\" height=\"{:.1}\"/>",
        middle + 4.0,
        escape(name),
        (x(mean) - LEFT).max(0.0),
        LINE - 8.0
    );
    if let Some(Interval { low, high, .. }) = interval {
        let _ = write!(
            svg,
            "<path class=\"whisker\" d=\"M{:.1} {middle:.1}H{:.1}\"/>",
            x(low),
            x(high)
        );
    }
    let _ = write!(
        svg,
        "<text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\">{mean:.3}</text>",
        x(interval.map_or(mean, |of| of.high)) + 6.0,
        middle + 4.0
    );
}

fn bars(of: &Comparison) -> String {
    let mut all = vec![("this one", "bar best", of.challenger.ndcg)];
    all.extend(of.champion.map(|champion| ("champion", "bar", champion.ndcg)));
    let most = all.iter().map(|(.., ndcg)| ndcg.high).fold(1e-6_f64, f64::max);
    let mut svg = plot(all.len());
    for (line, (name, class, ndcg)) in all.into_iter().enumerate() {
        bar(&mut svg, line, (name, class), (ndcg.mean, Some(ndcg)), most);
    }
    svg.push_str("</svg>");
    svg
}

fn by_history(of: &Comparison) -> String {
    let values = of.by_history.iter().flat_map(|by| [by.challenger, by.champion.unwrap_or(0.0)]);
    let most = values.fold(1e-6_f64, f64::max);
    let lines: usize = of.by_history.iter().map(|by| 1 + usize::from(by.champion.is_some())).sum();
    let mut svg = plot(lines);
    let mut line = 0;
    for by in &of.by_history {
        let name = format!("{}+ ({})", by.from, by.users);
        bar(&mut svg, line, (&name, "bar best"), (by.challenger, None), most);
        line += 1;
        if let Some(champion) = by.champion {
            bar(&mut svg, line, ("champion", "bar"), (champion, None), most);
            line += 1;
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The interval of the difference, beside nothing and what may be lost.
fn difference(of: &Comparison) -> String {
    let (Some(by), Some(allowed)) = (of.difference, of.allowed) else { return String::new() };
    let reach = [by.low, by.high, allowed].map(f64::abs).into_iter().fold(1e-6_f64, f64::max) * 1.2;
    let x = |value: f64| WIDTH / 2.0 + value / reach * (WIDTH / 2.0 - 10.0);
    let class = if of.passed { "bar" } else { "bar best" };
    format!(
        "<svg viewBox=\"0 0 {WIDTH} 90\" role=\"img\">\
         <path class=\"axis\" d=\"M{nothing:.1} 4V64\"/><path class=\"axis\" stroke-dasharray=\"4 3\" \
         d=\"M{lost:.1} 4V64\"/><path class=\"whisker\" d=\"M{:.1} 34H{:.1}\"/>\
         <circle class=\"{class}\" cx=\"{:.1}\" cy=\"34\" r=\"6\"/>\
         <text class=\"soft\" x=\"{nothing:.1}\" y=\"80\" text-anchor=\"middle\">0</text>\
         <text class=\"soft\" x=\"{lost:.1}\" y=\"80\" text-anchor=\"middle\">allowed {allowed:+.4}</text>\
         <text x=\"{:.1}\" y=\"20\" text-anchor=\"middle\">{:+.4}</text></svg>",
        x(by.low),
        x(by.high),
        x(by.mean),
        x(by.mean),
        by.mean,
        nothing = x(0.0),
        lost = x(allowed),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_figures_plots_and_no_script() {
        let of = |mean: f64| Interval { mean, low: mean - 0.01, high: mean + 0.01 };
        let means =
            |mean: f64| Means { ndcg: of(mean), recall: of(0.1), hit: of(0.5), n_shown: 99 };
        let comparison = Comparison {
            users: 1234,
            challenger: means(0.25),
            champion: Some(means(0.24)),
            difference: Some(of(0.01)),
            allowed: Some(-0.0048),
            by_history: Vec::new(),
            passed: true,
        };
        let verdict = Verdict {
            promote: true,
            why: "not <worse>".to_owned(),
            margin: 0.02,
            champion: None,
            overall: Some(comparison.clone()),
            cold: Some(comparison),
        };
        let html = worth(&verdict);
        for needle in ["1,234", "0.2500 [0.2400, 0.2600]", "allowed -0.0048", "<svg", "2.0 %"] {
            assert!(html.contains(needle), "{needle}\n{html}");
        }
        assert!(!html.contains("<script"));
    }
}
