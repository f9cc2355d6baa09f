//! Words of titles, names and queries, and the spellings that count as equal.

use crate::catalog::matching::fold_title;

/// Words that say little about a title. A query may contain them although the title doesn't.
const COMMON_WORDS: [&str; 36] = [
    "the", "a", "an", "of", "and", "in", "to", "le", "la", "les", "l", "un", "une", "el", "los",
    "las", "il", "der", "die", "das", "den", "part", "episode", "chapter", "vol", "volume",
    "movie", "film", "watch", "online", "full", "by", "with", "or", "imdb", "tmdb",
];

/// Articles that start a title and may be omitted.
pub(super) const ARTICLES: [&str; 14] =
    ["the", "a", "an", "le", "la", "les", "un", "une", "el", "los", "il", "der", "die", "das"];

/// Names of the numbers from 1 to 20.
const NUMBER_WORDS: [&str; 20] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Ordinals from 1 to 10.
const ORDINALS: [&str; 10] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const ORDINAL_DIGITS: [&str; 10] =
    ["1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th"];

/// Roman numerals from 1 to 20.
const ROMAN: [&str; 20] = [
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv",
    "xvi", "xvii", "xviii", "xix", "xx",
];

/// British words whose American spelling no rule gives.
const SPELLINGS: [(&str, &str); 22] = [
    ("grey", "gray"),
    ("defence", "defense"),
    ("offence", "offense"),
    ("licence", "license"),
    ("pretence", "pretense"),
    ("programme", "program"),
    ("cheque", "check"),
    ("tyre", "tire"),
    ("pyjama", "pajama"),
    ("pyjamas", "pajamas"),
    ("aeroplane", "airplane"),
    ("moustache", "mustache"),
    ("plough", "plow"),
    ("jewellery", "jewelry"),
    ("sceptic", "skeptic"),
    ("judgement", "judgment"),
    ("mum", "mom"),
    ("ageing", "aging"),
    ("whisky", "whiskey"),
    ("storey", "story"),
    ("draught", "draft"),
    ("kerb", "curb"),
];

/// Returns the words of `text` without case, accents and punctuation. Each Chinese or Japanese character is a
/// word, because these scripts don't separate words.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in fold_title(text).split(' ').filter(|word| !word.is_empty()) {
        let mut rest = String::new();
        for letter in word.chars() {
            if is_ideograph(letter) {
                if !rest.is_empty() {
                    words.push(std::mem::take(&mut rest));
                }
                words.push(letter.to_string());
                continue;
            }
            match ligature(letter) {
                Some(letters) => rest.push_str(letters),
                None => rest.push(letter),
            }
        }
        if !rest.is_empty() {
            words.push(rest);
        }
    }
    words
}

fn is_ideograph(letter: char) -> bool {
    matches!(u32::from(letter), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff)
}

/// Returns the Latin letters for a ligature, or for a letter that has no decomposition in Unicode.
fn ligature(letter: char) -> Option<&'static str> {
    Some(match letter {
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

/// Returns true for words that a query may contain although the title doesn't.
pub(super) fn is_common(word: &str) -> bool {
    COMMON_WORDS.contains(&word)
}

/// Returns the number from 1 to 99 that `word` stands for, in digits, as a Roman numeral or in English.
pub(super) fn number(word: &str) -> Option<u8> {
    let position = |names: &[&str]| names.iter().position(|name| *name == word);
    let named = || position(&NUMBER_WORDS).or_else(|| position(&ROMAN)).map(|at| at as u8 + 1);
    let digits = || word.parse().ok().filter(|number| (1..=99).contains(number));
    if word.len() <= 2 { digits().or_else(named) } else { named() }
}

/// Returns the form that all spellings of `word` share: numbers in digits, American spelling, umlauts and
/// ligatures as one letter.
pub(super) fn canonical(word: &str) -> String {
    if let Some(number) = number(word) {
        return number.to_string();
    }
    if let Some(at) = ORDINALS.iter().position(|ordinal| *ordinal == word) {
        return ORDINAL_DIGITS[at].to_owned();
    }
    let mut word = american(word);
    for (written_out, letter) in [("ae", "a"), ("oe", "o"), ("ue", "u")] {
        if word.len() > 3 && word.contains(written_out) {
            word = word.replace(written_out, letter);
        }
    }
    word
}

/// Returns the American spelling of a lowercase English word. Words of other languages may change too, so compare
/// only spellings that this function returned.
fn american(word: &str) -> String {
    if let Some((_, american)) = SPELLINGS.iter().find(|(british, _)| *british == word) {
        return (*american).to_owned();
    }
    let mut word = word.to_owned();
    // colour, honoured, neighbours
    if let Some(at) = word.find("our").filter(|at| *at >= 3) {
        word.replace_range(at..at + 3, "or");
    }
    for (british, american) in [
        ("tre", "ter"),
        ("bre", "ber"),
        ("tres", "ters"),
        ("logue", "log"),
        ("yse", "yze"),
        ("ise", "ize"),
        ("ised", "ized"),
        ("ising", "izing"),
        ("isation", "ization"),
        ("elled", "eled"),
        ("eller", "eler"),
        ("elling", "eling"),
        ("ellous", "elous"),
    ] {
        if word.len() > british.len() + 2
            && let Some(stem) = word.strip_suffix(british)
        {
            return format!("{stem}{american}");
        }
    }
    word
}

/// Returns `text` in Latin letters if it is written in Cyrillic, as in `Сталкер` for *Stalker*.
pub(super) fn transliterate(text: &str) -> Option<String> {
    const LETTERS: [&str; 32] = [
        "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s",
        "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
    ];
    let is_cyrillic = |letter: char| ('а'..='я').contains(&letter);
    if !text.to_lowercase().contains(is_cyrillic) {
        return None;
    }
    let mut latin = String::with_capacity(text.len());
    for letter in text.to_lowercase().chars() {
        match letter {
            _ if is_cyrillic(letter) => {
                latin.push_str(LETTERS[(u32::from(letter) - u32::from('а')) as usize]);
            }
            'ё' => latin.push('e'),
            _ => latin.push(letter),
        }
    }
    Some(latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_word_have_one_canonical_form() {
        for (a, b) in [
            ("ii", "2"),
            ("two", "2"),
            ("seven", "vii"),
            ("fifth", "5th"),
            ("colour", "color"),
            ("neighbours", "neighbors"),
            ("theatre", "theater"),
            ("grey", "gray"),
            ("ueber", "uber"),
            ("organise", "organize"),
        ] {
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
        }
        assert_ne!(canonical("mourning"), canonical("morning"));
        assert_eq!(
            words("Død snø, Adams æbler 千と"),
            ["dod", "sno", "adams", "aebler", "千", "と"]
        );
        assert_eq!(transliterate("Сталкер").as_deref(), Some("stalker"));
        assert_eq!(transliterate("Stalker"), None);
    }
}
