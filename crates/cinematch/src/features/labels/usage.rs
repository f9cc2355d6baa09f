//! How overviews write a keyword: its capital letters and its plural.
//!
//! TMDB's keywords are in lowercase and singular, which reads oddly in a sentence: "about fbi and serial killer".

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::Movie;

/// Maximum number of words in a counted phrase.
const MAX_WORDS: usize = 4;
/// Fraction of a phrase's occurrences that must have the same capital letters.
const MIN_CASE_SHARE: f32 = 0.8;
/// Minimum number of those occurrences.
const MIN_CASE_COUNT: u32 = 2;
/// A phrase is countable if one in this many occurrences has an indefinite article or is in the plural.
const COUNTABLE_SHARE: u32 = 5;
/// A phrase whose plural doesn't occur is countable if one in this many occurrences has an indefinite article.
const WITH_ARTICLE_SHARE: u32 = 3;
/// Minimum number of occurrences of a phrase whose plural doesn't occur.
const MIN_WITHOUT_PLURAL: u32 = 5;

/// Spellings of common names that overviews don't contain or that read oddly in a sentence, in ascending order.
const SPELLINGS: [(&str, &str); 66] = [
    ("android", "androids"),
    ("anti hero", "antiheroes"),
    ("assassin", "assassins"),
    ("betrayal", "betrayal"),
    ("british secret service", "the British secret service"),
    ("cia analyst", "CIA analysts"),
    ("coen brothers", "the Coen brothers"),
    ("computer virus", "computer viruses"),
    ("court case", "court cases"),
    ("criminal mastermind", "criminal masterminds"),
    ("dance", "dance"),
    ("detective", "detectives"),
    ("disney", "Disney film"),
    ("female hero", "female heroes"),
    ("femme fatale", "femmes fatales"),
    ("friendship", "friendship"),
    ("futuristic", "futuristic"),
    ("gangster", "gangsters"),
    ("hacker", "hackers"),
    ("haunted house", "haunted houses"),
    ("heist", "heists"),
    ("holocaust", "the Holocaust"),
    ("irish american", "Irish Americans"),
    ("italian american", "Italian Americans"),
    ("jew persecution", "the persecution of Jews"),
    ("lawyer", "lawyers"),
    ("lgbt", "LGBT people"),
    ("london england", "London"),
    ("mafia", "the Mafia"),
    ("marvel cinematic universe", "the Marvel universe"),
    ("math genius", "math geniuses"),
    ("mental institution", "mental institutions"),
    ("mi6", "MI6"),
    ("military", "the military"),
    ("monster", "monsters"),
    ("monty python", "Monty Python"),
    ("northern england", "northern England"),
    ("philosophy", "philosophy"),
    ("pixar", "Pixar film"),
    ("police", "the police"),
    ("prince", "princes"),
    ("princess", "princesses"),
    ("private detective", "private detectives"),
    ("professor", "professors"),
    ("prophecy", "prophecies"),
    ("rivalry", "rivalry"),
    ("robot", "robots"),
    ("royalty", "royalty"),
    ("s.w.a.t.", "SWAT teams"),
    ("scientist", "scientists"),
    ("secret identity", "secret identities"),
    ("serial killer", "serial killers"),
    ("single mother", "single mothers"),
    ("spaceship", "spaceships"),
    ("stephen king", "Stephen King"),
    ("superhero", "superheroes"),
    ("supernatural", "supernatural"),
    ("sword fight", "sword fights"),
    ("thought provoking", "thought-provoking"),
    ("tolkien", "Tolkien"),
    ("u.s. navy", "the US Navy"),
    ("undercover", "undercover work"),
    ("usa president", "US presidents"),
    ("washington d.c.", "Washington, D.C."),
    ("wedding", "weddings"),
    ("white house", "the White House"),
];

/// Occurrences of phrases in overviews, except at the start of a sentence.
#[derive(Debug, Default)]
pub(super) struct Usage(FxHashMap<String, Phrase>);

/// Occurrences of a phrase.
#[derive(Debug, Default)]
struct Phrase {
    /// Number of occurrences in lowercase.
    lowercase: u32,
    /// Number of occurrences in lowercase after "a" or "an".
    with_article: u32,
    /// Number of occurrences of each spelling with capital letters.
    capitalized: FxHashMap<String, u32>,
}

impl Phrase {
    fn total(&self) -> u32 {
        self.lowercase + self.capitalized.values().sum::<u32>()
    }

    fn add(&mut self, other: Self) {
        self.lowercase += other.lowercase;
        self.with_article += other.with_article;
        for (spelling, count) in other.capitalized {
            *self.capitalized.entry(spelling).or_default() += count;
        }
    }
}

/// Counts the occurrences of `names` and their plurals in the overviews of `movies`. O(words).
pub(super) fn count<'a>(names: impl Iterator<Item = &'a str>, movies: &[Movie]) -> Usage {
    let phrases: FxHashSet<String> =
        names.map(key).flat_map(|name| [plural(&name), name]).collect();
    let first_words: FxHashSet<&str> =
        phrases.iter().filter_map(|phrase| phrase.split(' ').next()).collect();
    let count_one = |mut usage: Usage, movie: &Movie| {
        if let Some(overview) = &movie.overview {
            count_in(overview, &phrases, &first_words, &mut usage);
        }
        usage
    };
    movies.par_iter().fold(Usage::default, count_one).reduce(Usage::default, |mut sum, other| {
        for (phrase, counts) in other.0 {
            sum.0.entry(phrase).or_default().add(counts);
        }
        sum
    })
}

fn count_in(
    overview: &str,
    phrases: &FxHashSet<String>,
    first_words: &FxHashSet<&str>,
    usage: &mut Usage,
) {
    let tokens: Vec<&str> = overview.split([' ', '-', '\u{a0}', '\n']).collect();
    let is_edge = |character: char| !character.is_alphanumeric();
    let words: Vec<&str> = tokens.iter().map(|token| token.trim_matches(is_edge)).collect();
    let lowercase: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    // The first word of a sentence has a capital letter in any case.
    for start in 1..words.len() {
        let previous = tokens[start - 1];
        let starts_sentence = previous.ends_with(['.', '!', '?', ':', '"', '”']);
        if starts_sentence || !first_words.contains(lowercase[start].as_str()) {
            continue;
        }
        for end in start + 1..=(start + MAX_WORDS).min(words.len()) {
            let phrase = lowercase[start..end].join(" ");
            if !phrases.contains(&phrase) {
                continue;
            }
            let spelling = words[start..end].join(" ");
            let is_lowercase = spelling == phrase;
            let counts = usage.0.entry(phrase).or_default();
            if is_lowercase {
                counts.lowercase += 1;
                counts.with_article += u32::from(matches!(previous, "a" | "an"));
            } else {
                *counts.capitalized.entry(spelling).or_default() += 1;
            }
        }
    }
}

impl Usage {
    /// Returns `name` with the capital letters that it usually has.
    pub(super) fn written(&self, name: &str) -> String {
        let key = key(name);
        match spelling(&key) {
            Some(spelling) => spelling.to_owned(),
            None => self.capitalized(&key).unwrap_or(name).to_owned(),
        }
    }

    /// Returns the plural of `name` if it is countable, and otherwise `name`, with the capital letters that it
    /// usually has.
    pub(super) fn plural_or_singular(&self, name: &str) -> String {
        let singular = key(name);
        let plural = plural(&singular);
        // Singulars with capital letters are often titles: "Princess Leia".
        let (n_singular, with_article) = match self.0.get(&singular) {
            Some(counts) => (counts.lowercase, counts.with_article),
            None => (0, 0),
        };
        let n_plural = self.0.get(&plural).map_or(0, Phrase::total);
        let is_countable = if singular.ends_with('s') {
            false
        } else if n_plural > 0 {
            (with_article + n_plural) * COUNTABLE_SHARE >= n_singular + n_plural
        } else {
            n_singular >= MIN_WITHOUT_PLURAL && with_article * WITH_ARTICLE_SHARE >= n_singular
        };
        let has_spelling = spelling(&singular).is_some();
        if is_countable && !has_spelling { self.written(&plural) } else { self.written(name) }
    }

    /// Returns the spelling of `phrase` with capital letters, if it is usual.
    fn capitalized(&self, phrase: &str) -> Option<&str> {
        let counts = self.0.get(phrase)?;
        let total = counts.total();
        let is_usual =
            |count: u32| count >= MIN_CASE_COUNT && count as f32 >= MIN_CASE_SHARE * total as f32;
        let mut usual = counts.capitalized.iter().filter(|(_, count)| is_usual(**count));
        usual.next().map(|(spelling, _)| spelling.as_str())
    }
}

/// Returns the words of `name` in lowercase, separated by single spaces.
fn key(name: &str) -> String {
    let lowercase = name.to_lowercase();
    let words = lowercase.split([' ', '-']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the spelling of `key` in [`SPELLINGS`].
fn spelling(key: &str) -> Option<&'static str> {
    let found = SPELLINGS.binary_search_by_key(&key, |(name, _)| *name).ok()?;
    Some(SPELLINGS[found].1)
}

/// Returns the regular plural of `phrase`.
fn plural(phrase: &str) -> String {
    let ends = |ends: &[&str]| ends.iter().any(|end| phrase.ends_with(end));
    if let Some(stem) = phrase.strip_suffix("man") {
        format!("{stem}men")
    } else if let Some(stem) = phrase.strip_suffix("lf") {
        format!("{stem}lves")
    } else if let Some(stem) = phrase.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        format!("{stem}ies")
    } else if ends(&["s", "x", "z", "ch", "sh", "hero"]) {
        format!("{phrase}es")
    } else {
        format!("{phrase}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    fn usage(overview: &str, names: &[&str]) -> Usage {
        let movie = Movie { overview: Some(overview.to_owned()), ..movie(1, "Film") };
        count(names.iter().copied(), &[movie])
    }

    #[test]
    fn writes_names_with_their_usual_capital_letters() {
        let text =
            "Space. In New York, the FBI hunts a man from New York in space. The FBI is in space.";
        let names = ["new york", "fbi", "space", "s.w.a.t.", "rome"];
        let written = names.map(|name| usage(text, &names).written(name));
        assert_eq!(written, ["New York", "FBI", "space", "SWAT teams", "rome"]);
        assert!(SPELLINGS.is_sorted());
    }

    #[test]
    fn writes_countable_names_in_the_plural() {
        let text = "He meets a pirate and a hitman. Two hitmen want revenge in a small town \
                    and fear magic. His revenge is magic. In a small town, a small town, \
                    a small town, a small town.";
        let names = ["pirate", "hitman", "small town", "revenge", "magic"];
        let labels = names.map(|name| usage(text, &names).plural_or_singular(name));
        assert_eq!(labels, ["pirate", "hitmen", "small towns", "revenge", "magic"]);
    }

    #[test]
    fn plurals_are_regular() {
        let plurals = ["spy", "toy", "witch", "superhero", "werewolf", "robot"].map(plural);
        assert_eq!(plurals, ["spies", "toys", "witches", "superheroes", "werewolves", "robots"]);
    }
}
