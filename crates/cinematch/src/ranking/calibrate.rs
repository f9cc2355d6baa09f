//! Calibration to the user's genres (Steck, "Calibrated Recommendations", 2018): prefers lists whose genre
//! distribution is close to that of the movies the user liked.
//!
//! Let p be the genre distribution of the history and q that of a list, with each movie spreading a weight of
//! 1 over its genres. The distance is the Kullback–Leibler divergence in nats:
//!
//! ```text
//! Σ p ln(p / q̃),  q̃ = (1 − α) q + α p,  α = 0.01
//! ```
//!
//! A list grows by one movie at a time. The effect of adding a movie depends only on which genres it has and
//! on how many, so each position takes one logarithm per pair of genre and genre count, and each movie takes
//! one addition per genre.

use std::ops::Range;

use super::request::HistoryItem;
use crate::ids::MovieIdx;
use crate::retrieval::FilterIndex;

/// α: weight of p in q̃. It keeps the distance finite if the list lacks a genre in the history.
const SMOOTHING: f32 = 0.01;

/// The genre distribution of a user's history.
#[derive(Debug)]
pub(super) struct GenreMix<'a> {
    index: &'a FilterIndex,
    /// Genres of liked movies, with their proportions p.
    liked: Vec<(usize, f32)>,
}

/// The distance between a growing list and a genre distribution, with tables of the effect of each candidate.
#[derive(Debug)]
pub(super) struct Calibration<'a> {
    mix: GenreMix<'a>,
    /// Sum of the listed movies' weights on each liked genre.
    in_list: Vec<f32>,
    /// Number of movies in the list that have genres.
    n_movies: f32,
    /// Distinct pairs of a liked genre and the genre count of a movie that has it, in ascending order.
    counts: Vec<(usize, usize)>,
    /// Change in [`Self::base`] for each liked genre a movie has, indexed by the movie's genre count and by
    /// genre.
    table: Vec<f32>,
    /// Liked genres of each movie, as indices into the list of liked genres.
    positions: Vec<u16>,
    /// Negative distance, up to a constant, after adding a movie without liked genres.
    base: f32,
    /// Negative distance, up to a constant, after adding a movie without genres. `None` if all candidates
    /// have genres.
    unchanged: Option<f32>,
}

/// A movie's genres, as stored by [`Calibration`].
#[derive(Clone, Debug)]
pub(super) struct MovieGenres {
    /// Range of the movie's liked genres in [`Calibration::positions`].
    liked: Range<usize>,
    /// The movie's genre count.
    n_genres: usize,
}

impl<'a> GenreMix<'a> {
    /// Computes the genre distribution of the movies with positive signals, weighted by signal. Returns
    /// `None` if none of them has genres. O(history · genres).
    pub(crate) fn new(index: &'a FilterIndex, history: &[HistoryItem]) -> Option<Self> {
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
    /// Creates an empty list that can take candidates from `movies`. Returns the list and each candidate's
    /// genres.
    pub(crate) fn new(
        mix: GenreMix<'a>,
        movies: impl Iterator<Item = MovieIdx>,
    ) -> (Self, Vec<MovieGenres>) {
        let n_liked = mix.liked.len();
        let mut position_of = vec![None; mix.index.genres.names().len()];
        for (position, (genre, _)) in (0_u16..).zip(&mix.liked) {
            position_of[*genre] = Some(position);
        }
        let mut positions = Vec::with_capacity(256);
        let genres_of: Vec<MovieGenres> = movies
            .map(|movie| {
                let (genres, start) = (mix.index.genres_of(movie.row()), positions.len());
                each_bit(genres, |genre| positions.extend(position_of[genre]));
                MovieGenres { liked: start..positions.len(), n_genres: count(genres) }
            })
            .collect();
        let mut table = vec![0.0; n_liked];
        let mut counts = Vec::with_capacity(positions.len());
        for movie in &genres_of {
            table.resize(table.len().max((movie.n_genres + 1) * n_liked), 0.0);
            let movie_positions = &positions[movie.liked.clone()];
            counts.extend(
                movie_positions.iter().map(|position| (usize::from(*position), movie.n_genres)),
            );
        }
        counts.sort_unstable();
        counts.dedup();
        let has_movie_without_genres = genres_of.iter().any(|movie| movie.n_genres == 0);
        let calibration = Self {
            in_list: vec![0.0; n_liked],
            n_movies: 0.0,
            counts,
            table,
            positions,
            base: 0.0,
            unchanged: has_movie_without_genres.then_some(0.0),
            mix,
        };
        (calibration, genres_of)
    }

    /// Appends a movie to the list.
    pub(crate) fn push(&mut self, movie: &MovieGenres) {
        if movie.n_genres > 0 {
            self.n_movies += 1.0;
        }
        for position in &self.positions[movie.liked.clone()] {
            self.in_list[usize::from(*position)] += (movie.n_genres as f32).recip();
        }
    }

    /// Updates the tables for the next position. Takes one logarithm per liked genre and one per entry in
    /// [`Self::counts`].
    pub(crate) fn prepare(&mut self) {
        let Self { mix, in_list, n_movies, counts, table, base, unchanged, .. } = self;
        let n_liked = in_list.len();
        let (current, next) =
            ((1.0 - SMOOTHING) / n_movies.max(1.0), (1.0 - SMOOTHING) / (*n_movies + 1.0));
        let mut counts = counts.iter().peekable();
        *base = 0.0;
        for (position, ((_, share), in_list)) in mix.liked.iter().zip(&*in_list).enumerate() {
            let without = (next * in_list + SMOOTHING * share).ln();
            *base += share * without;
            while let Some((_, n_genres)) = counts.next_if(|(counted, _)| *counted == position) {
                let with = next * (in_list + (*n_genres as f32).recip()) + SMOOTHING * share;
                table[n_genres * n_liked + position] = share * (with.ln() - without);
            }
        }
        if let Some(unchanged) = unchanged {
            let genres = mix.liked.iter().zip(in_list);
            let logs = genres
                .map(|((_, share), in_list)| share * (current * *in_list + SMOOTHING * share).ln());
            *unchanged = logs.sum();
        }
    }

    /// Returns the negative distance, up to a constant, of the list with `movie` added.
    /// O(genres of the movie).
    pub(crate) fn negative_distance(&self, movie: &MovieGenres) -> f32 {
        if movie.n_genres == 0 {
            return self.unchanged.unwrap_or_default();
        }
        let row = &self.table[movie.n_genres * self.in_list.len()..];
        self.positions[movie.liked.clone()]
            .iter()
            .fold(self.base, |sum, position| sum + row[usize::from(*position)])
    }
}

/// Returns the number of bits that are set.
fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// Calls `each` with the position of each bit that is set.
fn each_bit(words: &[u64], mut each: impl FnMut(usize)) {
    for (index, word) in words.iter().enumerate() {
        let mut word = *word;
        while word != 0 {
            each(index * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}
