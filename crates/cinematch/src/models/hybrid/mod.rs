//! The hybrid: a weighted sum of models, each brought to one scale.
//!
//! A model's scores for a viewer are divided by their root mean square over all films, so that a
//! weight means the same for every viewer and for models of any unit; the sum stays linear in each
//! model's parts, and reasons stay exact. There is no case to tell apart: a film without ratings has
//! no collaborative score and is ranked by what content says, a viewer without a history is ranked by
//! what the models say of everybody.

use crate::catalog::Rated;
use crate::ids::MovieIdx;

use super::{Contributions, Fitted, Model};

/// Models with their weights.
#[derive(Clone, Debug)]
pub struct Hybrid {
    parts: Vec<(Fitted, f32)>,
}

impl Hybrid {
    /// A weighted sum.
    ///
    /// # Panics
    /// When there is no model, or when they do not score the same films.
    pub fn new(parts: Vec<(Fitted, f32)>) -> Self {
        let n_movies = parts.first().map(|(model, _)| model.n_movies());
        assert!(
            n_movies.is_some() && parts.iter().all(|(model, _)| Some(model.n_movies()) == n_movies),
            "models of the same films"
        );
        Self { parts }
    }

    /// The same models with other weights, in their order.
    ///
    /// # Panics
    /// When there are not as many weights as models.
    #[must_use]
    pub fn reweighed(mut self, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), self.parts.len(), "a weight for every model");
        for ((_, weight), other) in self.parts.iter_mut().zip(weights) {
            *weight = *other;
        }
        self
    }

    /// The models that count.
    fn ranking(&self) -> impl Iterator<Item = &(Fitted, f32)> {
        self.parts.iter().filter(|(_, weight)| *weight > 0.0)
    }

    /// The models with their weights.
    pub fn parts(&self) -> &[(Fitted, f32)] {
        &self.parts
    }
}

/// What scores are multiplied by to have this weight: weight over root mean square. O(films).
pub fn scale(scores: &[f32], weight: f32) -> f32 {
    let deviation = (sum_of_squares(scores) / scores.len().max(1) as f64).sqrt();
    if deviation > 0.0 { (f64::from(weight) / deviation) as f32 } else { 0.0 }
}

/// In sums of their own, because a single one is a chain of waits.
fn sum_of_squares(scores: &[f32]) -> f64 {
    let mut sums = [0.0; 16];
    let (chunks, rest) = scores.as_chunks::<16>();
    for chunk in chunks {
        for (sum, score) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(*score) * f64::from(*score);
        }
    }
    for (sum, score) in sums.iter_mut().zip(rest) {
        *sum += f64::from(*score) * f64::from(*score);
    }
    sums.iter().sum()
}

impl Model for Hybrid {
    fn n_movies(&self) -> usize {
        self.parts[0].0.n_movies()
    }

    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        self.score_many(&[history], &mut [scores]);
    }

    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        let mut own = vec![vec![0.0; self.n_movies()]; histories.len()];
        for scores in &mut *scores {
            scores.fill(0.0);
        }
        for (model, weight) in self.ranking() {
            let mut rows: Vec<&mut [f32]> = own.iter_mut().map(Vec::as_mut_slice).collect();
            model.score_many(histories, &mut rows);
            for (scores, own) in scores.iter_mut().zip(&own) {
                let scale = scale(own, *weight);
                for (score, own) in scores.iter_mut().zip(own) {
                    *score += scale * own;
                }
            }
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut sums = Contributions::none(history.len(), movies.len());
        let mut own = vec![0.0; self.n_movies()];
        for (model, weight) in self.ranking() {
            model.score(history, &mut own);
            let scale = scale(&own, *weight);
            for (sum, own) in sums.iter_mut().zip(model.contributions(history, movies)) {
                sum.add(&own, scale);
            }
        }
        sums
    }
}
