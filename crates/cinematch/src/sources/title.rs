//! Parser for MovieLens titles: `City of Lost Children, The (Cité des enfants perdus, La) (1995)`.

use std::borrow::Cow;

/// The parts of a MovieLens title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedTitle {
    /// Title with its article at the front, without the year or alternative titles.
    pub title: String,
    /// Alternative titles, in file order, without `a.k.a.`.
    pub alt_titles: Vec<String>,
    /// Release year, or the first year of a range; `None` if the title has no year.
    pub year: Option<u16>,
    /// True if the title ends with `(YYYY)`, as documented by MovieLens.
    pub year_is_strict: bool,
}

/// Earliest plausible year. The oldest known movie dates from 1874 (Passage de Vénus), so a smaller
/// number must be part of the title.
const EARLIEST_YEAR: u16 = 1870;
const LATEST_YEAR: u16 = 2100;

/// Articles that MovieLens moves to the end of a title, in several languages.
const ARTICLES: &[&str] = &[
    "the", "a", "an", "la", "le", "les", "l'", "un", "une", "el", "los", "las", "una", "il", "lo",
    "gli", "i", "der", "die", "das", "ein", "eine", "den", "det", "de", "het", "een", "en", "et",
    "ett", "o", "os", "as", "um", "uma",
];

/// Words that begin a parenthesis belonging to the title, as in `Nymphomaniac (Part 1)`.
const PART_WORDS: &[&str] = &["part", "pt.", "vol.", "volume", "chapter", "episode", "season"];

/// Parses a MovieLens title. Never fails: if the title has no year, `year` is `None`.
pub(crate) fn parse_title(raw: &str) -> ParsedTitle {
    let year_is_strict = strict_year(raw).is_some();
    let spaced = single_spaced(raw);
    let (rest, year) = match last_year(&spaced) {
        Some((start, end, year)) => {
            let before = spaced[..start].trim_end();
            let after = spaced[end..].trim_start_matches(')').trim();
            let rest = match (before, after) {
                ("", "") => Cow::Borrowed(&*spaced),
                (_, "") => Cow::Borrowed(before),
                _ => Cow::Owned(format!("{before} {after}").trim().to_owned()),
            };
            (rest, Some(year))
        }
        None => (Cow::Borrowed(&*spaced), None),
    };
    let mut rest = &*rest;

    let mut alt_titles = Vec::new();
    while let Some((before, group)) = trailing_group(rest) {
        if before.is_empty() || belongs_to_title(group) {
            break;
        }
        alt_titles.insert(0, article_to_front(without_aka(group)));
        rest = before;
    }
    alt_titles.retain(|title| !title.is_empty());
    let title = article_to_front(rest);
    ParsedTitle { title, alt_titles, year, year_is_strict }
}

/// Trims `raw` and collapses each run of whitespace into a single space.
fn single_spaced(raw: &str) -> Cow<'_, str> {
    let trimmed = raw.trim();
    let is_single_spaced = |bytes: &[u8]| !bytes.windows(2).any(|pair| pair == b"  ");
    if trimmed.is_ascii()
        && is_single_spaced(trimmed.as_bytes())
        && !trimmed.contains(['\t', '\n', '\r'])
    {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(raw.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Parses the year of a title that ends with `(YYYY)`, optionally followed by whitespace.
fn strict_year(raw: &str) -> Option<u16> {
    let digits = raw.trim_end().strip_suffix(')')?.rsplit_once('(')?.1;
    plausible_year(digits)
}

fn plausible_year(digits: &str) -> Option<u16> {
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|year| (EARLIEST_YEAR..=LATEST_YEAR).contains(year))
}

/// Finds the last year in parentheses. Returns the start and end of the parenthesis, and the year. For a
/// closed or open range, returns its first year.
fn last_year(title: &str) -> Option<(usize, usize, u16)> {
    let mut search_end = title.len();
    while let Some(start) = title[..search_end].rfind('(') {
        if let Some(length) = title[start..].find(')')
            && let Some(year) = year_or_range(&title[start + 1..start + length])
        {
            return Some((start, start + length + 1, year));
        }
        search_end = start;
    }
    None
}

fn year_or_range(inner: &str) -> Option<u16> {
    let inner = inner.trim();
    let (first, second) = match inner.split_once(['-', '–', '—']) {
        Some((first, second)) => (first.trim(), second.trim()),
        None => (inner, ""),
    };
    let is_valid_range = second.is_empty() || second.bytes().all(|byte| byte.is_ascii_digit());
    plausible_year(first).filter(|_| is_valid_range)
}

/// Splits `Title (group)` at its trailing balanced parenthesis, if there is one.
fn trailing_group(title: &str) -> Option<(&str, &str)> {
    let inner = title.strip_suffix(')')?;
    let mut depth = 1;
    for (index, character) in inner.char_indices().rev() {
        match character {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            // `Title(group)`, without a space, is all title.
            let before = &inner[..index];
            return (before.is_empty() || before.ends_with(' '))
                .then(|| (before.trim_end(), inner[index + 1..].trim()));
        }
    }
    None
}

/// Returns true if the trailing `group` is part of the title, such as a remake's year, a part or a
/// number.
fn belongs_to_title(group: &str) -> bool {
    let first = group.split(' ').next().unwrap_or_default().to_lowercase();
    year_or_range(group).is_some()
        || PART_WORDS.contains(&first.as_str())
        || group.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn without_aka(group: &str) -> &str {
    for prefix in ["a.k.a. ", "aka ", "a.k.a ", "a.k.a.", "AKA ", "A.K.A. "] {
        if let Some(rest) = group.strip_prefix(prefix) {
            return rest.trim();
        }
    }
    group
}

/// Moves a trailing article to the front: `Matrix, The` → `The Matrix`; `Avventura, L'` → `L'Avventura`.
fn article_to_front(title: &str) -> String {
    let title = title.trim();
    if let Some((before, group)) = trailing_group(title)
        && belongs_to_title(group)
        && !before.is_empty()
    {
        return format!("{} ({group})", article_to_front(before));
    }
    if let Some((rest, article)) = title.rsplit_once(", ")
        && ARTICLES.contains(&article.to_lowercase().replace('’', "'").as_str())
    {
        let space = if article.ends_with(['\'', '’']) { "" } else { " " };
        return format!("{article}{space}{}", rest.trim_end());
    }
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that `raw` parses to `expect`, written as `title | alternative | … @year`.
    fn check(raw: &str, expect: &str) {
        let parsed = parse_title(raw);
        let mut shown = vec![parsed.title];
        shown.extend(parsed.alt_titles);
        let year = parsed.year.map_or("-".to_owned(), |year| year.to_string());
        assert_eq!(format!("{} @{year}", shown.join(" | ")), expect, "{raw:?}");
    }

    #[test]
    fn extracts_the_year_and_moves_the_article_to_the_front() {
        check("Matrix, The (1999)", "The Matrix @1999");
        check("Toy Story (1995)", "Toy Story @1995");
        check("Avventura, L' (Adventure, The) (1960)", "L'Avventura | The Adventure @1960");
        check(
            "Lord of the Rings: The Two Towers, The (2002)",
            "The Lord of the Rings: The Two Towers @2002",
        );
        check("Vitelloni, I (1953)", "I Vitelloni @1953");
        check("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly @1966");
        check("Babe Ruth Story, The (1948) ", "The Babe Ruth Story @1948");
        check("Tag\u{a0}Team (2001)", "Tag Team @2001");
    }

    #[test]
    fn extracts_alternative_titles() {
        check(
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            "The City of Lost Children | La Cité des enfants perdus @1995",
        );
        check("Seven (a.k.a. Se7en) (1995)", "Seven | Se7en @1995");
        check(
            "Godzilla 1985: The Legend Is Reborn (Gojira) (Godzilla) (Return of Godzilla, The) (1984)",
            "Godzilla 1985: The Legend Is Reborn | Gojira | Godzilla | The Return of Godzilla @1984",
        );
        check("Rodnye (Close Relations)", "Rodnye | Close Relations @-");
        check("(500) Days of Summer (2009)", "(500) Days of Summer @2009");
        check("(Girl)Friend (2018)", "(Girl)Friend @2018");
        check("(Untitled) (2009)", "(Untitled) @2009");
        check("Twilight Saga, The (Part 1) (2011)", "The Twilight Saga (Part 1) @2011");
        check("Old Boy (Oldeuboi (Old Boy)) (2003)", "Old Boy | Oldeuboi (Old Boy) @2003");
    }

    #[test]
    fn parses_year_ranges_and_misplaced_years() {
        check("Planet Earth (2006–2007)", "Planet Earth @2006");
        check("Long Series (2014-)", "Long Series @2014");
        check("Long Series (2014 - 2016)", "Long Series @2014");
        check(
            "Mona and the Time of Burning Love (Mona ja palavan rakkauden aika) (1983))",
            "Mona and the Time of Burning Love | Mona ja palavan rakkauden aika @1983",
        );
        check("2001: A Space Odyssey (1968)", "2001: A Space Odyssey @1968");
        check("Death Race 2000 (1975)", "Death Race 2000 @1975");
        check("Titanic (1953) (1997)", "Titanic (1953) @1997");
        check(
            "Millions Game, The (Das Millionenspiel)",
            "The Millions Game | Das Millionenspiel @-",
        );
        check("1984", "1984 @-");
        check("(1999)", "(1999) @1999");
        check("Flight (0042)", "Flight (0042) @-");
    }

    #[test]
    fn year_is_strict_only_for_a_trailing_four_digit_year() {
        assert!(parse_title("A (1999)").year_is_strict);
        assert!(parse_title("A (1999) ").year_is_strict);
        assert!(!parse_title("A (1999–2001)").year_is_strict);
        assert!(!parse_title("A (1983))").year_is_strict);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_or_returns_an_empty_title(raw in "\\PC{1,40}") {
            let parsed = parse_title(&raw);
            proptest::prop_assert!(raw.trim().is_empty() || !parsed.title.is_empty());
        }
    }
}
