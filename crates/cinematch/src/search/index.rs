//! The index of words, titles, people and keywords.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::entities::{Entity, Kind};
use super::hit::PersonHit;
use super::lexicon::Lexicon;
use super::titles::Form;
use super::words::words;
use crate::ids::MovieIdx;

/// A search index of the titles, people and keywords of a catalog.
///
/// Movies are stored by rank, the most popular first, so that the first postings of a word are its most popular
/// movies.
#[derive(Debug)]
pub struct SearchIndex {
    pub(super) lexicon: Lexicon,
    /// True for words that don't need to match, by word.
    pub(super) is_common: Vec<bool>,
    /// Movies by words of their titles.
    pub(super) title_postings: Postings,
    /// Entities by words of their names.
    pub(super) entity_postings: Postings,
    pub(super) titles: Vec<Title>,
    /// The titles of the movie with rank r are at `title_starts[r]..title_starts[r + 1]`.
    pub(super) title_starts: Vec<u32>,
    /// Words of all titles.
    pub(super) tokens: Vec<u32>,
    pub(super) entities: Vec<Entity>,
    /// Position in its series of each movie, or 0.
    pub(super) parts: Vec<u8>,
    /// True for each movie that starts a series.
    pub(super) is_first: Vec<bool>,
    pub(super) years: Vec<Option<u16>>,
    /// Logarithm of each movie's vote count, scaled so that the movie with the most votes has 1.
    pub(super) popularity: Vec<f32>,
    /// Row of each movie in the catalog.
    pub(super) rows: Vec<u32>,
    pub(super) by_imdb: FxHashMap<u64, MovieIdx>,
    pub(super) by_tmdb: FxHashMap<u64, MovieIdx>,
    /// Alternative titles, by row.
    pub(super) names: Vec<Box<[String]>>,
}

/// A form of a title in [`SearchIndex::tokens`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Title {
    pub form: Form,
    pub start: u32,
    pub n_words: u8,
    /// Number of words before the subtitle, or 0.
    pub n_head: u8,
}

impl Title {
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + usize::from(self.n_words)
    }
}

/// Lists of items by word, each in ascending order.
#[derive(Debug)]
pub(super) struct Postings {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Postings {
    /// Creates the lists for items `0..n_items` with the given words.
    pub(super) fn new<I: Iterator<Item = u32>>(
        n_words: u32,
        n_items: usize,
        words_of: impl Fn(usize) -> I,
    ) -> Self {
        let mut distinct = Vec::new();
        let mut each = |visit: &mut dyn FnMut(u32, u32)| {
            for item in 0..n_items {
                distinct.clear();
                distinct.extend(words_of(item));
                distinct.sort_unstable();
                distinct.dedup();
                for word in &distinct {
                    visit(*word, item as u32);
                }
            }
        };
        let mut starts = vec![0_u32; n_words as usize + 1];
        each(&mut |word, _| starts[word as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts.last().copied().unwrap_or(0) as usize];
        each(&mut |word, item| {
            items[next[word as usize] as usize] = item;
            next[word as usize] += 1;
        });
        Self { starts, items }
    }

    pub(super) fn of(&self, word: u32) -> &[u32] {
        let word = word as usize;
        &self.items[self.starts[word] as usize..self.starts[word + 1] as usize]
    }

    /// Returns the total length of the lists of `words`. O(1).
    pub(super) fn count(&self, words: &Range<u32>) -> u32 {
        self.starts[words.end as usize] - self.starts[words.start as usize]
    }
}

impl SearchIndex {
    /// Returns the person whose name has the same letters as `name`, ignoring case, accents and punctuation.
    pub fn person(&self, name: &str) -> Option<PersonHit> {
        let ids: Option<Vec<u32>> = words(name).iter().map(|word| self.lexicon.id(word)).collect();
        let ids = ids?;
        let candidates = self.entity_postings.of(*ids.first()?).iter();
        let entity = candidates
            .map(|id| &self.entities[*id as usize])
            .find(|entity| entity.kind == Kind::Person && *entity.words == *ids)?;
        Some(self.person_hit(entity))
    }

    pub(super) fn person_hit(&self, person: &Entity) -> PersonHit {
        let movies = person.movies.iter();
        PersonHit {
            name: person.name.to_string(),
            movies: movies.map(|(rank, _)| MovieIdx(self.rows[*rank as usize])).collect(),
        }
    }

    pub(super) fn titles_of(&self, rank: u32) -> &[Title] {
        let rank = rank as usize;
        &self.titles[self.title_starts[rank] as usize..self.title_starts[rank + 1] as usize]
    }
}
