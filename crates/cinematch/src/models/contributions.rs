//! Exact score decomposition.

use super::taste::TasteTerms;
use crate::catalog::Rated;
use crate::ids::MovieIdx;

/// The terms that add up to a movie's score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions {
    /// The movie's score for an empty history, such as its popularity.
    pub base: f32,
    /// How popular the movie has been lately.
    pub trend: f32,
    /// Match of the movie's genres, decade and popularity with the whole history.
    pub taste: TasteTerms,
    /// Contribution of each movie in the history, in history order.
    pub parts: Vec<f32>,
}

impl Contributions {
    /// Returns zero contributions for `movies` movies and a history of length `history`.
    pub(crate) fn none(history: usize, movies: usize) -> Vec<Self> {
        vec![Self { parts: vec![0.0; history], ..Self::default() }; movies]
    }

    /// Returns the contributions of a model whose scores do not add up over the movies in the history. `terms`
    /// returns the terms of a movie.
    pub(crate) fn without_parts(
        history: &[Rated],
        movies: &[MovieIdx],
        terms: impl Fn(MovieIdx) -> Self,
    ) -> Vec<Self> {
        let parts = || vec![0.0; history.len()];
        movies.iter().map(|movie| Self { parts: parts(), ..terms(*movie) }).collect()
    }

    /// Adds `others`, multiplied by `scale`.
    pub(crate) fn add(&mut self, others: &Self, scale: f32) {
        self.base += scale * others.base;
        self.trend += scale * others.trend;
        self.taste = self.taste.plus(others.taste.scaled(scale));
        for (part, other) in self.parts.iter_mut().zip(&others.parts) {
            *part += scale * other;
        }
    }

    /// Returns the score: the sum of all terms, computed in f64.
    pub fn total(&self) -> f32 {
        let parts: f64 = self.parts.iter().map(|part| f64::from(*part)).sum();
        let others = f64::from(self.base) + f64::from(self.trend) + f64::from(self.taste.total());
        (others + parts) as f32
    }
}
