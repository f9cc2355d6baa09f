//! Search as people type: titles, alternative titles, people and keywords, with typing errors, the words
//! in any order, the last one perhaps unfinished, a year as a hint.
//!
//! Every word of the query is compared with every word that the catalogue has (O(words) with a few
//! operations each); the films of the words it may be are added up. A film has to have
//! all words of the query but one in three.

mod distance;

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::catalog::Movie;
use crate::catalog::matching::folded;
use crate::ids::MovieIdx;
use distance::Word;

/// Where a word of a film stands, and what it counts there.
const TITLE: f32 = 1.0;
const ALTERNATIVE: f32 = 0.95;
const PERSON: f32 = 0.6;
const KEYWORD: f32 = 0.4;

/// What a word counts that is begun, and how much less for every letter that is wrong.
const BEGUN: f32 = 0.9;
const WRONG: f32 = 0.3;
/// What having no other words in its title counts for a film, having the year asked for, being the most
/// popular of all.
const WHOLE_TITLE: f32 = 0.5;
const YEAR: f32 = 0.6;
const POPULARITY: f32 = 0.45;

/// Words that nearly every title could have: what they are found in says little.
const COMMON: [&str; 12] =
    ["the", "a", "an", "of", "and", "in", "la", "le", "der", "die", "das", "el"];
const COMMON_WEIGHT: f32 = 0.15;

/// The longest query looked at: words beyond are passed over.
const MOST_WORDS: usize = 12;

/// A film found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The film.
    pub movie: MovieIdx,
    /// How well it fits, 0 and up.
    pub score: f32,
}

/// The words of a catalogue and their films.
#[derive(Debug)]
pub struct SearchIndex {
    words: Vec<Word>,
    texts: Vec<String>,
    /// The films of word w are those from `starts[w]` to `starts[w + 1]`.
    starts: Vec<u32>,
    movies: Vec<Place>,
    /// Words of every film's title, common ones aside.
    title_lengths: Vec<u8>,
    years: Vec<Option<u16>>,
    /// 0 to 1.
    popularity: Vec<f32>,
}

/// A film that has a word, and what the word counts there.
#[derive(Clone, Copy, Debug)]
struct Place {
    movie: u32,
    counts: f32,
}

/// Sums of one search, kept from search to search.
#[derive(Default)]
struct Sums {
    /// Of every film: its sum, the words found, and the best of the word looked at now.
    sum: Vec<f32>,
    found: Vec<u8>,
    best: Vec<f32>,
    /// Films with a sum, and films of this word.
    touched: Vec<u32>,
    now: Vec<u32>,
}

thread_local! {
    static SUMS: RefCell<Sums> = RefCell::default();
}

impl SearchIndex {
    /// Indexes films. O(words of all films).
    pub fn new(movies: &[Movie]) -> Self {
        let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
        let mut texts: Vec<String> = Vec::new();
        let mut places: Vec<(u32, Place)> = Vec::new();
        let mut title_lengths = Vec::with_capacity(movies.len());
        for (movie, film) in movies.iter().zip(0..) {
            let first = places.len();
            let mut add = |text: &str, counts: f32| {
                for word in folded(text).split(' ').filter(|word| !word.is_empty()) {
                    let number = *numbers.entry(word.to_owned()).or_insert_with(|| {
                        texts.push(word.to_owned());
                        texts.len() as u32 - 1
                    });
                    places.push((number, Place { movie: film, counts }));
                }
            };
            add(&movie.title, TITLE);
            // Spider-Man is also looked for as spiderman, E.T. as et.
            for whole in movie.title.split_whitespace().map(folded) {
                if whole.contains(' ') {
                    add(&whole.replace(' ', ""), TITLE);
                }
            }
            movie.alt_titles.iter().for_each(|title| add(title, ALTERNATIVE));
            movie.directors.iter().chain(&movie.cast).for_each(|name| add(name, PERSON));
            movie.keywords.iter().for_each(|keyword| add(keyword, KEYWORD));
            // Of a word at several places the one that counts most stays.
            let of_movie = &mut places[first..];
            of_movie.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.counts.total_cmp(&a.1.counts)));
            let mut kept = first;
            for at in first..places.len() {
                if at == first || places[at].0 != places[kept - 1].0 {
                    places[kept] = places[at];
                    kept += 1;
                }
            }
            places.truncate(kept);
            let title = folded(&movie.title);
            let length = title.split(' ').filter(|word| !COMMON.contains(word)).count();
            title_lengths.push(length.min(255) as u8);
        }
        places.sort_by_key(|(word, _)| *word);
        let mut starts = vec![0; texts.len() + 1];
        for (word, _) in &places {
            starts[*word as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let votes = |movie: &Movie| f64::from(movie.vote_count.unwrap_or(0)).ln_1p() as f32;
        let most = movies.iter().map(votes).fold(1.0, f32::max);
        Self {
            words: texts.iter().map(|text| Word::new(text)).collect(),
            texts,
            starts,
            movies: places.into_iter().map(|(_, place)| place).collect(),
            title_lengths,
            years: movies.iter().map(|movie| movie.year).collect(),
            popularity: movies.iter().map(|movie| votes(movie) / most).collect(),
        }
    }

    /// The `limit` films that fit best, best first; among equals the one that stands first in the
    /// catalogue. O(words + films of the words that fit).
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let unfinished = query.ends_with(|last: char| last.is_alphanumeric());
        let query = folded(query);
        let words: Vec<&str> =
            query.split(' ').filter(|word| !word.is_empty()).take(MOST_WORDS).collect();
        let year_at = words.iter().rposition(|word| is_year(word)).filter(|_| words.len() > 1);
        let year = year_at.and_then(|at| words[at].parse().ok());
        let weights: Vec<f32> = words
            .iter()
            .map(|word| if COMMON.contains(word) { COMMON_WEIGHT } else { 1.0 })
            .collect();
        SUMS.with_borrow_mut(|sums| {
            sums.make_room(self.years.len());
            for (at, (word, weight)) in words.iter().zip(&weights).enumerate() {
                let beside = words.len() > 1;
                self.add_word((word, beside), unfinished && at + 1 == words.len(), *weight, sums);
            }
            let hits = self.rank(&words, year_at.zip(year), sums, limit);
            sums.clear();
            hits
        })
    }

    /// Adds to every film what one word of the query finds in it.
    fn add_word(
        &self,
        (text, beside_others): (&str, bool),
        unfinished: bool,
        weight: f32,
        sums: &mut Sums,
    ) {
        let word = Word::new(text);
        // In a short word any letter may be the one that makes the difference, unless other words tell.
        let most = match word.len() {
            0..=2 => 0,
            3 => u8::from(beside_others && !COMMON.contains(&text)),
            4..=7 => 1,
            _ => 2,
        };
        for (at, candidate) in self.words.iter().enumerate() {
            let whole = word.distance(candidate, most, false);
            let begun = if unfinished && word.len() > 1 && candidate.len() > word.len() {
                word.distance(candidate, most.min(1), true)
            } else {
                None
            };
            let quality = |wrong: u8, of: f32| of - WRONG * f32::from(wrong);
            let whole = whole.map(|wrong| quality(wrong, 1.0));
            // The more is missing, the less it is what was meant.
            let share = word.len() as f32 / candidate.len().max(1) as f32;
            let begun = begun.map(|wrong| quality(wrong, BEGUN) * (0.75 + 0.25 * share));
            let Some(quality) = whole.into_iter().chain(begun).reduce(f32::max) else { continue };
            // Very long words agree in their beginnings; whether they are one is seen in full.
            let quality = if quality >= 1.0 && self.texts[at] != text { 0.95 } else { quality };
            let movies = self.starts[at] as usize..self.starts[at + 1] as usize;
            for place in &self.movies[movies] {
                sums.add(place.movie, quality * place.counts);
            }
        }
        sums.end_word(weight);
    }

    fn rank(
        &self,
        words: &[&str],
        year: Option<(usize, u16)>,
        sums: &Sums,
        limit: usize,
    ) -> Vec<Hit> {
        // A year may be a hint alone; of three words and more one may be somebody's mistake.
        let needed = words.len() - usize::from(year.is_some());
        let needed = needed - usize::from(needed >= 3);
        let n_told = words.iter().filter(|word| !COMMON.contains(word)).count();
        let mut hits: Vec<Hit> = sums
            .touched
            .iter()
            .filter(|film| usize::from(sums.found[**film as usize]) >= needed.max(1))
            .map(|film| {
                let row = *film as usize;
                let of_year = year.is_some_and(|(_, year)| self.years[row] == Some(year));
                let asked = n_told - usize::from(year.is_some() && of_year);
                let length = usize::from(self.title_lengths[row]).max(1);
                let whole = asked.min(length) as f32 / asked.max(length).max(1) as f32;
                let score = sums.sum[row] / words.len() as f32
                    + WHOLE_TITLE * whole
                    + if of_year { YEAR } else { 0.0 }
                    + POPULARITY * self.popularity[row];
                Hit { movie: MovieIdx(*film), score }
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.movie.cmp(&b.movie)));
        hits.truncate(limit);
        hits
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.parse::<u16>().is_ok_and(|year| (1870..=2100).contains(&year))
}

impl Sums {
    fn make_room(&mut self, n_movies: usize) {
        self.sum.resize(n_movies.max(self.sum.len()), 0.0);
        self.found.resize(self.sum.len(), 0);
        self.best.resize(self.sum.len(), 0.0);
    }

    /// A film has a word that the one looked at may be.
    fn add(&mut self, movie: u32, value: f32) {
        let best = &mut self.best[movie as usize];
        if *best == 0.0 {
            self.now.push(movie);
        }
        *best = best.max(value);
    }

    fn end_word(&mut self, weight: f32) {
        for movie in self.now.drain(..) {
            let row = movie as usize;
            if self.found[row] == 0 {
                self.touched.push(movie);
            }
            self.found[row] += 1;
            self.sum[row] += weight * std::mem::take(&mut self.best[row]);
        }
    }

    fn clear(&mut self) {
        for movie in self.touched.drain(..) {
            self.sum[movie as usize] = 0.0;
            self.found[movie as usize] = 0;
        }
    }
}

#[cfg(test)]
mod tests;
