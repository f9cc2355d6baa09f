//! SVG plots of means and intervals. They contain no script and take their colors from the page.

use maud::{Markup, html};

/// Width of a plot in SVG units.
pub const WIDTH: f64 = 420.0;
/// Left end of the bars, after their names.
const LEFT: f64 = 120.0;
/// Space for the value, right of the longest bar.
const RIGHT: f64 = 56.0;
/// Height of a row.
const ROW: f64 = 26.0;

/// A horizontal bar from 0, with a 95 % interval if there is one.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Name on the left.
    pub name: String,
    /// Length of the bar.
    pub mean: f64,
    /// Lower and upper end of the interval.
    pub interval: Option<(f64, f64)>,
    /// True if the bar is highlighted.
    pub is_best: bool,
}

/// Puts a plot and its caption into a figure.
pub fn figure(caption: &str, plot: &Markup) -> Markup {
    html! { figure { figcaption { (caption) } (plot) } }
}

/// Draws horizontal bars on one scale; `None` if no bar has a positive length.
pub fn bars(bars: &[Bar]) -> Option<Markup> {
    let reach = |bar: &Bar| bar.interval.map_or(bar.mean, |(_, high)| high);
    let most = bars.iter().map(reach).fold(0.0_f64, f64::max);
    if most <= 0.0 {
        return None;
    }
    let x = |value: f64| LEFT + (value / most * (WIDTH - LEFT - RIGHT)).max(0.0);
    let height = ROW * bars.len() as f64;
    let rows = bars.iter().enumerate().map(|(row, bar)| {
        let middle = ROW * (row as f64 + 0.5);
        html! {
            text x=(at(LEFT - 8.0)) y=(at(middle + 4.0)) text-anchor="end" { (bar.name) }
            rect class=(if bar.is_best { "bar best" } else { "bar" }) x=(at(LEFT)) y=(at(middle - 7.0))
                width=(at(x(bar.mean) - LEFT)) height="14" rx="2" {}
            @if let Some((low, high)) = bar.interval {
                path.whisker d=(format!("M{} {}H{}", at(x(low)), at(middle), at(x(high)))) {}
            }
            text.soft x=(at(x(reach(bar)) + 6.0)) y=(at(middle + 4.0)) { (format!("{:.3}", bar.mean)) }
        }
    });
    Some(html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" { @for row in rows { (row) } }
    })
}

/// Draws a difference with its interval, beside 0 and the largest loss allowed.
pub fn difference(mean: f64, (low, high): (f64, f64), allowed: f64, is_best: bool) -> Markup {
    let reach = [low, high, allowed].map(f64::abs).into_iter().fold(1e-6_f64, f64::max) * 1.2;
    let x = |value: f64| WIDTH / 2.0 + value / reach * (WIDTH / 2.0 - 10.0);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 90")) role="img" {
            path.axis d=(format!("M{} 4V64", at(x(0.0)))) {}
            path.axis stroke-dasharray="4 3" d=(format!("M{} 4V64", at(x(allowed)))) {}
            path.whisker d=(format!("M{} 34H{}", at(x(low)), at(x(high)))) {}
            circle class=(if is_best { "bar best" } else { "bar" }) cx=(at(x(mean))) cy="34" r="6" {}
            text.soft x=(at(x(0.0))) y="80" text-anchor="middle" { "0" }
            text.soft x=(at(x(allowed))) y="80" text-anchor="middle" {
                (format!("allowed {allowed:+.4}"))
            }
            text x=(at(x(mean))) y="20" text-anchor="middle" { (format!("{mean:+.4}")) }
        }
    }
}

/// A named point of a scatter plot.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Name beside the point.
    pub name: &'a str,
    /// Position on the horizontal axis, 0 or more.
    pub x: f64,
    /// Position on the vertical axis, 0 to 1.
    pub y: f64,
}

/// Draws points with their names. The horizontal axis starts at 0 and ends beyond the largest value.
pub fn scatter(points: &[Point<'_>], (x_label, y_label): (&str, &str)) -> Markup {
    const HEIGHT: f64 = 280.0;
    const LEFT: f64 = 44.0;
    const BOTTOM: f64 = HEIGHT - 40.0;
    /// Top of the axis, below its label.
    const TOP: f64 = 28.0;
    let most = points.iter().map(|point| point.x).fold(0.0_f64, f64::max).max(1e-6) * 1.25;
    let x = |value: f64| LEFT + value / most * (WIDTH - LEFT - 20.0);
    let y = |value: f64| BOTTOM - value * (BOTTOM - TOP);
    // Names that would overlap are moved up.
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let (point_x, mut name_y) = (x(point.x), y(point.y) + 4.0);
        while placed.iter().any(|(x, y)| (x - point_x).abs() < 90.0 && (y - name_y).abs() < 12.0) {
            name_y -= 12.0;
        }
        placed.push((point_x, name_y));
    }
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" {
            path.axis fill="none" d=(format!("M{LEFT} {TOP}V{BOTTOM}H{WIDTH}")) {}
            text.soft x=(at(WIDTH - 4.0)) y=(at(HEIGHT - 6.0)) text-anchor="end" { (x_label) }
            text.soft x=(at(LEFT + 6.0)) y="8" { (y_label) }
            @for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
                text.soft x=(at(LEFT - 6.0)) y=(at(y(tick) + 4.0)) text-anchor="end" { (tick) }
            }
            @for quarter in 1..=4 {
                @let value = most * f64::from(quarter) / 4.0;
                text.soft x=(at(x(value).min(WIDTH - 16.0))) y=(at(BOTTOM + 16.0))
                    text-anchor="middle" { (format!("{value:.2}")) }
            }
            @for (point, (point_x, name_y)) in points.iter().zip(&placed) {
                @let is_right = *point_x > WIDTH - 110.0;
                circle.bar cx=(at(*point_x)) cy=(at(y(point.y))) r="5" {}
                text x=(at(if is_right { point_x - 8.0 } else { point_x + 8.0 })) y=(at(*name_y))
                    text-anchor=(if is_right { "end" } else { "start" }) { (point.name) }
            }
        }
    }
}

/// Formats a coordinate.
fn at(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_nothing_without_a_positive_value_and_escapes_names() {
        assert!(bars(&[]).is_none());
        let bar = Bar { name: "<b>R&D".to_owned(), mean: 0.5, interval: None, is_best: true };
        let svg = bars(&[bar]).expect("a bar").into_string();
        assert!(svg.contains("&lt;b&gt;R&amp;D") && !svg.contains("<b>"), "{svg}");
    }
}
