//! Sorted dictionary of the words in an index, with lookups by spelling, prefix and edit distance.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::words::canonical;

/// Distinct words in order. The ID of a word is its position.
#[derive(Debug)]
pub(super) struct Lexicon {
    text: String,
    starts: Vec<u32>,
    /// IDs of the words that differ from their canonical form, by that form.
    variants: FxHashMap<String, Vec<u32>>,
}

/// Words within an edit distance of a query word.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// ID and number of edits.
    pub words: Vec<(u32, u8)>,
    /// Words with a prefix at that distance, and the number of edits.
    pub prefixes: Vec<(Range<u32>, u8)>,
}

impl Lexicon {
    /// Creates a lexicon of `sorted` words, which are distinct and in order.
    pub(super) fn new(sorted: &[&str]) -> Self {
        let mut lexicon =
            Self { text: String::new(), starts: vec![0], variants: FxHashMap::default() };
        for (word, id) in sorted.iter().zip(0..) {
            lexicon.text.push_str(word);
            lexicon.starts.push(lexicon.text.len() as u32);
            let form = canonical(word);
            if form != *word {
                lexicon.variants.entry(form).or_default().push(id);
            }
        }
        lexicon.text.shrink_to_fit();
        lexicon
    }

    pub(super) fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    pub(super) fn word(&self, id: u32) -> &str {
        let id = id as usize;
        &self.text[self.starts[id] as usize..self.starts[id + 1] as usize]
    }

    /// Returns the first ID from `from` on whose word doesn't satisfy `is_before`, which holds for a prefix of the
    /// words. O(log n) for a distance of n words.
    fn first_after(&self, from: u32, is_before: impl Fn(&str) -> bool) -> u32 {
        let (mut low, mut step) = (from, 1);
        while low + step < self.len() && is_before(self.word(low + step - 1)) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(self.len());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(self.word(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Returns the ID of `word`. O(log n).
    pub(super) fn id(&self, word: &str) -> Option<u32> {
        let id = self.first_after(0, |other| other < word);
        (id < self.len() && self.word(id) == word).then_some(id)
    }

    /// Returns the IDs of other spellings of `word`. O(log n).
    pub(super) fn spellings(&self, word: &str) -> Vec<u32> {
        let form = canonical(word);
        let mut ids: Vec<u32> = self.variants.get(&form).cloned().unwrap_or_default();
        ids.extend(self.id(&form));
        ids.retain(|id| self.word(*id) != word);
        ids
    }

    /// Returns the words that start with `prefix`. O(log n).
    pub(super) fn starting_with(&self, prefix: &str) -> Range<u32> {
        let start = self.first_after(0, |other| other < prefix);
        start..self.first_after(start, |other| other.starts_with(prefix))
    }

    /// Returns the words within `max_edits` insertions, deletions, substitutions and swaps of adjacent letters of
    /// `query`, and, if `is_prefix` is true, the words with a prefix at that distance. If `keeps_first` is true, the
    /// first letter must be equal.
    ///
    /// Walks the sorted words as a trie: words that share a prefix share its rows of the table of distances, and
    /// words whose prefix differs too much are skipped at once. The cost depends on the number of similar words, not
    /// on the number of words.
    pub(super) fn near(
        &self,
        query: &str,
        max_edits: u8,
        is_prefix: bool,
        keeps_first: bool,
    ) -> Near {
        let query: Vec<char> = query.chars().collect();
        let mut near = Near::default();
        let Some(first) = query.first() else { return near };
        let within =
            if keeps_first { self.starting_with(&first.to_string()) } else { 0..self.len() };
        let mut rows: Vec<Vec<u8>> = vec![(0..=query.len() as u8).collect()];
        let mut path: Vec<char> = Vec::new();
        let mut id = within.start;
        'words: while id < within.end {
            let word = self.word(id);
            let shared =
                word.chars().zip(&path).take_while(|(letter, known)| letter == *known).count();
            path.truncate(shared);
            rows.truncate(shared + 1);
            let mut end = word.char_indices().nth(shared).map_or(word.len(), |(at, _)| at);
            for letter in word[end..].chars() {
                end += letter.len_utf8();
                push_row(&mut rows, &mut path, &query, letter);
                let depth = path.len();
                let row = &rows[depth];
                // A swap builds on the row before the last.
                let least = |depth: usize| rows[depth].iter().min().copied().unwrap_or(0);
                let is_hit = is_prefix && row[query.len()] <= max_edits;
                if !is_hit && (least(depth) <= max_edits || least(depth - 1) < max_edits) {
                    continue;
                }
                let prefix = &word[..end];
                let next = self.first_after(id, |other| other.starts_with(prefix));
                if is_hit {
                    near.prefixes.push((id..next, row[query.len()]));
                }
                id = next;
                continue 'words;
            }
            let edits = rows[path.len()][query.len()];
            if edits <= max_edits {
                near.words.push((id, edits));
            }
            id += 1;
        }
        near
    }
}

/// Adds the row of the optimal string alignment table for one more letter.
fn push_row(rows: &mut Vec<Vec<u8>>, path: &mut Vec<char>, query: &[char], letter: char) {
    let depth = path.len() + 1;
    let last = &rows[depth - 1];
    let mut row = Vec::with_capacity(query.len() + 1);
    row.push(depth.min(100) as u8);
    for at in 1..=query.len() {
        let is_equal = query[at - 1] == letter;
        let mut best = (last[at - 1] + u8::from(!is_equal)).min(last[at] + 1).min(row[at - 1] + 1);
        if depth > 1 && at > 1 && query[at - 2] == letter && path[depth - 2] == query[at - 1] {
            best = best.min(rows[depth - 2][at - 2] + 1);
        }
        row.push(best.min(100));
    }
    rows.push(row);
    path.push(letter);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(x: &str, y: &str) -> u8 {
        let query: Vec<char> = y.chars().collect();
        let mut rows: Vec<Vec<u8>> = vec![(0..=query.len() as u8).collect()];
        let mut path = Vec::new();
        x.chars().for_each(|letter| push_row(&mut rows, &mut path, &query, letter));
        rows[path.len()][query.len()]
    }

    #[test]
    fn counts_edits_of_common_typos() {
        for (x, y, edits) in [
            ("godfater", "godfather", 1),
            ("godfahter", "godfather", 1),
            ("matirx", "matrix", 1),
            ("heat", "heat", 0),
            ("", "ab", 2),
            ("abc", "xyz", 3),
        ] {
            assert_eq!(distance(x, y), edits, "{x} {y}");
        }
    }

    proptest! {
        #[test]
        fn finds_every_similar_word(
            words in proptest::collection::btree_set("[a-c]{1,6}", 1..60),
            query in "[a-c]{1,6}",
            max_edits in 1_u8..3,
        ) {
            let sorted: Vec<&str> = words.iter().map(String::as_str).collect();
            let lexicon = Lexicon::new(&sorted);
            let expected: Vec<(u32, u8)> = sorted.iter().zip(0..)
                .map(|(word, id)| (id, distance(word, &query)))
                .filter(|(_, edits)| *edits <= max_edits)
                .collect();
            prop_assert_eq!(lexicon.near(&query, max_edits, false, false).words, expected);
            for (word, id) in sorted.iter().zip(0..) {
                prop_assert_eq!(lexicon.id(word), Some(id));
                prop_assert_eq!(lexicon.starting_with(&query).contains(&id), word.starts_with(&query));
            }
        }
    }
}
