//! Construction of a [`SearchIndex`].

use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::entities::{self, Draft, Entity, Kind};
use super::index::{Postings, SearchIndex, Title};
use super::lexicon::Lexicon;
use super::titles::{TitleForm, title_forms};
use super::words::{is_common, number, words};
use crate::catalog::Movie;
use crate::catalog::series::SeriesIndex;
use crate::ids::MovieIdx;

/// Words with temporary IDs, in order of appearance.
#[derive(Default)]
struct Interner {
    ids: FxHashMap<String, u32>,
}

impl Interner {
    fn id(&mut self, word: String) -> u32 {
        let next = self.ids.len() as u32;
        *self.ids.entry(word).or_insert(next)
    }

    /// Returns the lexicon, and the ID in it for each temporary ID.
    fn finish(self) -> (Lexicon, Vec<u32>) {
        let mut sorted: Vec<(String, u32)> = self.ids.into_iter().collect();
        sorted.par_sort_unstable();
        let mut renumbered = vec![0; sorted.len()];
        for ((_, old), new) in sorted.iter().zip(0..) {
            renumbered[*old as usize] = new;
        }
        let words: Vec<&str> = sorted.iter().map(|(word, _)| word.as_str()).collect();
        (Lexicon::new(&words), renumbered)
    }
}

impl SearchIndex {
    /// Indexes `movies`. Takes O(n log n) time for n words in all movies.
    pub fn new(movies: &[Movie]) -> Self {
        build(movies)
    }
}

fn build(movies: &[Movie]) -> SearchIndex {
    let votes = |movie: &Movie| f64::from(movie.vote_count.unwrap_or(0)).ln_1p() as f32;
    let max_votes = movies.iter().map(votes).fold(1.0, f32::max);
    let mut rows: Vec<u32> = (0..movies.len() as u32).collect();
    rows.par_sort_by_key(|row| Reverse(movies[*row as usize].vote_count));
    let ranked = || rows.iter().map(|row| &movies[*row as usize]);

    let forms: Vec<Vec<TitleForm>> =
        rows.par_iter().map(|row| title_forms(&movies[*row as usize])).collect();
    let mut interner = Interner::default();
    let mut titles = Vec::new();
    let mut title_starts = vec![0];
    let mut tokens = Vec::new();
    for form in forms.into_iter().map(|forms| {
        titles.extend(forms.into_iter().map(|form| {
            let start = tokens.len() as u32;
            tokens.extend(form.words.into_iter().map(|word| interner.id(word)));
            let (n_head, n_words) = (form.n_head as u8, (tokens.len() as u32 - start) as u8);
            Title { form: form.form, start, n_words, n_head }
        }));
        titles.len() as u32
    }) {
        title_starts.push(form);
    }
    let drafts = entities::collect(ranked());
    let drafts: Vec<(Draft<'_>, Vec<u32>)> = drafts
        .into_iter()
        .map(|mut draft| {
            let words = std::mem::take(&mut draft.words);
            (draft, words.into_iter().map(|word| interner.id(word)).collect())
        })
        .collect();
    let (lexicon, renumbered) = interner.finish();
    for token in &mut tokens {
        *token = renumbered[*token as usize];
    }

    let popularity: Vec<f32> = ranked().map(|movie| votes(movie) / max_votes).collect();
    let entities = finish_entities(drafts, &renumbered, &popularity);
    let of_rank = |rank: usize| {
        let titles = &titles[title_starts[rank] as usize..title_starts[rank + 1] as usize];
        titles.iter().copied().flat_map(Title::range).map(|at| tokens[at])
    };
    let title_postings = Postings::new(lexicon.len(), rows.len(), of_rank);
    let entity_postings =
        Postings::new(lexicon.len(), entities.len(), |id| entities[id].words.iter().copied());
    let (parts, is_first) = parts(movies, &rows);
    SearchIndex {
        is_common: (0..lexicon.len()).map(|id| is_common(lexicon.word(id))).collect(),
        title_postings,
        entity_postings,
        parts,
        is_first,
        years: ranked().map(|movie| movie.year).collect(),
        by_imdb: ids(movies, |movie| movie.imdb_id.as_deref()?.parse().ok()),
        by_tmdb: ids(movies, |movie| movie.tmdb_id.map(|id| u64::from(id.0))),
        names: movies.iter().map(|movie| movie.alt_titles.clone().into_boxed_slice()).collect(),
        lexicon,
        titles,
        title_starts,
        tokens,
        entities,
        popularity,
        rows,
    }
}

fn ids(movies: &[Movie], id: impl Fn(&Movie) -> Option<u64>) -> FxHashMap<u64, MovieIdx> {
    let mut ids = FxHashMap::default();
    for (movie, row) in movies.iter().zip(0..) {
        if let Some(id) = id(movie) {
            ids.entry(id).or_insert(MovieIdx(row));
        }
    }
    ids
}

/// Returns the position of each movie in its series, by rank; 0 if it has none. Also returns true for each movie that
/// starts a series.
fn parts(movies: &[Movie], rows: &[u32]) -> (Vec<u8>, Vec<bool>) {
    let series = SeriesIndex::new(movies);
    let mut part_of_row = vec![0; movies.len()];
    let mut is_first = vec![false; movies.len()];
    for series in series.all() {
        if let Some(first) = series.first() {
            is_first[first.row()] = true;
        }
        // The numbers in the titles of a series count more than the order of release, as in *Star Wars*.
        let has_number = |movie: &&MovieIdx| {
            words(&movies[movie.row()].title).iter().any(|word| number(word).is_some())
        };
        if 2 * series.iter().filter(has_number).count() > series.len() + 1 {
            continue;
        }
        for (movie, part) in series.iter().zip(1..=u8::MAX) {
            part_of_row[movie.row()] = part;
        }
    }
    let parts = rows.iter().map(|row| part_of_row[*row as usize]).collect();
    (parts, rows.iter().map(|row| is_first[*row as usize]).collect())
}

/// Sorts entities by prominence, the most prominent first.
fn finish_entities(
    drafts: Vec<(Draft<'_>, Vec<u32>)>,
    renumbered: &[u32],
    popularity: &[f32],
) -> Vec<Entity> {
    // Movies that everybody knows count most, and directors and leading actors more than others.
    let weight = |(draft, _): &(Draft<'_>, Vec<u32>)| -> f32 {
        draft.movies.iter().map(|(rank, role)| role * popularity[*rank as usize].powi(4)).sum()
    };
    let max = drafts
        .iter()
        .filter(|draft| draft.0.kind == Kind::Person)
        .map(weight)
        .fold(0.1, f32::max)
        .ln_1p();
    let mut entities: Vec<Entity> = drafts
        .into_iter()
        .map(|draft| {
            let prominence = (weight(&draft).ln_1p() / max).min(1.0);
            let (draft, words) = draft;
            Entity {
                kind: draft.kind,
                name: draft.name.into(),
                words: words.iter().map(|word| renumbered[*word as usize]).collect(),
                movies: draft.movies.into_boxed_slice(),
                prominence,
            }
        })
        .collect();
    entities.sort_by(|a, b| b.prominence.total_cmp(&a.prominence));
    entities
}
