//! Checks comments and documents for openings that use a clause as a noun, and for rates without "per".
//!
//! Other style rules need a human reader.

use super::document::Document;

/// Opening phrases that use a clause as a noun or refer to another comment.
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
/// Articles and units that form a rate after a number or a counted noun: "40 requests a second".
const RATES: [(&str, &str); 7] = [
    ("a", "second"),
    ("a", "minute"),
    ("an", "hour"),
    ("a", "day"),
    ("a", "film"),
    ("a", "movie"),
    ("a", "user"),
];
/// Counted nouns that precede the article of a rate.
const COUNTED_NOUNS: [&str; 8] =
    ["requests", "replies", "times", "events", "calls", "rows", "ratings", "questions"];

/// Returns the findings in the comments of a Rust or TOML file, or in a Markdown document.
pub fn check(document: &Document) -> Vec<String> {
    let marker = match document.extension() {
        Some("rs") => Some("//"),
        Some("toml") => Some("#"),
        Some("md") => None,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    let mut is_first = true;
    for (line_number, line) in document.text.lines().enumerate() {
        let text = marker.map_or(Some(line.trim()), |marker| comment(line, marker));
        let Some(text) = text else {
            is_first = true;
            continue;
        };
        if marker.is_some()
            && is_first
            && let Some(opening) = OPENINGS.iter().find(|opening| text.starts_with(**opening))
        {
            let opening = opening.trim_end();
            found.push(format!(
                "{}: comment begins with “{opening}”",
                document.location(line_number)
            ));
        }
        for rate in rates(text) {
            found.push(format!("{}: “{rate}”; write “per”", document.location(line_number)));
        }
        is_first = text.is_empty();
    }
    found
}

/// Returns the text of a comment line that begins with `marker`, or `None` for other lines.
fn comment<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    let text = line.trim_start().strip_prefix(marker)?;
    Some(text.trim_start_matches(['/', '!', '#']).trim())
}

/// Returns rates such as "one a film" and "40 a second".
fn rates(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let without_punctuation =
        |word: &str| word.trim_end_matches([',', '.', ';', ':', ')']).to_owned();
    words
        .windows(3)
        .filter(|window| {
            let unit = without_punctuation(window[2]);
            let before = window[0];
            let is_number = before.ends_with(|last: char| last.is_ascii_digit());
            let is_rate =
                RATES.iter().any(|(article, name)| *article == window[1] && *name == unit);
            let is_one = before == "one" && matches!(window[1], "a" | "an");
            is_one || (is_rate && (is_number || COUNTED_NOUNS.contains(&before)))
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
    fn reads_the_comments_of_toml_files() {
        assert_eq!(findings("a.toml", concat!("[a]\n# Wh", "ether it is.\nb = 1\n")), 1);
        assert_eq!(findings("a.toml", concat!("# at 40 requests a ", "second\n")), 1);
        assert_eq!(findings("a.toml", "# Without arrow: only columns of numbers are read.\n"), 0);
        assert_eq!(findings("a.toml", "name = \"What now\"\n"), 0);
    }

    #[test]
    fn reports_rates_without_per() {
        assert_eq!(findings("a.md", concat!("at 1,000 requests a ", "second.")), 1);
        assert_eq!(findings("a.md", concat!("weights, one a ", "movie")), 1);
        assert_eq!(findings("a.md", "a second request, 5 s later"), 0);
    }
}
