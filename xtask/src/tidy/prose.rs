//! The mechanical part of the style rules: openings that lean on another comment, and rates without "per".
//!
//! A sentence without a subject or a name that needs its comment is beyond this check; a reader finds those.

use super::document::Document;

/// Openings of a comment that make a clause stand for a noun.
const OPENINGS: [&str; 10] = [
    "What ",
    "Whether ",
    "Who ",
    "Whose ",
    "The same",
    "How many ",
    "How often ",
    "How long ",
    "So many ",
    "Of ",
];
/// Units after "a" or "an" that make a rate behind a number: "40 requests a second".
const RATES: [(&str, &str); 7] = [
    ("a", "second"),
    ("a", "minute"),
    ("an", "hour"),
    ("a", "day"),
    ("a", "film"),
    ("a", "movie"),
    ("a", "user"),
];
/// Counted things that precede such a unit.
const COUNTED: [&str; 8] =
    ["requests", "replies", "times", "events", "calls", "rows", "ratings", "questions"];

/// Findings of one Rust file or Markdown document.
pub fn check(document: &Document) -> Vec<String> {
    let is_rust = document.has_extension("rs");
    if !is_rust && !document.has_extension("md") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut is_first = true;
    for (at, line) in document.text.lines().enumerate() {
        let text = if is_rust { comment(line) } else { Some(line.trim()) };
        let Some(text) = text else {
            is_first = true;
            continue;
        };
        if is_rust
            && is_first
            && let Some(opening) = OPENINGS.iter().find(|opening| text.starts_with(**opening))
        {
            let opening = opening.trim_end();
            found.push(format!("{}: comment begins with “{opening}”", document.place(at)));
        }
        for rate in rates(text) {
            found.push(format!("{}: “{rate}”; write “per”", document.place(at)));
        }
        is_first = text.is_empty();
    }
    found
}

/// Text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim())
}

/// Rates such as "one a film" and "40 a second".
fn rates(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare = |word: &str| word.trim_end_matches([',', '.', ';', ':', ')']).to_owned();
    words
        .windows(3)
        .filter(|window| {
            let unit = bare(window[2]);
            let before = window[0];
            let is_number = before.ends_with(|last: char| last.is_ascii_digit());
            let is_rate =
                RATES.iter().any(|(article, name)| *article == window[1] && *name == unit);
            let is_one = before == "one" && matches!(window[1], "a" | "an");
            is_one || (is_rate && (is_number || COUNTED.contains(&before)))
        })
        .map(|window| window.join(" "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, text: &str) -> usize {
        check(&Document { name: name.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn reports_openings_at_the_start_of_a_comment_only() {
        assert_eq!(findings("a.rs", concat!("/// Wh", "at it counts.\nfn f() {}")), 1);
        assert_eq!(findings("a.rs", concat!("    // Of ", "each movie.")), 1);
        assert_eq!(findings("a.rs", "/// Returns the sum and\n/// What follows.\nfn f() {}"), 0);
        assert_eq!(findings("a.rs", "let what = \"What now\";"), 0);
    }

    #[test]
    fn reports_rates_without_per() {
        assert_eq!(findings("a.md", concat!("at 1,000 requests a ", "second.")), 1);
        assert_eq!(findings("a.md", concat!("weights, one a ", "movie")), 1);
        assert_eq!(findings("a.md", "a second request, 5 s later"), 0);
    }
}
