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

use super::HistoryItem;
use super::parts::has_bit;
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
    films: f32,
    /// The most genres that a film has.
    most: usize,
    /// By number of genres, from 1, and liked genre: what a film that has it adds to [`Self::base`].
    table: Vec<f32>,
    /// −distance, up to a constant, behind a film of no liked genre,
    base: f32,
    /// and behind one of no genre.
    unchanged: f32,
}

/// A film's genres as a calibration looks at them.
#[derive(Debug)]
pub(super) struct FilmGenres {
    /// Places among the liked genres.
    liked: Vec<u16>,
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
            let n_genres: u32 = genres.iter().map(|word| word.count_ones()).sum();
            for (genre, weight) in weights.iter_mut().enumerate() {
                if has_bit(genres, genre) {
                    *weight += f64::from(item.signal.weight) / f64::from(n_genres);
                }
            }
        }
        let total: f64 = weights.iter().sum();
        let liked = weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0);
        let liked: Vec<(usize, f32)> =
            liked.map(|(genre, weight)| (genre, (weight / total) as f32)).collect();
        (!liked.is_empty()).then_some(Self { index, liked })
    }

    fn genres_of(&self, movie: MovieIdx) -> FilmGenres {
        let genres = self.index.genres_of(movie.row());
        let places = (0_u16..).zip(&self.liked);
        let liked = places.filter(|(_, (genre, _))| has_bit(genres, *genre));
        FilmGenres {
            liked: liked.map(|(place, _)| place).collect(),
            n_genres: genres.iter().map(|word| word.count_ones() as usize).sum(),
        }
    }
}

impl<'a> Calibration<'a> {
    /// An empty list, for which films are chosen among `movies`, and their genres.
    pub fn new(
        mix: GenreMix<'a>,
        movies: impl Iterator<Item = MovieIdx>,
    ) -> (Self, Vec<FilmGenres>) {
        let films: Vec<FilmGenres> = movies.map(|movie| mix.genres_of(movie)).collect();
        let most = films.iter().map(|film| film.n_genres).max().unwrap_or_default();
        let n_liked = mix.liked.len();
        let calibration = Self {
            in_list: vec![0.0; n_liked],
            films: 0.0,
            most,
            table: vec![0.0; most * n_liked],
            base: 0.0,
            unchanged: 0.0,
            mix,
        };
        (calibration, films)
    }

    /// Puts a film into the list.
    pub fn push(&mut self, film: &FilmGenres) {
        if film.n_genres > 0 {
            self.films += 1.0;
        }
        for place in &film.liked {
            self.in_list[usize::from(*place)] += (film.n_genres as f32).recip();
        }
    }

    /// Gets ready for the next place. O(liked genres · most genres of a film) logarithms.
    pub fn prepare(&mut self) {
        let Self { mix, in_list, films, most, table, base, unchanged } = self;
        let n_liked = in_list.len();
        let (now, next) = ((1.0 - MIXED_IN) / films.max(1.0), (1.0 - MIXED_IN) / (*films + 1.0));
        (*base, *unchanged) = (0.0, 0.0);
        for (place, ((_, share), in_list)) in mix.liked.iter().zip(in_list).enumerate() {
            let without = (next * *in_list + MIXED_IN * share).ln();
            *base += share * without;
            *unchanged += share * (now * *in_list + MIXED_IN * share).ln();
            for n_genres in 1..=*most {
                let with = next * (*in_list + (n_genres as f32).recip()) + MIXED_IN * share;
                table[(n_genres - 1) * n_liked + place] = share * (with.ln() - without);
            }
        }
    }

    /// −distance of the list with this film behind it, up to a constant. O(genres of the film).
    pub fn nearness(&self, film: &FilmGenres) -> f32 {
        if film.n_genres == 0 {
            return self.unchanged;
        }
        let row = &self.table[(film.n_genres - 1) * self.in_list.len()..];
        film.liked.iter().fold(self.base, |sum, place| sum + row[usize::from(*place)])
    }
}
