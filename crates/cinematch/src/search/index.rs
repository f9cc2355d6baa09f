//! Inverted index that maps words to movies, and the search over it.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::distance::Word;
use crate::catalog::Movie;
use crate::catalog::matching::fold_title;
use crate::ids::MovieIdx;

/// Weight of a word, depending on the field that contains it.
const TITLE_WEIGHT: f32 = 1.0;
const ALTERNATIVE_TITLE_WEIGHT: f32 = 0.95;
const PERSON_WEIGHT: f32 = 0.6;
const KEYWORD_WEIGHT: f32 = 0.4;

/// Weight of a match on an incomplete word, and penalty for each edit.
const PREFIX_WEIGHT: f32 = 0.9;
const EDIT_PENALTY: f32 = 0.3;
/// Bonuses for a movie whose title has no other words, for a movie from the requested year, and for
/// popularity. The movie with the most votes gets the full popularity bonus, and others get a fraction of
/// it.
const EXACT_TITLE_BONUS: f32 = 0.5;
const YEAR_BONUS: f32 = 0.6;
const POPULARITY_BONUS: f32 = 0.45;

/// Common title words, which are given a low weight.
const STOP_WORDS: [&str; 12] =
    ["the", "a", "an", "of", "and", "in", "la", "le", "der", "die", "das", "el"];
const STOP_WORD_WEIGHT: f32 = 0.15;

/// Maximum number of words in a query. Any further words are ignored.
const MAX_WORDS: usize = 12;

/// A movie that matches a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Index of the matching movie.
    pub movie: MovieIdx,
    /// Relevance score, 0 or higher.
    pub score: f32,
}

/// An inverted index that maps the words in a catalog to its movies.
#[derive(Debug)]
pub struct SearchIndex {
    words: Vec<Word>,
    texts: Vec<String>,
    /// The postings for word w are at `starts[w]..starts[w + 1]`.
    starts: Vec<u32>,
    postings: Vec<Posting>,
    /// Number of words in each title, excluding stop words.
    title_lengths: Vec<u8>,
    years: Vec<Option<u16>>,
    /// Logarithm of each movie's vote count, scaled so that the movie with the most votes has 1.
    popularity: Vec<f32>,
}

/// An occurrence of a word in a movie.
#[derive(Clone, Copy, Debug)]
struct Posting {
    movie: u32,
    /// Weight of the field that contains the word.
    weight: f32,
}

/// Per-movie accumulators for a search, reused between searches.
#[derive(Default)]
struct Accumulators {
    /// Sum of the best matches for the query words processed so far.
    sum: Vec<f32>,
    /// Number of query words that the movie matches.
    found: Vec<u8>,
    /// Weight of the best match for the current query word.
    best: Vec<f32>,
    /// Movies with a nonzero sum.
    touched: Vec<u32>,
    /// Movies that match the current query word.
    current: Vec<u32>,
}

thread_local! {
    static ACCUMULATORS: RefCell<Accumulators> = RefCell::default();
}

impl SearchIndex {
    /// Indexes `movies`. Takes O(n log n) time for n words in all movies.
    pub fn new(movies: &[Movie]) -> Self {
        let mut word_ids: FxHashMap<String, u32> = FxHashMap::default();
        let mut texts: Vec<String> = Vec::new();
        let mut postings: Vec<(u32, Posting)> = Vec::new();
        let mut title_lengths = Vec::with_capacity(movies.len());
        for (movie, row) in movies.iter().zip(0..) {
            let first = postings.len();
            let mut add = |text: &str, weight: f32| {
                for word in fold_title(text).split(' ').filter(|word| !word.is_empty()) {
                    let word_id = *word_ids.entry(word.to_owned()).or_insert_with(|| {
                        texts.push(word.to_owned());
                        texts.len() as u32 - 1
                    });
                    postings.push((word_id, Posting { movie: row, weight }));
                }
            };
            add(&movie.title, TITLE_WEIGHT);
            // Users also type "Spider-Man" as "spiderman" and "E.T." as "et".
            for word in movie.title.split_whitespace().map(fold_title) {
                if word.contains(' ') {
                    add(&word.replace(' ', ""), TITLE_WEIGHT);
                }
            }
            movie.alt_titles.iter().for_each(|title| add(title, ALTERNATIVE_TITLE_WEIGHT));
            movie.directors.iter().chain(&movie.cast).for_each(|name| add(name, PERSON_WEIGHT));
            movie.keywords.iter().for_each(|keyword| add(keyword, KEYWORD_WEIGHT));
            // If a word occurs in several fields of a movie, it keeps its highest weight.
            let movie_postings = &mut postings[first..];
            movie_postings.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.weight.total_cmp(&a.1.weight)));
            let mut n_kept = first;
            for index in first..postings.len() {
                if index == first || postings[index].0 != postings[n_kept - 1].0 {
                    postings[n_kept] = postings[index];
                    n_kept += 1;
                }
            }
            postings.truncate(n_kept);
            let title = fold_title(&movie.title);
            let length = title.split(' ').filter(|word| !STOP_WORDS.contains(word)).count();
            title_lengths.push(length.min(255) as u8);
        }
        postings.sort_by_key(|(word, _)| *word);
        let mut starts = vec![0; texts.len() + 1];
        for (word, _) in &postings {
            starts[*word as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let votes = |movie: &Movie| f64::from(movie.vote_count.unwrap_or(0)).ln_1p() as f32;
        let max_votes = movies.iter().map(votes).fold(1.0, f32::max);
        Self {
            words: texts.iter().map(|text| Word::new(text)).collect(),
            texts,
            starts,
            postings: postings.into_iter().map(|(_, posting)| posting).collect(),
            title_lengths,
            years: movies.iter().map(|movie| movie.year).collect(),
            popularity: movies.iter().map(|movie| votes(movie) / max_votes).collect(),
        }
    }

    /// Returns the `limit` most relevant movies, best first. Ties are broken by catalog order.
    ///
    /// Takes O(w + p) time for w distinct words in the catalog and p postings for the words that match.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let is_incomplete = query.ends_with(|last: char| last.is_alphanumeric());
        let query = fold_title(query);
        let words: Vec<&str> =
            query.split(' ').filter(|word| !word.is_empty()).take(MAX_WORDS).collect();
        let year_position =
            words.iter().rposition(|word| is_year(word)).filter(|_| words.len() > 1);
        let year = year_position.and_then(|position| words[position].parse().ok());
        let weights: Vec<f32> = words
            .iter()
            .map(|word| if STOP_WORDS.contains(word) { STOP_WORD_WEIGHT } else { 1.0 })
            .collect();
        ACCUMULATORS.with_borrow_mut(|sums| {
            sums.resize(self.years.len());
            for (index, (word, weight)) in words.iter().zip(&weights).enumerate() {
                let has_others = words.len() > 1;
                let is_incomplete = is_incomplete && index + 1 == words.len();
                self.add_word((word, has_others), is_incomplete, *weight, sums);
            }
            let hits = self.rank(&words, year_position.zip(year), sums, limit);
            sums.clear();
            hits
        })
    }

    /// Adds the matches for one query word to the accumulators. `has_others` is true if the query
    /// contains other words.
    fn add_word(
        &self,
        (text, has_others): (&str, bool),
        is_incomplete: bool,
        weight: f32,
        sums: &mut Accumulators,
    ) {
        let word = Word::new(text);
        // A single edit usually turns a short word into a different word. A three-letter word may be
        // misspelled only if other words narrow the results.
        let max_edits = match word.len() {
            0..=2 => 0,
            3 => u8::from(has_others && !STOP_WORDS.contains(&text)),
            4..=7 => 1,
            _ => 2,
        };
        for (index, candidate) in self.words.iter().enumerate() {
            let whole = word.distance(candidate, max_edits, false);
            let prefix = if is_incomplete && word.len() > 1 && candidate.len() > word.len() {
                word.distance(candidate, max_edits.min(1), true)
            } else {
                None
            };
            let quality = |edits: u8, max: f32| max - EDIT_PENALTY * f32::from(edits);
            let whole = whole.map(|edits| quality(edits, 1.0));
            // The more letters are missing, the less a prefix match counts.
            let share = word.len() as f32 / candidate.len().max(1) as f32;
            let prefix = prefix.map(|edits| quality(edits, PREFIX_WEIGHT) * (0.75 + 0.25 * share));
            let Some(quality) = whole.into_iter().chain(prefix).reduce(f32::max) else { continue };
            // `Word` truncates long words, so check the full text for equality.
            let quality = if quality >= 1.0 && self.texts[index] != text { 0.95 } else { quality };
            let postings = self.starts[index] as usize..self.starts[index + 1] as usize;
            for posting in &self.postings[postings] {
                sums.add(posting.movie, quality * posting.weight);
            }
        }
        sums.end_word(weight);
    }

    /// Scores the accumulated movies and returns the `limit` best, best first.
    fn rank(
        &self,
        words: &[&str],
        year: Option<(usize, u16)>,
        sums: &Accumulators,
        limit: usize,
    ) -> Vec<Hit> {
        // The year is optional. If there are three or more other words, one of them may be missing.
        let needed = words.len() - usize::from(year.is_some());
        let needed = needed - usize::from(needed >= 3);
        let n_distinctive = words.iter().filter(|word| !STOP_WORDS.contains(word)).count();
        let mut hits: Vec<Hit> = sums
            .touched
            .iter()
            .filter(|movie| usize::from(sums.found[**movie as usize]) >= needed.max(1))
            .map(|movie| {
                let row = *movie as usize;
                let is_of_year = year.is_some_and(|(_, year)| self.years[row] == Some(year));
                let expected = n_distinctive - usize::from(year.is_some() && is_of_year);
                let length = usize::from(self.title_lengths[row]).max(1);
                let whole = expected.min(length) as f32 / expected.max(length).max(1) as f32;
                let score = sums.sum[row] / words.len() as f32
                    + EXACT_TITLE_BONUS * whole
                    + if is_of_year { YEAR_BONUS } else { 0.0 }
                    + POPULARITY_BONUS * self.popularity[row];
                Hit { movie: MovieIdx(*movie), score }
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.movie.cmp(&b.movie)));
        hits.truncate(limit);
        hits
    }
}

/// Returns true if `word` is a plausible release year, from 1870 to 2100.
fn is_year(word: &str) -> bool {
    word.len() == 4 && word.parse::<u16>().is_ok_and(|year| (1870..=2100).contains(&year))
}

impl Accumulators {
    /// Grows the accumulators to fit the catalog.
    fn resize(&mut self, n_movies: usize) {
        self.sum.resize(n_movies.max(self.sum.len()), 0.0);
        self.found.resize(self.sum.len(), 0);
        self.best.resize(self.sum.len(), 0.0);
    }

    /// Records a match for the current query word.
    fn add(&mut self, movie: u32, value: f32) {
        let best = &mut self.best[movie as usize];
        if *best == 0.0 {
            self.current.push(movie);
        }
        *best = best.max(value);
    }

    /// Adds each movie's best match for the current query word to its sum.
    fn end_word(&mut self, weight: f32) {
        for movie in self.current.drain(..) {
            let row = movie as usize;
            if self.found[row] == 0 {
                self.touched.push(movie);
            }
            self.found[row] += 1;
            self.sum[row] += weight * std::mem::take(&mut self.best[row]);
        }
    }

    /// Resets the entries that the search changed.
    fn clear(&mut self) {
        for movie in self.touched.drain(..) {
            self.sum[movie as usize] = 0.0;
            self.found[movie as usize] = 0;
        }
    }
}
