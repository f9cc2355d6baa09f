//! Overviews and keywords, composed from a movie's themes.

use crate::movie::Movie;
use crate::stream::{Stream, Topic};
use crate::taxonomy::Taxonomy;
use crate::words::Lexicon;

/// Sentence templates. `<theme>` is one of the cluster's words, and `<place>` is an invented word that
/// also serves as a family name. The hero keeps the same name throughout an overview.
const SENTENCES: [&str; 24] = [
    "<hero>, a <adjective> <role> from <place>, <verb> the <theme> and must face a <theme>.",
    "In <place>, a <role> <verb> a <theme> that everyone else has long forgotten.",
    "A <adjective> <theme> brings <hero> and <person> together, until a <theme> tears them apart.",
    "When a <theme> reaches the <noun>, <hero> <verb> the only <role> who knows the truth.",
    "After years of <theme>, <person> <verb> an old <noun> and comes home to <place>.",
    "But the <theme> is not what it seems.",
    "Soon <hero> <verb> <person>, and nothing in <place> stays as it was.",
    "Between <theme> and <theme>, a <role> learns what a <noun> is worth.",
    "The <adjective> <noun> of <place> hides a <theme>.",
    "<hero> has <number> days to find the <theme> before the <noun> is gone.",
    "With the help of a <adjective> <role>, <hero> <verb> the <theme> and <verb> a <noun>.",
    "A film about <theme>, <theme> and the <noun> we leave behind.",
    "Based on the memories of <person>, who <verb> the <theme> of <place>.",
    "Everything changes on the night a <theme> <verb> the <noun>.",
    "To save the <noun>, they have to trust a <theme>.",
    "What begins as a <theme> ends as a <adjective> <noun>.",
    "Meanwhile, a <role> called <person> <verb> the <theme> from afar.",
    "Their <theme> leads them through <place>, past a <noun> and into an <adjective> <theme>.",
    "Only <person>, a retired <role>, believes in the <theme>.",
    "It is the <adjective> story of a <theme> and of those who lived with it.",
    "No one in <place> talks about the <theme>, least of all the <role>.",
    "<hero> and a <adjective> <role> set out for <place> to end the <theme>.",
    "There, a <theme> waits, and so does <person>.",
    "<hero> calls it \"the <adjective> <noun>\", and <verb> it all the same.",
];

/// Keywords that fit any movie.
const COMMON_KEYWORDS: [&str; 10] = [
    "independent film",
    "woman director",
    "based on novel",
    "sequel",
    "biography",
    "friendship",
    "revenge",
    "city life",
    "shot on location",
    "short film",
];

/// Number of invented words for each cluster.
const PLACES: usize = 160;

/// Composes the text about movies.
pub(crate) struct Author<'a> {
    pub seed: u64,
    pub lexicon: &'a Lexicon,
    pub taxonomy: &'a Taxonomy,
}

impl Author<'_> {
    /// Composes an overview with one to seven sentences. If [`Movie::overview_breaks`] is set, adds line
    /// breaks and a quotation.
    pub fn overview(&self, movie: &Movie, stream: &mut Stream) -> String {
        let hero = stream.pick(&self.lexicon.given_names);
        let count = 1 + stream.weighted(&[8, 27, 28, 15, 10, 7, 5]);
        let mut overview = String::with_capacity(count * 80);
        for sentence in 0..count {
            if sentence > 0 {
                overview.push(' ');
            }
            self.sentence(movie, hero, stream, &mut overview);
        }
        if movie.overview_breaks {
            overview.push_str("\r\n\r\n");
            self.sentence(movie, hero, stream, &mut overview);
            overview.push_str("\n\"Not to be missed\", they say.");
        }
        overview
    }

    fn sentence(&self, movie: &Movie, hero: &str, stream: &mut Stream, out: &mut String) {
        let start = out.len();
        let mut rest = stream.pick(&SENTENCES);
        while let Some((text, slot_and_rest)) = rest.split_once('<') {
            out.push_str(text);
            let (slot, after) = slot_and_rest.split_once('>').unwrap_or((slot_and_rest, ""));
            rest = after;
            let word = match slot {
                "theme" => self.theme(movie, stream),
                "place" => self.place(movie, stream),
                "hero" => hero.to_owned(),
                "person" => {
                    let given_name = stream.pick(&self.lexicon.given_names);
                    format!("{given_name} {}", self.place(movie, stream))
                }
                "noun" => zipf(&self.lexicon.nouns, stream).to_lowercase(),
                "adjective" => zipf(&self.lexicon.adjectives, stream).to_lowercase(),
                "role" => zipf(&self.lexicon.roles, stream).to_owned(),
                "verb" => zipf(&self.lexicon.verbs, stream).to_owned(),
                _ => (2 + stream.zipf(98)).to_string(),
            };
            fix_article(out, &word);
            out.push_str(&word);
        }
        out.push_str(rest);
        out[start..=start].make_ascii_uppercase();
    }

    /// Draws a theme: one of the movie's own with a probability of 0.67, otherwise one from its cluster.
    pub fn theme(&self, movie: &Movie, stream: &mut Stream) -> String {
        let words = &self.taxonomy.words[usize::from(movie.cluster)];
        let word = if stream.chance(0.67) {
            words[usize::from(movie.themes[stream.zipf(movie.themes.len())])]
        } else {
            zipf(words, stream)
        };
        word.replace('-', " ")
    }

    fn place(&self, movie: &Movie, stream: &mut Stream) -> String {
        let rank = stream.zipf(PLACES) as u64;
        let number = 1 << 63 | u64::from(movie.cluster) << 32 | rank;
        self.lexicon.invent(&mut Stream::new(self.seed, Topic::Person, number), 2)
    }

    /// Draws keywords: the movie's themes, followed by common keywords and compounds.
    pub fn keywords(&self, movie: &Movie, stream: &mut Stream) -> Vec<String> {
        let words = &self.taxonomy.words[usize::from(movie.cluster)];
        let count = [1, 2, 3, 5, 7, 10, 15, 20][stream.weighted(&[15, 9, 13, 22, 14, 14, 8, 5])];
        let mut keywords: Vec<String> = Vec::with_capacity(count);
        for attempt in 0..2 * count {
            let keyword = match movie.themes.get(attempt) {
                Some(theme) => words[usize::from(*theme)].replace('-', " "),
                None if stream.chance(0.2) => stream.pick(&COMMON_KEYWORDS).to_owned(),
                None if stream.chance(0.5) => self.compound(movie, stream),
                None => self.theme(movie, stream),
            };
            if keywords.len() < count && !keywords.contains(&keyword) {
                keywords.push(keyword);
            }
        }
        keywords
    }

    /// Combines an adjective and a theme, for the long tail of keywords and tags.
    pub fn compound(&self, movie: &Movie, stream: &mut Stream) -> String {
        let adjective = stream.pick(&self.lexicon.adjectives).to_lowercase();
        format!("{adjective} {}", self.theme(movie, stream))
    }
}

fn zipf<'a>(words: &[&'a str], stream: &mut Stream) -> &'a str {
    words[stream.zipf(words.len())]
}

/// Corrects an indefinite article at the end of `text` to suit `word`, which follows it.
fn fix_article(text: &mut String, word: &str) {
    let starts_with_vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    let ends_with = |article: &str| {
        text.strip_suffix(article)
            .is_some_and(|before| before.is_empty() || before.ends_with([' ', '\n']))
    };
    if starts_with_vowel && (ends_with("a ") || ends_with("A ")) {
        text.insert(text.len() - 1, 'n');
    } else if !starts_with_vowel && (ends_with("an ") || ends_with("An ")) {
        text.remove(text.len() - 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_articles_agree_with_the_next_word() {
        for (text, word, expect) in [
            ("Is a ", "old", "Is an old"),
            ("A ", "orphan", "An orphan"),
            ("into an ", "wild", "into a wild"),
            ("America ", "old", "America old"),
            ("an ", "early", "an early"),
        ] {
            let mut text = text.to_owned();
            fix_article(&mut text, word);
            text.push_str(word);
            assert_eq!(text, expect);
        }
    }
}
