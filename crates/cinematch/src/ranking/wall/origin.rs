//! Tells movies in other languages from those in the catalog's main language.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::catalog::Movie;

/// A word that occurs this often in overviews belongs to the catalog's main language.
const MIN_OCCURRENCES: u32 = 3;
/// A title is in another language if at least one in this many of its words is unknown.
const WORDS_PER_UNKNOWN_WORD: usize = 3;

/// Origin of a movie that was not made in the main language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign<'a> {
    /// The original language, as an ISO 639-1 code.
    Language(&'a str),
    /// The original language is unknown, but the movie has a title in another language.
    Titled,
}

/// Tells movies in other languages from those in the catalog's most common original language.
#[derive(Debug)]
pub(super) struct Origins<'a> {
    main_language: Option<&'a str>,
    /// Occurrences in overviews of every word in an alternative title.
    occurrences: FxHashMap<String, u32>,
}

impl<'a> Origins<'a> {
    /// Counts languages and words. O(length of all overviews).
    pub(super) fn new(movies: &'a [Movie]) -> Self {
        let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
        let mut occurrences = FxHashMap::default();
        for movie in movies {
            if let Some(language) = &movie.original_language {
                *languages.entry(language).or_default() += 1;
            }
            for word in movie.alt_titles.iter().flat_map(|title| words(title)) {
                occurrences.insert(word, 0);
            }
        }
        for overview in movies.iter().filter_map(|movie| movie.overview.as_deref()) {
            for word in words(overview) {
                if let Some(count) = occurrences.get_mut(&word) {
                    *count += 1;
                }
            }
        }
        let main_language = languages.into_iter().max_by_key(|(_, count)| *count);
        Self { main_language: main_language.map(|(language, _)| language), occurrences }
    }

    /// Returns the origin of a movie that is not in the main language. Without an original language, the
    /// alternative titles decide: MovieLens lists *Shichinin no samurai* for *Seven Samurai*, but also
    /// *12 Monkeys* for *Twelve Monkeys*.
    pub(super) fn foreign(&self, movie: &'a Movie) -> Option<Foreign<'a>> {
        match movie.original_language.as_deref() {
            Some(language) => {
                (Some(language) != self.main_language).then_some(Foreign::Language(language))
            }
            None => movie
                .alt_titles
                .iter()
                .any(|title| self.is_foreign(title))
                .then_some(Foreign::Titled),
        }
    }

    /// Returns true if the words of an alternative title are not those of overviews. A single word without
    /// accents may be an abbreviation, such as *MIB*.
    fn is_foreign(&self, title: &str) -> bool {
        let words: Vec<String> = words(title).collect();
        let is_unknown = |word: &&String| {
            let is_number = word.chars().all(char::is_numeric);
            !is_number && self.occurrences.get(*word).is_none_or(|count| *count < MIN_OCCURRENCES)
        };
        let n_unknown = words.iter().filter(is_unknown).count();
        (words.len() > 1 || !title.is_ascii())
            && n_unknown > 0
            && n_unknown * WORDS_PER_UNKNOWN_WORD >= words.len()
    }
}

/// Returns the words of a text, in lowercase.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let runs = text.split(|character: char| !character.is_alphanumeric());
    runs.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn without_a_language_the_words_of_alternative_titles_decide() {
        let titled = |title: &str, alt: &[&str]| Movie {
            alt_titles: alt.iter().map(ToString::to_string).collect(),
            overview: Some("The star wars of monkeys and a samurai in no house.".to_owned()),
            ..movie(1, title)
        };
        let movies = [
            titled("Seven Samurai", &["Shichinin no samurai"]),
            titled("Yojimbo", &["用心棒"]),
            titled("Star Wars: Episode IV - A New Hope", &["Star Wars"]),
            titled("Twelve Monkeys", &["12 Monkeys"]),
            titled("Men in Black", &["MIB"]),
            titled("Heat", &[]),
        ];
        let origins = Origins::new(&movies);
        let foreign = movies.each_ref().map(|movie| origins.foreign(movie).is_some());
        assert_eq!(foreign, [true, true, false, false, false, false]);
    }

    #[test]
    fn movies_in_the_most_common_language_are_not_foreign() {
        let spoken = |language: &str| Movie {
            original_language: Some(language.to_owned()),
            alt_titles: vec!["Det sjunde inseglet".to_owned()],
            ..movie(1, "Film")
        };
        let movies = [spoken("en"), spoken("sv"), spoken("en")];
        let origins = Origins::new(&movies);
        assert_eq!(origins.foreign(&movies[0]), None);
        assert_eq!(origins.foreign(&movies[1]), Some(Foreign::Language("sv")));
    }
}
