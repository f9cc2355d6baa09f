//! Exact decomposition of scores.

/// The terms of a movie's score, which add up to the score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions {
    /// Score of the movie for an empty history, such as its popularity.
    pub base: f32,
    /// Contribution of each movie of the history, in the order of the history.
    pub parts: Vec<f32>,
}

impl Contributions {
    /// Returns zeros for `movies` movies and a history of length `history`.
    pub(crate) fn none(history: usize, movies: usize) -> Vec<Self> {
        vec![Self { base: 0.0, parts: vec![0.0; history] }; movies]
    }

    /// Adds `scale` times `others`.
    pub(crate) fn add(&mut self, others: &Self, scale: f32) {
        self.base += scale * others.base;
        for (part, other) in self.parts.iter_mut().zip(&others.parts) {
            *part += scale * other;
        }
    }

    /// Returns the score: the sum of all terms, added in f64.
    pub fn total(&self) -> f32 {
        (f64::from(self.base) + self.parts.iter().map(|part| f64::from(*part)).sum::<f64>()) as f32
    }
}
