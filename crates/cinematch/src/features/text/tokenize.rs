//! Tokenization equivalent to scikit-learn's default `token_pattern` `(?u)\b\w\w+\b` on lowercase text: words
//! are runs of at least two letters, numbers and underscores.
//!
//! Letters and numbers are the Unicode general categories L* and N*, as in Python's `\w`, so combining marks
//! end a word.

use std::borrow::Cow;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Calls `each` with every word in `text`, in lowercase.
pub(crate) fn for_each_word(text: &str, mut each: impl FnMut(&str)) {
    let lower: Cow<'_, str> = if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    } else {
        Cow::Owned(text.to_lowercase())
    };
    let mut start = None;
    let mut characters = 0;
    for (index, character) in lower.char_indices() {
        if is_word_character(character) {
            start.get_or_insert(index);
            characters += 1;
        } else if let Some(from) = start.take() {
            if characters > 1 {
                each(&lower[from..index]);
            }
            characters = 0;
        }
    }
    if let Some(from) = start.filter(|_| characters > 1) {
        each(&lower[from..]);
    }
}

fn is_word_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let mut words = Vec::new();
        for_each_word(text, |word| words.push(word.to_owned()));
        assert_eq!(words, expect, "{text:?}");
    }

    #[test]
    fn finds_runs_of_letters_numbers_and_underscores() {
        check("The Matrix: a hacker's 2nd life", &["the", "matrix", "hacker", "2nd", "life"]);
        check("snake_case _x x_ a b", &["snake_case", "_x", "x_"]);
        check("", &[]);
        check("Ärger in AMÉLIE's Café", &["ärger", "in", "amélie", "café"]);
        check("千と千尋 x½ ²²", &["千と千尋", "x½", "²²"]);
        check("e\u{301}te\u{301} cafe\u{301}s", &["te", "cafe"]);
        check("ΟΔΟΣ", &["οδος"]);
    }
}
