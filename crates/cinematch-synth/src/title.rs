//! Titles in MovieLens format, such as `Cellar of Snow, The (Étoile Volan) (1974)`, including
//! irregularities.

use crate::movie::{Movie, Oddity};
use crate::stream::Stream;
use crate::words::Lexicon;

/// Share of titles whose article comes after a comma.
const INVERTED: f64 = 0.059;
/// Share of all other titles that start with `The`.
const STRAIGHT_THE: f64 = 0.126;
/// Share of titles that have an alternative title.
const ALTERNATIVE: f64 = 0.056;

/// A title, split into its parts.
pub(crate) struct Title {
    /// Article, which MovieLens writes after the title and TMDB before it. Can be empty.
    article: &'static str,
    base: String,
    /// Alternative titles to put in parentheses, including a leading `a.k.a.`.
    alternatives: Vec<String>,
}

impl Title {
    /// Composes a title from `stream`, the movie's own.
    pub fn compose(movie: &Movie, lexicon: &Lexicon, stream: &mut Stream) -> Self {
        if movie.oddity == Oddity::OtherScript {
            let script = stream.below(lexicon.other_scripts.len() as u32);
            let words = &lexicon.other_scripts[script as usize];
            let base = format!("{} {}", stream.pick(words), stream.pick(words));
            return Self { article: "", base, alternatives: Vec::new() };
        }
        let mut base = phrase(lexicon, stream);
        if stream.chance(0.022) {
            // Use a word with accents, either before the phrase or in place of it.
            let accented = stream.pick(&lexicon.accented);
            base = if stream.chance(0.5) {
                format!("{accented} {base}")
            } else {
                let syllables = 2 + stream.below(2);
                format!("{accented} {}", lexicon.invent(stream, syllables))
            };
        }
        if stream.chance(0.085) {
            base = format!("{base}: {}", phrase(lexicon, stream));
        }
        if stream.chance(0.033) {
            base = format!("{base} {}", 2 + stream.zipf(24));
        }
        if stream.chance(0.008) {
            let list = format!("{}, {base}", stream.pick(&lexicon.adjectives));
            base = list;
        }
        if movie.oddity == Oddity::Quoted {
            base = format!("{base} \"{}\"", phrase(lexicon, stream));
        }
        if movie.oddity == Oddity::CombiningAccent {
            base = format!("Cafe\u{301} {base}");
        }
        let mut article = "";
        if stream.chance(INVERTED) {
            article = match stream.weighted(&[875, 38, 10, 20, 18, 12, 8, 6, 5, 4, 4]) {
                0 => "The",
                1 => "A",
                2 => "An",
                3 => "La",
                4 => "Le",
                5 => "Les",
                6 => "L'",
                7 => "El",
                8 => "Il",
                9 => "Der",
                _ => "Das",
            };
        } else if stream.chance(STRAIGHT_THE) {
            base.insert_str(0, "The ");
        }
        let mut alternatives = Vec::new();
        if stream.chance(ALTERNATIVE) {
            alternatives.push(alternative(lexicon, stream));
            if stream.chance(0.08) {
                alternatives.push(alternative(lexicon, stream));
            }
        }
        Self { article, base, alternatives }
    }

    /// Returns the title in natural word order, without alternative titles or the year.
    pub fn plain(&self) -> String {
        match self.article {
            "" => self.base.clone(),
            "L'" => format!("L'{}", self.base),
            article => format!("{article} {}", self.base),
        }
    }

    /// Returns the title in MovieLens format.
    pub fn movielens(&self, movie: &Movie) -> String {
        let year = movie.year;
        let mut title = self.base.clone();
        if !self.article.is_empty() {
            title.push_str(", ");
            title.push_str(self.article);
        }
        for alternative in &self.alternatives {
            title = format!("{title} ({alternative})");
        }
        match movie.oddity {
            Oddity::NoYear => title,
            Oddity::TrailingSpace => format!("{title} ({year}) "),
            Oddity::DoubleSpace => format!("{title}  ({year})"),
            Oddity::NoBreakSpace => format!("{title}\u{a0}({year})"),
            Oddity::YearRange => format!("{title} ({year}–{})", year + 1),
            Oddity::StrayParenthesis => format!("{title} ({year}))"),
            Oddity::OnlyYear => format!(" ({year})"),
            Oddity::None | Oddity::OtherScript | Oddity::Quoted | Oddity::CombiningAccent => {
                format!("{title} ({year})")
            }
        }
    }
}

fn alternative(lexicon: &Lexicon, stream: &mut Stream) -> String {
    match stream.below(20) {
        0 => format!("a.k.a. {}", phrase(lexicon, stream)),
        1..8 => format!("{} {}", stream.pick(&lexicon.accented), lexicon.invent(stream, 2)),
        8..11 => format!("{} {}, La", lexicon.invent(stream, 2), lexicon.invent(stream, 3)),
        11..14 => phrase(lexicon, stream),
        _ => format!("{} {}", lexicon.invent(stream, 3), lexicon.invent(stream, 2).to_lowercase()),
    }
}

/// Composes a phrase of one to seven words.
fn phrase(lexicon: &Lexicon, stream: &mut Stream) -> String {
    let noun = stream.pick(&lexicon.nouns);
    let other = stream.pick(&lexicon.nouns);
    let adjective = stream.pick(&lexicon.adjectives);
    let name = stream.pick(&lexicon.given_names);
    let syllables = 2 + stream.below(2);
    let invented = lexicon.invent(stream, syllables);
    match stream.weighted(&[17, 3, 14, 6, 8, 9, 5, 5, 6, 6, 5, 2, 4, 3, 3, 2]) {
        0 => invented,
        1 => noun.to_owned(),
        2 => format!("{adjective} {noun}"),
        3 => format!("{adjective} {invented}"),
        4 => format!("{invented} {noun}"),
        5 => format!("{noun} of {invented}"),
        6 => format!("{name}'s {noun}"),
        7 => format!("{name} {invented}"),
        8 => format!("{noun} of the {adjective} {other}"),
        9 => format!("{noun} in {invented}"),
        10 => format!("{name} and the {adjective} {noun}"),
        11 => format!("{adjective} {noun}, {adjective} {other}"),
        12 => format!("{invented} & {name}"),
        13 => format!("Who Knows the {noun} of {invented}?"),
        14 => format!("My {adjective} {noun} in {invented}"),
        _ => format!("{} {noun}s from {invented}", 3 + stream.below(97)),
    }
}
