//! SVG plots of evaluations for pages and HTML reports: a dot per mean, a line per 95 % interval.
//!
//! Plots contain neither scripts nor styles. The stylesheet of the page colors the classes `best`, `other`,
//! `whisker`, `axis`, `allowed` and `soft`. Every plot has a description with its numbers.

use cinematch::evaluation::promotion::{ByHistory, Comparison, Interval};
use maud::{Markup, html};

use crate::texts::{operator, plots as texts};

/// Width of a plot in SVG units.
const WIDTH: f64 = 420.0;
/// Width of the names left of the scale, and of the numbers right of it.
const LEFT: f64 = 120.0;
const RIGHT: f64 = 60.0;
const LINE_HEIGHT: f64 = 30.0;

/// A named mean with its interval.
#[derive(Clone, Debug)]
pub struct Dot {
    /// Name on the left.
    pub name: String,
    /// Mean; not negative.
    pub mean: f64,
    /// 95 % interval, if there is one.
    pub interval: Option<Interval>,
    /// True if the dot is highlighted.
    pub is_best: bool,
}

impl Dot {
    /// Creates the dot of a mean with an interval.
    pub fn new(name: impl Into<String>, of: Interval, is_best: bool) -> Self {
        Self { name: name.into(), mean: of.mean, interval: Some(of), is_best }
    }

    /// Returns the name and numbers as text, for the plot's description.
    fn description(&self) -> String {
        let Self { name, mean, interval, .. } = self;
        texts::value(name, *mean, interval.map(|of| (of.low, of.high)))
    }
}

/// Plots the comparison of a generation with the champion on a group of held-out users.
pub fn comparison(group: &str, of: &Comparison) -> Markup {
    let mut dots = vec![Dot::new(operator::THIS_MODEL, of.challenger.ndcg, true)];
    let champion = of.champion.map(|of| Dot::new(operator::CHAMPION, of.ndcg, false));
    dots.extend(champion);
    let histories: Vec<Dot> = of.by_history.iter().flat_map(by_history).collect();
    html! {
        div .plots {
            (figure(&texts::ndcg(group), &dots))
            @if let (Some(interval), Some(allowed)) = (of.difference, of.allowed) {
                (difference(&texts::difference(group), interval, allowed))
            }
            @if !histories.is_empty() {
                (figure(&texts::ndcg_by_history(group), &histories))
            }
        }
    }
}

fn by_history(of: &ByHistory) -> Vec<Dot> {
    let dot = |name: String, mean, is_best| Dot { name, mean, interval: None, is_best };
    let mut dots = vec![dot(texts::at_least(of.from), of.challenger, true)];
    dots.extend(of.champion.map(|champion| dot(operator::CHAMPION.to_owned(), champion, false)));
    dots
}

/// Plots means on a common scale from 0.
pub fn figure(caption: &str, dots: &[Dot]) -> Markup {
    let high = |dot: &Dot| dot.interval.map_or(dot.mean, |of| of.high);
    let max = dots.iter().map(high).fold(1e-6_f64, f64::max);
    let x = |value: f64| LEFT + (value / max).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
    let height = 8.0 + LINE_HEIGHT * dots.len() as f64;
    let description: Vec<String> = dots.iter().map(Dot::description).collect();
    html! {
        figure .plot {
            figcaption { (caption) }
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label={ (caption) ". " (description.join("; ")) } {
                path .axis d={ "M" (LEFT) " 0V" (height) } {}
                @for (at, dot) in dots.iter().enumerate() {
                    @let y = 4.0 + LINE_HEIGHT * (at as f64 + 0.5);
                    text x="0" y=(y + 4.0) { (dot.name) }
                    @if let Some(of) = dot.interval {
                        path .whisker d={ "M" (round(x(of.low))) " " (y) "H" (round(x(of.high))) } {}
                    }
                    circle class=(if dot.is_best { "best" } else { "other" }) cx=(round(x(dot.mean))) cy=(y) r="6" {}
                    text .soft x=(round(x(high(dot)) + 10.0)) y=(y + 4.0) { (format!("{:.3}", dot.mean)) }
                }
            }
        }
    }
}

/// Plots the interval of a difference, with lines at zero and at the allowed loss.
fn difference(caption: &str, interval: Interval, allowed: f64) -> Markup {
    let max =
        [interval.low, interval.high, allowed].map(f64::abs).into_iter().fold(1e-6_f64, f64::max)
            * 1.2;
    let x = |value: f64| round(WIDTH / 2.0 + value / max * (WIDTH / 2.0 - 10.0));
    let description =
        texts::difference_value(caption, interval.mean, interval.low, interval.high, allowed);
    html! {
        figure .plot {
            figcaption { (caption) }
            svg viewBox={ "0 0 " (WIDTH) " 90" } role="img" aria-label=(description) {
                path .axis d={ "M" (x(0.0)) " 4V64" } {}
                path .axis.allowed d={ "M" (x(allowed)) " 4V64" } {}
                path .whisker d={ "M" (x(interval.low)) " 34H" (x(interval.high)) } {}
                circle .best cx=(x(interval.mean)) cy="34" r="6" {}
                text .soft.middle x=(x(0.0)) y="80" { "0" }
                text .soft.middle x=(x(allowed)) y="80" { (texts::allowed(allowed)) }
                text .middle x=(x(interval.mean)) y="20" { (format!("{:+.4}", interval.mean)) }
            }
        }
    }
}

/// Rounds to a tenth of a pixel, so that the output is the same on every machine.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use cinematch::evaluation::promotion::Means;

    use super::*;

    #[test]
    fn plot_text_states_the_plotted_values() {
        let of = |mean: f64| Interval { mean, low: mean - 0.01, high: mean + 0.01 };
        let means =
            |mean: f64| Means { ndcg: of(mean), recall: of(0.1), hit: of(0.5), n_shown: 99 };
        let compared = Comparison {
            users: 1234,
            challenger: means(0.25),
            champion: Some(means(0.24)),
            difference: Some(of(0.01)),
            allowed: Some(-0.0048),
            by_history: vec![ByHistory { from: 5, users: 7, challenger: 0.2, champion: None }],
            by_taste: Vec::new(),
            passed: true,
        };
        let html = comparison("<users>", &compared).into_string();
        for needle in [
            "this model: 0.250, interval 0.240 to 0.260; champion: 0.240",
            "allowed: -0.0048 or more",
            "5+ films: 0.200",
            "&lt;users&gt;",
        ] {
            assert!(html.contains(needle), "{needle}\n{html}");
        }
        assert!(!html.contains("style=") && !html.contains("NaN"), "{html}");
    }
}
