//! What generations are worth, drawn: a mean is a dot, its 95 % interval a line. Every plot says in words what it
//! shows.

use cinematch::evaluation::promotion::{ByHistory, Comparison, Interval};
use maud::{Markup, html};

use super::generation::Judged;

const WIDTH: f64 = 420.0;
/// Where the scale begins, behind the names, and where it ends, before the numbers.
const LEFT: f64 = 120.0;
const RIGHT: f64 = 60.0;
const LINE: f64 = 30.0;

/// A line of a plot.
struct Dot {
    name: String,
    class: &'static str,
    mean: f64,
    interval: Option<Interval>,
}

impl Dot {
    fn with_interval(name: impl Into<String>, class: &'static str, of: Interval) -> Self {
        Self { name: name.into(), class, mean: of.mean, interval: Some(of) }
    }

    fn words(&self) -> String {
        let Self { name, mean, interval, .. } = self;
        match interval {
            Some(of) => format!("{name}: {mean:.3}, between {:.3} and {:.3}", of.low, of.high),
            None => format!("{name}: {mean:.3}"),
        }
    }
}

/// NDCG of all generations that were judged.
pub fn history(generations: &[Judged]) -> Markup {
    let judged = generations.iter().filter_map(|one| {
        let overall = one.verdict.as_ref()?.overall.as_ref()?;
        let name = format!("generation {}", one.info.generation);
        Some(Dot::with_interval(name, "best", overall.challenger.ndcg))
    });
    let dots: Vec<Dot> = judged.collect();
    html! {
        @if !dots.is_empty() {
            section aria-labelledby="worth-heading" {
                h2 #worth-heading { "What they were worth when they were judged" }
                (figure("NDCG at 20 for users with a history, each with its 95 % interval", &dots))
            }
        }
    }
}

/// A comparison, of users whom neither model has seen.
pub fn comparison(whom: &str, of: &Comparison) -> Markup {
    let mut dots = vec![Dot::with_interval("this one", "best", of.challenger.ndcg)];
    let champion = of.champion.map(|of| Dot::with_interval("champion", "other", of.ndcg));
    dots.extend(champion);
    let histories: Vec<Dot> = of.by_history.iter().flat_map(by_history).collect();
    html! {
        div .plots {
            (figure(&format!("NDCG at 20, {whom}, with 95 % intervals"), &dots))
            @if let (Some(by), Some(allowed)) = (of.difference, of.allowed) {
                (difference(&format!("Difference from the champion, {whom}"), by, allowed))
            }
            @if !histories.is_empty() {
                (figure(&format!("NDCG at 20 by films known, {whom}"), &histories))
            }
        }
    }
}

fn by_history(of: &ByHistory) -> Vec<Dot> {
    let dot = |name: String, class, mean| Dot { name, class, mean, interval: None };
    let mut dots = vec![dot(format!("{}+ films", of.from), "best", of.challenger)];
    dots.extend(of.champion.map(|champion| dot("champion".to_owned(), "other", champion)));
    dots
}

/// Dots on one scale from 0.
fn figure(caption: &str, dots: &[Dot]) -> Markup {
    let high = |dot: &Dot| dot.interval.map_or(dot.mean, |of| of.high);
    let most = dots.iter().map(high).fold(1e-6_f64, f64::max);
    let x = |value: f64| LEFT + (value / most).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
    let height = 8.0 + LINE * dots.len() as f64;
    let words: Vec<String> = dots.iter().map(Dot::words).collect();
    html! {
        figure .plot {
            figcaption { (caption) }
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label={ (caption) ". " (words.join("; ")) } {
                path .axis d={ "M" (LEFT) " 0V" (height) } {}
                @for (at, dot) in dots.iter().enumerate() {
                    @let y = 4.0 + LINE * (at as f64 + 0.5);
                    text x="0" y=(y + 4.0) { (dot.name) }
                    @if let Some(of) = dot.interval {
                        path .whisker d={ "M" (round(x(of.low))) " " (y) "H" (round(x(of.high))) } {}
                    }
                    circle class=(dot.class) cx=(round(x(dot.mean))) cy=(y) r="6" {}
                    text .soft x=(round(x(high(dot)) + 10.0)) y=(y + 4.0) { (format!("{:.3}", dot.mean)) }
                }
            }
        }
    }
}

/// The interval of a difference, beside nothing and beside what may be lost.
fn difference(caption: &str, by: Interval, allowed: f64) -> Markup {
    let reach = [by.low, by.high, allowed].map(f64::abs).into_iter().fold(1e-6_f64, f64::max) * 1.2;
    let x = |value: f64| round(WIDTH / 2.0 + value / reach * (WIDTH / 2.0 - 10.0));
    let words = format!(
        "{caption}. {:+.4}, between {:+.4} and {:+.4}; down to {allowed:+.4} is allowed",
        by.mean, by.low, by.high
    );
    html! {
        figure .plot {
            figcaption { (caption) }
            svg viewBox={ "0 0 " (WIDTH) " 90" } role="img" aria-label=(words) {
                path .axis d={ "M" (x(0.0)) " 4V64" } {}
                path .axis.allowed d={ "M" (x(allowed)) " 4V64" } {}
                path .whisker d={ "M" (x(by.low)) " 34H" (x(by.high)) } {}
                circle .best cx=(x(by.mean)) cy="34" r="6" {}
                text .soft.middle x=(x(0.0)) y="80" { "0" }
                text .soft.middle x=(x(allowed)) y="80" { "allowed " (format!("{allowed:+.4}")) }
                text .middle x=(x(by.mean)) y="20" { (format!("{:+.4}", by.mean)) }
            }
        }
    }
}

/// A place to a tenth of a pixel: the same bytes on every machine.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use cinematch::evaluation::promotion::Means;

    use super::*;

    #[test]
    fn a_plot_says_in_words_what_it_shows() {
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
            passed: true,
        };
        let html = comparison("<users>", &compared).into_string();
        for needle in [
            "this one: 0.250, between 0.240 and 0.260; champion: 0.240",
            "down to -0.0048 is allowed",
            "5+ films: 0.200",
            "&lt;users&gt;",
        ] {
            assert!(html.contains(needle), "{needle}\n{html}");
        }
        assert!(!html.contains("style=") && !html.contains("NaN"), "{html}");
    }
}
