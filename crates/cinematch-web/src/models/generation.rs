//! A generation on the operator's pages: its verdict, role, age and size.

use cinematch::bundle::{GenerationInfo, Generations, Role};
use cinematch::evaluation::promotion::Verdict;
use maud::{Markup, html};

/// A generation, and what it was found to be worth.
pub struct Judged {
    pub info: GenerationInfo,
    pub verdict: Option<Verdict>,
}

pub fn judged(generations: &Generations, info: GenerationInfo) -> Judged {
    let verdict = generations.card(info.generation).and_then(|mut card| {
        // A card that another version wrote says what it says; what cannot be read is not drawn.
        serde_json::from_value(card["verdict"].take()).ok()
    });
    Judged { info, verdict }
}

/// What a generation is for, in words.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Champion => "served",
        Role::Previous => "served before",
        Role::Retired => "served once",
        Role::Candidate => "never served",
    }
}

/// A time as RFC 3339 has it, to the minute.
pub fn time(at: &str) -> Markup {
    let (day, rest) = at.split_once('T').unwrap_or((at, ""));
    html! { time datetime=(at) { (day) " " (rest.get(..5).unwrap_or(rest)) " UTC" } }
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_easily() {
        let text = time("2026-01-31T20:15:00Z").into_string();
        assert_eq!(text, "<time datetime=\"2026-01-31T20:15:00Z\">2026-01-31 20:15 UTC</time>");
        assert!(time("never").into_string().contains("never"));
        assert_eq!(megabytes(1_250_000), "1.2 MB");
    }
}
