//! The forms of a movie's titles under which a search finds the movie.

use super::words::{ARTICLES, number, transliterate, words};
use crate::catalog::Movie;

/// Kind of a form of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Title,
    /// Alternative title, with its position in [`Movie::alt_titles`].
    Alternative(u8),
    /// Title whose first words are replaced by their initials, as in `lotr the return of the king`.
    Initials,
}

/// A form of a title, as words.
#[derive(Debug)]
pub(super) struct TitleForm {
    pub form: Form,
    pub words: Vec<String>,
    /// Number of words before the subtitle; 0 if there is no subtitle.
    pub n_head: usize,
}

/// Maximum number of words of a form; further words are ignored.
const MAX_WORDS: usize = 40;
/// Minimum and maximum number of initials.
const INITIALS: std::ops::RangeInclusive<usize> = 2..=8;

/// Returns all forms of the titles of `movie`, without duplicates.
pub(super) fn title_forms(movie: &Movie) -> Vec<TitleForm> {
    let mut forms = Vec::new();
    add_forms(&movie.title, Form::Title, &mut forms);
    for (title, at) in movie.alt_titles.iter().zip(0..=u8::MAX) {
        add_forms(title, Form::Alternative(at), &mut forms);
        if let Some(latin) = transliterate(title) {
            add_forms(&latin, Form::Alternative(at), &mut forms);
        }
    }
    forms
}

fn add_forms(title: &str, form: Form, forms: &mut Vec<TitleForm>) {
    let head = [": ", " - ", " – "].iter().filter_map(|mark| title.find(mark)).min();
    let n_head = head.map_or(0, |at| words(&title[..at]).len());
    let all = words(title);
    add_initials(title, &all, forms);
    // Users also type "Spider-Man" as "spiderman" and "E.T." as "et".
    let joined: Vec<String> = title.split_whitespace().map(|word| words(word).concat()).collect();
    let joined: Vec<String> = joined.into_iter().filter(|word| !word.is_empty()).collect();
    if joined.len() < all.len()
        && !all.iter().all(|word| word.chars().count() == 1 && word.len() > 1)
    {
        let n_head = head.map_or(0, |at| title[..at].split_whitespace().count());
        push(forms, TitleForm { form, words: joined, n_head });
    }
    push(forms, TitleForm { form, words: all, n_head });
}

fn push(forms: &mut Vec<TitleForm>, mut form: TitleForm) {
    form.words.truncate(MAX_WORDS);
    form.n_head = form.n_head.min(form.words.len());
    if form.n_head == form.words.len() {
        form.n_head = 0;
    }
    if !form.words.is_empty() && !forms.iter().any(|other| other.words == form.words) {
        forms.push(form);
    }
}

/// Adds the title with the initials of its first words: of the words before a subtitle, before `and the`, and of all
/// words. Also adds the initials of the subtitle.
fn add_initials(title: &str, all: &[String], forms: &mut Vec<TitleForm>) {
    let lower = title.to_lowercase();
    let mut heads: Vec<usize> = [": ", " - ", " and the ", " & the "]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .filter_map(|at| title.get(..at).map(|head| words(head).len()))
        .collect();
    heads.push(all.len());
    // `bttf part ii`
    if let Some(at) = all.iter().rposition(|word| number(word).is_some()) {
        let is_part =
            at > 0 && ["part", "vol", "chapter", "episode"].contains(&all[at - 1].as_str());
        heads.push(at - usize::from(is_part));
    }
    heads.sort_unstable();
    heads.dedup();
    let mut add = |head: &[String], rest: &[String]| {
        if !INITIALS.contains(&head.len()) {
            return;
        }
        let mut words = vec![initials(head)];
        words.extend_from_slice(rest);
        push(forms, TitleForm { form: Form::Initials, words, n_head: 1 });
    };
    for n in heads {
        let Some((head, rest)) = all.split_at_checked(n) else { continue };
        add(head, rest);
        if head.first().is_some_and(|word| ARTICLES.contains(&word.as_str())) {
            add(&head[1..], rest);
        }
    }
    let tail = [": ", " - "].iter().filter_map(|mark| title.rfind(mark)).max();
    if let Some(tail) = tail.and_then(|at| title.get(at..)) {
        let tail = words(tail);
        add(&tail, &[]);
        if tail.first().is_some_and(|word| ARTICLES.contains(&word.as_str())) {
            add(&tail[1..], &[]);
        }
    }
}

/// Returns the first letters of `words`, and numbers in digits.
fn initials(words: &[String]) -> String {
    let mut initials = String::new();
    for (word, at) in words.iter().zip(0..) {
        match number(word) {
            Some(number) if at > 0 && (word.len() > 1 || at + 1 == words.len()) => {
                initials.push_str(&number.to_string());
            }
            _ => initials.extend(word.chars().next()),
        }
    }
    initials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn titles_have_initials_and_joined_words() {
        for (title, expected) in [
            ("The Lord of the Rings: The Return of the King", "lotr the return of the king"),
            ("The Lord of the Rings: The Return of the King", "rotk"),
            ("Harry Potter and the Goblet of Fire", "hp and the goblet of fire"),
            ("Terminator 2: Judgment Day", "t2 judgment day"),
            ("Mission: Impossible III", "mi3"),
            ("The Dark Knight", "tdk"),
            ("Spider-Man 2", "spiderman 2"),
            ("E.T. the Extra-Terrestrial", "et the extraterrestrial"),
        ] {
            let forms = title_forms(&movie(1, title));
            let forms: Vec<String> = forms.iter().map(|form| form.words.join(" ")).collect();
            assert!(forms.iter().any(|form| form == expected), "{title}: {forms:?}");
        }
    }
}
