//! Calibration to a viewer's own genres (Steck, "Calibrated Recommendations", 2018): of two lists
//! the one whose mix of genres is nearer to that of what they liked.
//!
//! With p the genres of the history and q those of a list, each film spreading 1 over its genres,
//! the distance is the Kullback–Leibler divergence in nats
//!
//! ```text
//! Σ p ln(p / q̃),  q̃ = (1 − α) q + α p,  α = 0.01
//! ```
//!
//! A list grows by one film at a time. What a film would make of it depends only on which genres the
//! film has and on how many, so that of each (genre, number of genres) one logarithm is taken a
//! place, and a film adds up one number a genre.

use std::ops::Range;

use super::HistoryItem;
use crate::ids::MovieIdx;
use crate::retrieval::FilterIndex;

/// α: how much of the history's mix is mixed into the list's, so that a genre that the list lacks
/// costs much and not infinitely much.
const MIXED_IN: f32 = 0.01;

/// A viewer's mix of genres.
#[derive(Debug)]
pub(super) struct GenreMix<'a> {
    index: &'a FilterIndex,
    /// The genres they liked films of, with p of each.
    liked: Vec<(usize, f32)>,
}

/// How near a growing list is to a mix, and how near each of some films would bring it.
#[derive(Debug)]
pub(super) struct Calibration<'a> {
    mix: GenreMix<'a>,
    /// Which of the liked genres the films of the list have, in films.
    in_list: Vec<f32>,
    /// The films of the list that have genres at all.
    movies: f32,
    /// Of each liked genre, the numbers of genres that films with it have, in order.
    counts: Vec<(usize, usize)>,
    /// By number of genres, 0 among them, and liked genre: what a film that has it adds to
    /// [`Self::base`].
    table: Vec<f32>,
    /// Every film's liked genres, as places among them.
    places: Vec<u16>,
    /// −distance, up to a constant, behind a film of no liked genre,
    base: f32,
    /// and behind one of no genre, where there is one.
    unchanged: Option<f32>,
}

/// A film's genres as a calibration looks at them.
#[derive(Clone, Debug)]
pub(super) struct MovieGenres {
    /// Where its liked genres are among those of all films.
    liked: Range<usize>,
    /// All of its genres.
    n_genres: usize,
}

impl<'a> GenreMix<'a> {
    /// The genres of the films that speak for others, each film counting what it speaks; `None` if
    /// nothing is liked, or nothing that has genres. O(history · genres).
    pub fn of(index: &'a FilterIndex, history: &[HistoryItem]) -> Option<Self> {
        let mut weights = vec![0.0_f64; index.genres.names().len()];
        for item in history.iter().filter(|item| item.signal.weight > 0.0) {
            let genres = index.genres_of(item.signal.movie.row());
            let weight = f64::from(item.signal.weight) / count(genres) as f64;
            each_bit(genres, |genre| weights[genre] += weight);
        }
        let total: f64 = weights.iter().sum();
        let liked = weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0);
        let liked: Vec<(usize, f32)> =
            liked.map(|(genre, weight)| (genre, (weight / total) as f32)).collect();
        (!liked.is_empty()).then_some(Self { index, liked })
    }
}

impl<'a> Calibration<'a> {
    /// An empty list, for which films are chosen among `movies`, and their genres.
    pub fn new(
        mix: GenreMix<'a>,
        movies: impl Iterator<Item = MovieIdx>,
    ) -> (Self, Vec<MovieGenres>) {
        let n_liked = mix.liked.len();
        let mut place_of = vec![None; mix.index.genres.names().len()];
        for (place, (genre, _)) in (0_u16..).zip(&mix.liked) {
            place_of[*genre] = Some(place);
        }
        let mut places = Vec::with_capacity(256);
        let films: Vec<MovieGenres> = movies
            .map(|movie| {
                let (genres, start) = (mix.index.genres_of(movie.row()), places.len());
                each_bit(genres, |genre| places.extend(place_of[genre]));
                MovieGenres { liked: start..places.len(), n_genres: count(genres) }
            })
            .collect();
        let mut table = vec![0.0; n_liked];
        let mut counts = Vec::with_capacity(places.len());
        for film in &films {
            table.resize(table.len().max((film.n_genres + 1) * n_liked), 0.0);
            let of_movie = &places[film.liked.clone()];
            counts.extend(of_movie.iter().map(|place| (usize::from(*place), film.n_genres)));
        }
        counts.sort_unstable();
        counts.dedup();
        let has_bare = films.iter().any(|film| film.n_genres == 0);
        let calibration = Self {
            in_list: vec![0.0; n_liked],
            movies: 0.0,
            counts,
            table,
            places,
            base: 0.0,
            unchanged: has_bare.then_some(0.0),
            mix,
        };
        (calibration, films)
    }

    /// Puts a film into the list.
    pub fn push(&mut self, movie: &MovieGenres) {
        if movie.n_genres > 0 {
            self.movies += 1.0;
        }
        for place in &self.places[movie.liked.clone()] {
            self.in_list[usize::from(*place)] += (movie.n_genres as f32).recip();
        }
    }

    /// Gets ready for the next place: a logarithm for each liked genre, and for each number of genres
    /// that films with it have.
    pub fn prepare(&mut self) {
        let Self { mix, in_list, movies, counts, table, base, unchanged, .. } = self;
        let n_liked = in_list.len();
        let (now, next) = ((1.0 - MIXED_IN) / movies.max(1.0), (1.0 - MIXED_IN) / (*movies + 1.0));
        let mut counts = counts.iter().peekable();
        *base = 0.0;
        for (place, ((_, share), in_list)) in mix.liked.iter().zip(&*in_list).enumerate() {
            let without = (next * in_list + MIXED_IN * share).ln();
            *base += share * without;
            while let Some((_, n_genres)) = counts.next_if(|(of, _)| *of == place) {
                let with = next * (in_list + (*n_genres as f32).recip()) + MIXED_IN * share;
                table[n_genres * n_liked + place] = share * (with.ln() - without);
            }
        }
        if let Some(unchanged) = unchanged {
            let genres = mix.liked.iter().zip(in_list);
            let logs = genres
                .map(|((_, share), in_list)| share * (now * *in_list + MIXED_IN * share).ln());
            *unchanged = logs.sum();
        }
    }

    /// −distance of the list with this film behind it, up to a constant. O(genres of the film).
    pub fn nearness(&self, movie: &MovieGenres) -> f32 {
        if movie.n_genres == 0 {
            return self.unchanged.unwrap_or_default();
        }
        let row = &self.table[movie.n_genres * self.in_list.len()..];
        self.places[movie.liked.clone()]
            .iter()
            .fold(self.base, |sum, place| sum + row[usize::from(*place)])
    }
}

/// The number of bits set.
fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// Calls `each` with every bit that is set.
fn each_bit(words: &[u64], mut each: impl FnMut(usize)) {
    for (at, word) in words.iter().enumerate() {
        let mut word = *word;
        while word != 0 {
            each(at * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}
