//! Generations and their evaluations.

use cinematch::bundle::{GenerationInfo, Generations};
use cinematch::evaluation::promotion::Verdict;
use maud::{Markup, html};

use cinematch_http::problem::Problem;
use cinematch_service::Service;
use cinematch_service::models::with_generations;

/// A generation and its evaluation.
pub struct Evaluated {
    pub info: GenerationInfo,
    pub verdict: Option<Verdict>,
}

/// Lists all generations, newest first.
pub async fn list_generations(service: &Service) -> Result<Vec<Evaluated>, Problem> {
    let found = with_generations(service, |generations| {
        let list = generations.list()?.into_iter().rev();
        Ok(list.map(|info| with_verdict(generations, info)).collect())
    });
    Ok(found.await?)
}

/// Reads a generation's verdict from its model card.
pub fn with_verdict(generations: &Generations, info: GenerationInfo) -> Evaluated {
    let verdict = generations.card(info.generation).and_then(|mut card| {
        // A card written by another version may have a different format, so its verdict isn't shown.
        serde_json::from_value(card["verdict"].take()).ok()
    });
    Evaluated { info, verdict }
}

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
