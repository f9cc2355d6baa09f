//! Parsing of queries, and the words of the index that each query word may stand for.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::index::SearchIndex;
use super::words::{is_common, number, words};
use crate::ids::MovieIdx;

/// Maximum number of words in a query. Any further words are ignored.
pub(super) const MAX_WORDS: usize = 12;
/// Weight of a common word, if the query has other words.
const COMMON_WEIGHT: f32 = 0.15;
/// Number of titles from which on a word is not divided.
const MIN_FREQUENT: usize = 3;
/// Quality of a match on another spelling, on a prefix, and with one or two edits.
const SPELLING_QUALITY: f32 = 0.96;
const PREFIX_QUALITY: f32 = 0.9;
const EDIT_QUALITY: [f32; 3] = [1.0, 0.75, 0.55];
/// Factor for an edit that may change the first letter.
const FIRST_LETTER_FACTOR: f32 = 0.9;

/// A word of a query.
#[derive(Clone, Debug)]
pub(super) struct QueryWord {
    pub text: String,
    pub n_letters: usize,
    /// Share of the word in the score.
    pub weight: f32,
    /// True if a movie must match the word, unless no movie matches all words.
    pub is_required: bool,
    pub number: Option<u8>,
    /// Words of the index that start with the word, if it may be incomplete.
    pub prefixes: Range<u32>,
    /// Words of the index with a prefix that is one edit away.
    pub near_prefixes: Vec<Range<u32>>,
    /// Other matching words of the index and the quality of the match.
    pub terms: Vec<(u32, f32)>,
}

/// A query with its words looked up in the index.
#[derive(Debug)]
pub(super) struct Query {
    pub words: Vec<QueryWord>,
    /// Position of the year among the words, and the year.
    pub year: Option<(usize, u16)>,
    /// Query words by word of the index, without prefixes.
    lookup: FxHashMap<u32, Vec<(u8, f32)>>,
}

impl Query {
    /// Looks up the words of a query. `max_edits` limits the typing errors per word.
    pub(super) fn new(
        index: &SearchIndex,
        texts: &[String],
        is_incomplete: bool,
        max_edits: u8,
    ) -> Self {
        let texts = &texts[..texts.len().min(MAX_WORDS)];
        let year = texts.iter().rposition(|word| is_year(word)).filter(|_| texts.len() > 1);
        let year = year.and_then(|at| Some((at, texts[at].parse().ok()?)));
        let is_year = |at: usize| year.is_some_and(|(position, _)| position == at);
        let mut words: Vec<QueryWord> = Vec::with_capacity(texts.len());
        for (text, at) in texts.iter().zip(0..) {
            let is_common = is_common(text);
            let mut word = QueryWord {
                text: text.clone(),
                n_letters: text.chars().count(),
                weight: if is_common { COMMON_WEIGHT } else { 1.0 },
                is_required: !is_common && !is_year(at),
                number: number(text),
                prefixes: 0..0,
                near_prefixes: Vec::new(),
                terms: Vec::new(),
            };
            let is_incomplete = is_incomplete && at + 1 == texts.len();
            word.look_up(index, texts.len() > 1, is_incomplete, max_edits);
            words.push(word);
        }
        if !words.iter().any(|word| word.is_required) {
            for (word, at) in words.iter_mut().zip(0..) {
                word.weight = 1.0;
                word.is_required = !is_year(at);
            }
        }
        let mut lookup: FxHashMap<u32, Vec<(u8, f32)>> = FxHashMap::default();
        for (word, at) in words.iter().zip(0..) {
            for (term, quality) in &word.terms {
                lookup.entry(*term).or_default().push((at, *quality));
            }
        }
        Self { words, year, lookup }
    }

    /// Calls `visit` with each query word that `term` matches and the quality of the match.
    pub(super) fn matches(
        &self,
        index: &SearchIndex,
        term: u32,
        mut visit: impl FnMut(usize, f32),
    ) {
        if let Some(words) = self.lookup.get(&term) {
            for (word, quality) in words {
                visit((*word).into(), *quality);
            }
        }
        let Some((last, word)) = self.words.iter().enumerate().next_back() else { return };
        let is_near = || word.near_prefixes.iter().any(|range| range.contains(&term));
        let edits = if word.prefixes.contains(&term) {
            0
        } else if is_near() {
            1
        } else {
            return;
        };
        // The more letters are missing, the less a prefix counts.
        let n_letters = index.lexicon.word(term).chars().count().max(1);
        let share = (word.n_letters as f32 / n_letters as f32).min(1.0);
        visit(last, PREFIX_QUALITY * EDIT_QUALITY[edits] * (0.75 + 0.25 * share));
    }
}

impl QueryWord {
    fn look_up(
        &mut self,
        index: &SearchIndex,
        has_others: bool,
        is_incomplete: bool,
        max_edits: u8,
    ) {
        let lexicon = &index.lexicon;
        self.terms.extend(lexicon.id(&self.text).map(|id| (id, 1.0)));
        let spellings = lexicon.spellings(&self.text).into_iter();
        self.terms.extend(spellings.map(|id| (id, SPELLING_QUALITY)));
        let is_word = self.text.chars().all(char::is_alphabetic);
        // A single edit usually turns a short word into a different word. A three-letter word may be
        // misspelled only if other words narrow the results.
        let max_edits = max_edits.min(match self.n_letters {
            _ if !is_word => 0,
            0..=2 => 0,
            3 => u8::from(has_others && self.is_required),
            4 => 1,
            _ => 2,
        });
        if is_incomplete && self.n_letters > 1 {
            self.prefixes = lexicon.starting_with(&self.text);
        }
        if max_edits > 0 && is_incomplete && self.n_letters >= 4 {
            let near = lexicon.near(&self.text, 1, true, true);
            self.near_prefixes = near.prefixes.into_iter().map(|(range, _)| range).collect();
        }
        if max_edits == 0 {
            return;
        }
        let mut near = lexicon.near(&self.text, 1, false, self.n_letters == 3).words;
        if max_edits > 1 {
            near.extend(lexicon.near(&self.text, 2, false, true).words);
            near.sort_unstable();
            near.dedup_by_key(|(id, _)| *id);
        }
        let first = self.text.chars().next();
        for (id, edits) in near {
            let factor =
                if lexicon.word(id).chars().next() == first { 1.0 } else { FIRST_LETTER_FACTOR };
            if edits > 0 && !self.terms.iter().any(|(known, _)| *known == id) {
                self.terms.push((id, EDIT_QUALITY[usize::from(edits)] * factor));
            }
        }
    }

    /// Returns all matching words of the index.
    pub(super) fn all_terms(&self) -> impl Iterator<Item = u32> {
        let ranges = std::iter::once(&self.prefixes).chain(&self.near_prefixes);
        self.terms.iter().map(|(term, _)| *term).chain(ranges.flat_map(Clone::clone))
    }
}

/// Returns true if `word` is a plausible release year, from 1870 to 2100.
fn is_year(word: &str) -> bool {
    word.len() == 4 && word.parse::<u16>().is_ok_and(|year| (1870..=2100).contains(&year))
}

/// Returns the movie with the IMDb or TMDB ID that `query` consists of: `tt0133093`, `tmdb:603`, or the address of a
/// page of IMDb or TMDB.
pub(super) fn by_id(index: &SearchIndex, query: &str) -> Option<MovieIdx> {
    let query = query.trim().to_lowercase();
    let digits = |text: &str| -> Option<u64> {
        let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().ok()
    };
    if let Some(rest) = query.find("themoviedb.org/movie/").map(|at| &query[at + 21..]) {
        return index.by_tmdb.get(&digits(rest)?).copied();
    }
    if let Some(rest) = query.strip_prefix("tmdb") {
        let rest = rest.trim_start_matches([' ', ':', '#', '=']);
        let is_id = !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_digit());
        return if is_id { index.by_tmdb.get(&digits(rest)?).copied() } else { None };
    }
    for word in query.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        if let Some(number) = word.strip_prefix("tt")
            && number.len() >= 5
            && number.chars().all(|letter| letter.is_ascii_digit())
        {
            return index.by_imdb.get(&number.parse().ok()?).copied();
        }
    }
    None
}

/// Returns other ways to divide `texts` into words: adjacent words written together, and words divided into words of
/// titles.
pub(super) fn divisions(index: &SearchIndex, texts: &[String]) -> Vec<Vec<String>> {
    let mut divisions = Vec::new();
    let n_titles =
        |word: &str| index.lexicon.id(word).map_or(0, |id| index.title_postings.of(id).len());
    for at in 1..texts.len() {
        let joined = texts[at - 1..=at].concat();
        if index.lexicon.id(&joined).is_some() {
            let mut division = texts.to_vec();
            division.splice(at - 1..=at, [joined]);
            divisions.push(division);
        }
    }
    let mut divided = Vec::new();
    for text in texts {
        match if n_titles(text) >= MIN_FREQUENT { None } else { divide(text, &n_titles) } {
            Some(words) => divided.extend(words),
            None => divided.push(text.clone()),
        }
    }
    if divided.len() > texts.len() {
        divisions.push(divided);
    }
    divisions
}

/// Divides `text` into the most frequent words of titles, or a number from letters.
fn divide(text: &str, n_titles: &impl Fn(&str) -> usize) -> Option<Vec<String>> {
    const MAX_LETTERS: usize = 40;
    let letters: Vec<char> = text.chars().collect();
    if letters.len() > MAX_LETTERS || letters.len() < 2 {
        return None;
    }
    // The best division of each prefix: its cost and the start of its last word.
    let mut best: Vec<Option<(f32, usize)>> = vec![None; letters.len() + 1];
    best[0] = Some((0.0, 0));
    for end in 1..=letters.len() {
        for start in end.saturating_sub(20)..end {
            let Some((cost, _)) = best[start] else { continue };
            let word: String = letters[start..end].iter().collect();
            let is_number = word.len() <= 2 && word.parse::<u8>().is_ok();
            let is_short = end - start < 3 && !is_common(&word) && !is_number;
            let count = n_titles(&word);
            if (end - start == letters.len()) || (count == 0 && !is_number) {
                continue;
            }
            // Long and frequent words are more likely than short and rare ones.
            let penalty = if is_short { 6.0 } else { 2.0 };
            let cost = cost + penalty + 8.0 / (1.0 + (count as f32).ln_1p());
            if best[end].is_none_or(|(known, _)| cost < known) {
                best[end] = Some((cost, start));
            }
        }
    }
    let mut words = Vec::new();
    let mut end = letters.len();
    while end > 0 {
        let (_, start) = best[end]?;
        words.push(letters[start..end].iter().collect());
        end = start;
    }
    words.reverse();
    Some(words)
}

/// Returns the words of a query, and true if the last word may be incomplete.
pub(super) fn parse(query: &str) -> (Vec<String>, bool) {
    let is_incomplete = query.ends_with(|last: char| last.is_alphanumeric());
    (words(query), is_incomplete)
}
