//! Times of generations and jobs.

use maud::{Markup, html};

/// Renders an RFC 3339 time to the minute.
pub fn time(timestamp: &str) -> Markup {
    let (day, rest) = timestamp.split_once('T').unwrap_or((timestamp, ""));
    html! { time datetime=(timestamp) { (day) " " (rest.get(..5).unwrap_or(rest)) " UTC" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_times_to_the_minute() {
        let text = time("2026-01-31T20:15:00Z").into_string();
        assert_eq!(text, "<time datetime=\"2026-01-31T20:15:00Z\">2026-01-31 20:15 UTC</time>");
        assert!(time("never").into_string().contains("never"));
    }
}
