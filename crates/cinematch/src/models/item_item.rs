//! Linear models of films on films: a film's score is the sum of what each film of the history says
//! for it.

use rayon::prelude::*;

use super::cold_start::Newcomers;
use super::{Confidence, Contributions, Model};
use crate::catalog::Rated;
use crate::features::CsrMatrix;
use crate::ids::MovieIdx;

/// Score of film j = Σ over the history's films i of weight(i) · `W[i][j]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemItem {
    confidence: Confidence,
    /// What a film says (row) for others (columns).
    weights: CsrMatrix<f32>,
}

impl ItemItem {
    /// From what each film (row) says for others (columns).
    pub fn from_weights(confidence: Confidence, weights: CsrMatrix<f32>) -> Self {
        Self { confidence, weights }
    }

    /// From what speaks for each film: `targets` are film rows with the films that speak for them and
    /// how much. O(entries).
    pub(super) fn new(
        confidence: Confidence,
        n_movies: usize,
        mut targets: Vec<(MovieIdx, Vec<(u32, f32)>)>,
    ) -> Self {
        targets.par_sort_unstable_by_key(|(movie, _)| *movie);
        let mut by_target = CsrMatrix::new(n_movies);
        let mut targets = targets.into_iter().peekable();
        for row in 0..n_movies {
            let of_row = targets.next_if(|(movie, _)| movie.row() == row);
            by_target.push_row(of_row.map(|(_, sources)| sources).unwrap_or_default());
        }
        let weights = by_target.transposed(0..n_movies, |_| true);
        Self { confidence, weights }
    }

    /// The model with newcomers behind the films that it has learned: what speaks for the films most like
    /// one speaks for it, and it speaks for what they speak for; `most` entries each way. Two newcomers
    /// say nothing of each other. O(entries).
    pub(super) fn extended(&self, newcomers: &Newcomers<'_>, most: usize) -> Self {
        let n_learned = newcomers.n_learned;
        let n_movies = n_learned + newcomers.len();
        let is_learned = |column: u32| (column as usize) < n_learned;
        let by_target = self.weights.transposed(0..n_learned, is_learned);
        let mapped = newcomers.mapped(|movie| {
            let of_targets = by_target.row(movie.row()).0;
            !of_targets.is_empty() || !self.weights.row(movie.row()).0.is_empty()
        });
        let average = |matrix: &CsrMatrix<f32>, sums: &mut Vec<f32>, movies: &[(usize, f32)]| {
            sums.clear();
            sums.resize(n_learned, 0.0);
            let mut mean_length = 0.0;
            for (film, weight) in movies {
                let mut square = 0.0;
                for (other, value) in matrix.entries(*film).filter(|(other, _)| is_learned(*other))
                {
                    sums[other as usize] += weight * value;
                    square += value * value;
                }
                mean_length += weight * square.sqrt();
            }
            let length = sums.iter().map(|value| value * value).sum::<f32>().sqrt();
            let scale = newcomers.map.restoring(length, mean_length);
            let entries = (0_u32..).zip(&*sums).filter(|(_, value)| **value != 0.0);
            largest(entries.map(|(other, value)| (other, value * scale)).collect(), most)
        };
        let (speak_for, spoken_for): (Vec<_>, Vec<_>) = mapped
            .par_iter()
            .map_init(Vec::new, |sums, movies| {
                (average(&by_target, sums, movies), average(&self.weights, sums, movies))
            })
            .unzip();
        drop(by_target);
        let mut for_newcomers = CsrMatrix::new(n_learned);
        for sources in speak_for {
            for_newcomers.push_row(sources);
        }
        let for_newcomers = for_newcomers.transposed(0..newcomers.len(), |_| true);
        let mut weights = CsrMatrix::new(n_movies);
        for row in 0..n_learned {
            let learned = self.weights.entries(row).filter(|(column, _)| is_learned(*column));
            let new = for_newcomers.entries(row);
            let new = new.map(|(column, value)| (column + n_learned as u32, value));
            weights.push_row(learned.chain(new));
        }
        for targets in spoken_for {
            weights.push_row(targets);
        }
        Self { confidence: self.confidence, weights }
    }

    /// What each film (row) says for others (columns).
    pub fn weights(&self) -> &CsrMatrix<f32> {
        &self.weights
    }
}

impl Model for ItemItem {
    fn n_movies(&self) -> usize {
        self.weights.n_rows()
    }

    /// O(entries of the history's rows).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "a score for every film");
        scores.fill(0.0);
        for (_, movie, weight) in self.confidence.weigh(history) {
            let (columns, values) = self.weights.row(movie.row());
            for (column, value) in columns.iter().zip(values) {
                scores[*column as usize] += weight * value;
            }
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (place, source, weight) in self.confidence.weigh(history) {
            let (columns, values) = self.weights.row(source.row());
            for (movie, contributions) in movies.iter().zip(&mut contributions) {
                if let Ok(at) = columns.binary_search(&movie.0) {
                    contributions.parts[place] = weight * values[at];
                }
            }
        }
        contributions
    }
}

/// The `most` entries of largest magnitude, among equals the lower column, by column ascending.
pub(super) fn largest(mut entries: Vec<(u32, f32)>, most: usize) -> Vec<(u32, f32)> {
    if most < entries.len() {
        entries.select_nth_unstable_by(most, |a, b| {
            b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0))
        });
        entries.truncate(most);
    }
    entries.sort_unstable_by_key(|(column, _)| *column);
    // What was cut off would keep its memory.
    entries.shrink_to_fit();
    entries
}
