//! Reads titles: the stem that the titles of a series share, and the number of the part.

use crate::catalog::matching::fold_title;

/// How a title relates to a stem, from the strongest evidence of a series to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// The stem is followed by the number of the part: `Toy Story 2`, `Kill Bill: Vol. 2`.
    Part(u8),
    /// The stem is followed by a subtitle: `Harry Potter and the …`, `Babe: Pig in the City`.
    Subtitle,
    /// The title is the plural of the stem: `Aliens`.
    Plural,
    /// The title is the stem: `Toy Story`.
    Title,
    /// The title starts or ends with the stem: `Rocky Balboa`, `Live Free or Die Hard`.
    Extended,
}

impl Evidence {
    /// Returns the number of the part. A title without a number is the first part.
    pub(crate) fn part(self) -> u8 {
        if let Self::Part(part) = self { part } else { 1 }
    }
}

/// Highest number of a part. Larger numbers are usually part of the name, as in `Fahrenheit 451`.
const MAX_PART: u8 = 40;
/// Words before the number of a part.
const PART_WORDS: [&str; 10] =
    ["part", "pt", "vol", "volume", "chapter", "episode", "book", "film", "number", "no"];
const ROMAN: [&str; 20] = [
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv",
    "xvi", "xvii", "xviii", "xix", "xx",
];
const WORDS: [&str; 13] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen",
];
const ORDINALS: [[&str; 2]; 5] =
    [["first", "1st"], ["second", "2nd"], ["third", "3rd"], ["fourth", "4th"], ["fifth", "5th"]];

/// A title as folded words, in segments separated by colons, dashes and parentheses.
#[derive(Debug)]
pub(super) struct SegmentedTitle {
    segments: Vec<String>,
}

impl SegmentedTitle {
    pub(crate) fn new(title: &str) -> Self {
        let title = title
            .replace('²', " 2")
            .replace('³', " 3")
            // `The Naked Gun 2 1/2` is part 2.
            .replace('½', "")
            .replace(" 1/2", "")
            .replace(" 1/3", "")
            .replace(" - ", ":")
            .replace(" – ", ":");
        let segments = title.split([':', '(', ')']).map(fold_title);
        Self { segments: segments.filter(|segment| !segment.is_empty()).collect() }
    }

    /// Returns every stem that the title names, with the evidence for it.
    pub(crate) fn readings(&self) -> Vec<(String, Evidence)> {
        let whole = self.whole();
        let mut readings = Vec::new();
        let mut end = 0;
        for segment in &self.segments {
            end += segment.len() + usize::from(end > 0);
            let with_previous = &whole[..end];
            readings.extend(numbered(with_previous));
            if with_previous != segment {
                readings.extend(numbered(segment));
            }
        }
        if let [first, _, ..] = self.segments.as_slice() {
            readings.push((stem(first).to_owned(), Evidence::Subtitle));
        }
        if let Some((before, _)) = whole.split_once(" and the ") {
            let before = stem(before);
            if before.contains(' ') {
                readings.push((before.to_owned(), Evidence::Subtitle));
            }
        }
        readings.push((stem(&whole).to_owned(), Evidence::Title));
        readings
    }

    /// Returns the stem of which the title is a plural: `alien` for `Aliens`.
    pub(crate) fn singular(&self) -> Option<String> {
        stem(&self.whole()).strip_suffix('s').map(str::to_owned)
    }

    /// Calls `each` with every stem that the title, or a segment of it, starts or ends with.
    pub(crate) fn extended(&self, mut each: impl FnMut(&str)) {
        let whole = self.whole();
        let segments = self.segments.iter().filter(|_| self.segments.len() > 1);
        for text in segments.map(String::as_str).chain([whole.as_str()]) {
            let text = stem(text);
            for (space, _) in text.match_indices(' ') {
                each(&text[..space]);
                each(stem(&text[space + 1..]));
            }
            if text.len() < whole.len() {
                each(text);
            }
        }
    }

    fn whole(&self) -> String {
        self.segments.join(" ")
    }
}

/// Removes the article at the start.
fn stem(text: &str) -> &str {
    let without = ["the ", "a ", "an "].iter().find_map(|article| text.strip_prefix(article));
    without.unwrap_or(text)
}

/// Returns the stem and the number of the part if `text` ends with a number, with or without a word such as
/// `part` before it. A first part needs that word.
fn numbered(text: &str) -> Option<(String, Evidence)> {
    let (before, number) = text.rsplit_once(' ')?;
    let part = parse_number(number)?;
    let before = before.strip_suffix(" the").unwrap_or(before);
    let marked = before.rsplit_once(' ').filter(|(_, word)| PART_WORDS.contains(word));
    if PART_WORDS.contains(&before) || (part == 1 && marked.is_none()) {
        return None;
    }
    let before = marked.map_or(before, |(before, _)| before);
    Some((stem(before).to_owned(), Evidence::Part(part)))
}

/// Parses a number in digits, as a Roman numeral, or in words.
fn parse_number(word: &str) -> Option<u8> {
    let position = |names: &[&str]| names.iter().position(|name| *name == word);
    let ordinal = || ORDINALS.iter().position(|names| names.contains(&word));
    let named = position(&ROMAN).or_else(|| position(&WORDS)).or_else(ordinal);
    let number = match named {
        Some(index) => index as u8 + 1,
        None if word == "deux" => 2,
        None => word.parse().ok()?,
    };
    (1..=MAX_PART).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that `title` has a reading with this stem and part.
    fn check_part(title: &str, expected_stem: &str, part: u8) {
        let readings = SegmentedTitle::new(title).readings();
        let expected = (expected_stem.to_owned(), Evidence::Part(part));
        assert!(readings.contains(&expected), "{title}: {readings:?}");
    }

    #[test]
    fn reads_numbers_in_every_notation() {
        check_part("Toy Story 2", "toy story", 2);
        check_part("Rocky II", "rocky", 2);
        check_part("Alien³", "alien", 3);
        check_part("Kill Bill: Vol. 2", "kill bill", 2);
        check_part("The Godfather: Part II", "godfather", 2);
        check_part("Star Wars: Episode V - The Empire Strikes Back", "star wars", 5);
        check_part("Terminator 2: Judgment Day", "terminator", 2);
        check_part("Mission: Impossible II", "mission impossible", 2);
        check_part("Rambo: First Blood Part II", "first blood", 2);
        check_part("Hot Shots! Part Deux", "hot shots", 2);
        check_part("Shrek the Third", "shrek", 3);
        check_part("John Wick: Chapter Two", "john wick", 2);
        check_part("The Naked Gun 2 1/2: The Smell of Fear", "naked gun", 2);
        check_part("Che: Part One", "che", 1);
    }

    #[test]
    fn other_titles_have_no_part() {
        for title in [
            "Se7en",
            "Friday the 13th",
            "12 Angry Men",
            "Fahrenheit 451",
            "Part 2",
            "Air Force One",
        ] {
            let readings = SegmentedTitle::new(title).readings();
            assert!(
                readings.iter().all(|(_, evidence)| *evidence == Evidence::Title),
                "{readings:?}"
            );
        }
    }

    #[test]
    fn reads_the_stem_before_a_subtitle() {
        let subtitles = |title: &str| -> Vec<String> {
            let readings = SegmentedTitle::new(title).readings().into_iter();
            let subtitles = readings.filter(|(_, evidence)| *evidence == Evidence::Subtitle);
            subtitles.map(|(stem, _)| stem).collect()
        };
        assert_eq!(subtitles("The Lord of the Rings: The Two Towers"), ["lord of the rings"]);
        assert_eq!(subtitles("Harry Potter and the Goblet of Fire"), ["harry potter"]);
        assert_eq!(subtitles("Beauty and the Beast"), [""; 0]);
    }
}
