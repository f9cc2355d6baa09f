//! Scatter plots for reports, with the CSS classes of [`cinematch_web::plots`].

use maud::{Markup, html};

/// Width of a plot in SVG units.
const WIDTH: f64 = 420.0;

/// A named point in a scatter plot.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Label beside the point.
    pub name: &'a str,
    /// Position on the horizontal axis, 0 or more.
    pub x: f64,
    /// Position on the vertical axis, 0 to 1.
    pub y: f64,
}

/// Plots labeled points. The horizontal axis ranges from 0 to 1.25 times the largest value.
pub fn scatter(caption: &str, points: &[Point<'_>], (x_label, y_label): (&str, &str)) -> Markup {
    const HEIGHT: f64 = 280.0;
    const LEFT: f64 = 44.0;
    const BOTTOM: f64 = HEIGHT - 40.0;
    /// Top of the axis, below its label.
    const TOP: f64 = 28.0;
    let max_x = points.iter().map(|point| point.x).fold(0.0_f64, f64::max).max(1e-6) * 1.25;
    let x = |value: f64| LEFT + value / max_x * (WIDTH - LEFT - 20.0);
    let y = |value: f64| BOTTOM - value * (BOTTOM - TOP);
    // Labels that would overlap are moved up.
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let (point_x, mut name_y) = (x(point.x), y(point.y) + 4.0);
        while placed.iter().any(|(x, y)| (x - point_x).abs() < 90.0 && (y - name_y).abs() < 12.0) {
            name_y -= 12.0;
        }
        placed.push((point_x, name_y));
    }
    let numbers =
        points.iter().map(|point| format!("{}: {:.3}, {:.3}", point.name, point.x, point.y));
    let description = format!("{caption}. {}", numbers.collect::<Vec<_>>().join("; "));
    html! {
        figure.plot {
            figcaption { (caption) }
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(description) {
                path.axis fill="none" d=(format!("M{LEFT} {TOP}V{BOTTOM}H{WIDTH}")) {}
                text.soft x=(coordinate(WIDTH - 4.0)) y=(coordinate(HEIGHT - 6.0)) text-anchor="end" { (x_label) }
                text.soft x=(coordinate(LEFT + 6.0)) y="8" { (y_label) }
                @for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
                    text.soft x=(coordinate(LEFT - 6.0)) y=(coordinate(y(tick) + 4.0)) text-anchor="end" { (tick) }
                }
                @for quarter in 1..=4 {
                    @let value = max_x * f64::from(quarter) / 4.0;
                    text.soft x=(coordinate(x(value).min(WIDTH - 16.0))) y=(coordinate(BOTTOM + 16.0))
                        text-anchor="middle" { (format!("{value:.2}")) }
                }
                @for (point, (point_x, name_y)) in points.iter().zip(&placed) {
                    @let is_right = *point_x > WIDTH - 110.0;
                    circle.other cx=(coordinate(*point_x)) cy=(coordinate(y(point.y))) r="5" {}
                    text x=(coordinate(if is_right { point_x - 8.0 } else { point_x + 8.0 })) y=(coordinate(*name_y))
                        text-anchor=(if is_right { "end" } else { "start" }) { (point.name) }
                }
            }
        }
    }
}

/// Formats a coordinate with one decimal place.
fn coordinate(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}
