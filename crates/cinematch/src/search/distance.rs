//! Edit distance from one word to another, or to a prefix of it, up to a limit. Uses optimal string
//! alignment: insertions, deletions, substitutions and swaps of adjacent letters.

/// Number of letters to compare. Longer words are truncated.
const MAX_LETTERS: usize = 24;

/// A word prepared for comparison.
#[derive(Clone, Debug)]
pub(super) struct Word {
    letters: [u8; MAX_LETTERS],
    length: u8,
    /// Bitmask of the letters in the word. Letters whose codes differ by a multiple of 32 share a bit.
    mask: u32,
}

impl Word {
    /// Prepares `text` for comparison. Letters outside ASCII are reduced to the low bits of their code
    /// points.
    pub(crate) fn new(text: &str) -> Self {
        let (mut letters, mut length, mut mask) = ([0; MAX_LETTERS], 0, 0);
        for (slot, letter) in letters.iter_mut().zip(text.chars()) {
            *slot = if letter.is_ascii() { letter as u8 } else { letter as u32 as u8 | 0x80 };
            mask |= 1 << (*slot & 31);
            length += 1;
        }
        Self { letters, length, mask }
    }

    /// Returns the number of letters, capped at 24.
    pub(crate) fn len(&self) -> usize {
        self.length.into()
    }

    fn letters(&self) -> &[u8] {
        &self.letters[..self.len()]
    }

    /// Returns the distance to `other`, or to its nearest prefix if `is_prefix` is true. Returns `None` if
    /// the distance exceeds `max_edits`.
    ///
    /// Takes O(n · m) time for words of n and m letters, but O(1) for most pairs, which differ too much
    /// in length or letters.
    pub(crate) fn distance(&self, other: &Self, max_edits: u8, is_prefix: bool) -> Option<u8> {
        // Each letter that occurs in only one of the words requires at least one edit. A single
        // substitution can account for one such letter in each word, so the words are checked separately.
        let (only_self, only_other) = (self.mask & !other.mask, other.mask & !self.mask);
        let too_short = self.len() > other.len() + usize::from(max_edits);
        let too_long = !is_prefix && other.len() > self.len() + usize::from(max_edits);
        if too_short
            || too_long
            || only_self.count_ones() > max_edits.into()
            || (!is_prefix && only_other.count_ones() > max_edits.into())
        {
            return None;
        }
        let (a, b) = (self.letters(), other.letters());
        let b = if is_prefix { &b[..b.len().min(a.len() + usize::from(max_edits))] } else { b };
        // The last three rows of the dynamic programming table.
        let mut second_last = [0_u8; MAX_LETTERS + 1];
        let mut last: [u8; MAX_LETTERS + 1] = std::array::from_fn(|index| index as u8);
        let mut row = [0_u8; MAX_LETTERS + 1];
        for i in 1..=a.len() {
            row[0] = i as u8;
            let mut smallest = row[0];
            for j in 1..=b.len() {
                let same = a[i - 1] == b[j - 1];
                let mut best = (last[j - 1] + u8::from(!same)).min(last[j] + 1).min(row[j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(second_last[j - 2] + 1);
                }
                row[j] = best;
                smallest = smallest.min(best);
            }
            // A swap in the next row builds on the row before this one, so allow one edit more than the
            // limit.
            if smallest > max_edits + 1 {
                return None;
            }
            second_last = last;
            last = row;
        }
        let distance = if is_prefix {
            last[..=b.len()].iter().copied().min().unwrap_or(u8::MAX)
        } else {
            last[b.len()]
        };
        (distance <= max_edits).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(a: &str, b: &str, is_prefix: bool) -> Option<u8> {
        Word::new(a).distance(&Word::new(b), 2, is_prefix)
    }

    #[test]
    fn counts_edits_of_common_typos() {
        for (a, b, expected) in [
            ("godfater", "godfather", Some(1)),
            ("godfahter", "godfather", Some(1)),
            ("heat", "heat", Some(0)),
            ("matirx", "matrix", Some(1)),
            ("shawshenk", "shawshank", Some(1)),
            ("abc", "xyz", None),
            ("heat", "heathers", None),
            ("", "ab", Some(2)),
        ] {
            assert_eq!(distance(a, b, false), expected, "{a} {b}");
        }
        assert_eq!(distance("heat", "heathers", true), Some(0));
        assert_eq!(distance("hoath", "heathers", true), Some(1));
    }

    proptest! {
        #[test]
        fn matches_the_full_dynamic_programming_table(a in "[a-d]{0,9}", b in "[a-d]{0,9}", is_prefix: bool) {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let mut table = vec![vec![0_usize; y.len() + 1]; x.len() + 1];
            for i in 0..=x.len() {
                for j in 0..=y.len() {
                    table[i][j] = if i == 0 { j } else if j == 0 { i } else {
                        let change = usize::from(x[i - 1] != y[j - 1]);
                        let mut best = (table[i - 1][j - 1] + change)
                            .min(table[i - 1][j] + 1)
                            .min(table[i][j - 1] + 1);
                        if i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1] {
                            best = best.min(table[i - 2][j - 2] + 1);
                        }
                        best
                    };
                }
            }
            let last = &table[x.len()];
            let expected = if is_prefix { *last.iter().min().unwrap() } else { last[y.len()] };
            let expected = (expected <= 2).then_some(expected as u8);
            prop_assert_eq!(distance(&a, &b, is_prefix), expected);
        }
    }
}
