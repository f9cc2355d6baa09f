//! Hybrid: a weighted sum of models.
//!
//! Each model's scores are divided by their root mean square over all movies, separately for each user, so a weight has
//! the same meaning for every user and any score unit. The [emphasis](Model::emphasis) of a model may change its weight
//! with the length of the history. Models with [`Scaling::Best`] are added last, relative to the best score of the others
//! outside the history. The sum is linear in each model's contributions, so the hybrid's contributions are exact. No
//! special cases are needed: a movie without ratings has no collaborative score and is ranked by content, and a user
//! without a history gets movies ranked by popularity.
//!
//! Time and memory are the sums over the models, plus O(movies · models) per user.

use super::contributions::Contributions;
use super::model::{Model, Scaling};
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::retrieval::highest;

/// A weighted sum of models.
#[derive(Clone, Debug)]
pub struct Hybrid<M> {
    parts: Vec<(M, f32)>,
}

impl<M: Model> Hybrid<M> {
    /// Combines models. Models with weight 0 do not affect scores but remain in [`Self::parts()`].
    ///
    /// # Panics
    /// Panics if `parts` is empty or the models differ in their number of movies.
    pub fn new(parts: Vec<(M, f32)>) -> Self {
        let n_movies = parts.first().map(|(model, _)| model.n_movies());
        assert!(
            n_movies.is_some() && parts.iter().all(|(model, _)| Some(model.n_movies()) == n_movies),
            "expected models with the same number of movies"
        );
        Self { parts }
    }

    /// Replaces the weights, in the order of the models.
    ///
    /// # Panics
    /// Panics if the number of weights differs from the number of models.
    #[must_use]
    pub fn with_weights(mut self, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), self.parts.len(), "expected one weight per model");
        for ((_, weight), other) in self.parts.iter_mut().zip(weights) {
            *weight = *other;
        }
        self
    }

    /// Returns the models with this scaling whose weight is above 0.
    fn scaled(&self, scaling: Scaling) -> impl Iterator<Item = &(M, f32)> {
        let parts = self.parts.iter().filter(|(_, weight)| *weight > 0.0);
        parts.filter(move |(model, _)| model.scaling() == scaling)
    }

    /// Returns the terms of the score for each movie, in the order of [`Spec::blend_weights`](super::Spec::blend_weights).
    /// Terms with [`Scaling::Best`] have yet to be multiplied by the best score of the others. O(movies · terms) plus the
    /// time of scoring.
    pub(crate) fn terms(&self, history: &[Rated]) -> Vec<(Scaling, Vec<f32>)> {
        let mut all = Vec::new();
        for (model, weight) in self.parts.iter().filter(|(_, weight)| *weight > 0.0) {
            for mut term in model.terms(history) {
                let scale = match model.scaling() {
                    Scaling::RootMeanSquare => scale(&term, weight * model.emphasis(history)),
                    Scaling::Best => *weight,
                };
                for value in &mut term {
                    *value *= scale;
                }
                all.push((model.scaling(), term));
            }
        }
        all
    }

    /// Returns the models with their weights.
    pub fn parts(&self) -> &[(M, f32)] {
        &self.parts
    }
}

/// Returns the factor that gives `scores` this weight: `weight` divided by the root mean square of the
/// scores, or 0 if all scores are 0. O(movies).
pub(crate) fn scale(scores: &[f32], weight: f32) -> f32 {
    let deviation = (sum_of_squares(scores) / scores.len().max(1) as f64).sqrt();
    if deviation > 0.0 { (f64::from(weight) / deviation) as f32 } else { 0.0 }
}

/// Returns the highest score of a movie outside the history, or 1 if none is above 0. O(movies).
fn best_unseen(scores: &[f32], history: &[Rated]) -> f32 {
    let mut seen: Vec<usize> = history.iter().map(|rated| rated.movie.row()).collect();
    seen.sort_unstable();
    let mut best = 0.0_f32;
    let mut start = 0;
    for row in seen.into_iter().chain([scores.len()]) {
        if start < row {
            best = best.max(highest(&scores[start..row]));
        }
        start = row + 1;
    }
    if best > 0.0 { best } else { 1.0 }
}

/// Adds a model's scores for several users to `scores`. `scale` returns the factor for a user, given their index and
/// the model's scores, which are written to `own`.
fn add_scores<M: Model>(
    model: &M,
    histories: &[&[Rated]],
    own: &mut [Vec<f32>],
    scores: &mut [&mut [f32]],
    scale: impl Fn(usize, &[f32]) -> f32,
) {
    let mut rows: Vec<&mut [f32]> = own.iter_mut().map(Vec::as_mut_slice).collect();
    model.score_many(histories, &mut rows);
    for (user, (scores, own)) in scores.iter_mut().zip(own).enumerate() {
        let scale = scale(user, own);
        for (score, own) in scores.iter_mut().zip(own) {
            *score += scale * *own;
        }
    }
}

/// Returns the sum of the squared scores. Uses 16 partial sums, because each addition to a single sum would
/// have to wait for the previous one.
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

impl<M: Model> Model for Hybrid<M> {
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
        for (model, weight) in self.scaled(Scaling::RootMeanSquare) {
            add_scores(model, histories, &mut own, scores, |user, own| {
                scale(own, weight * model.emphasis(histories[user]))
            });
        }
        let best: Vec<f32> = scores
            .iter()
            .zip(histories)
            .map(|(scores, history)| best_unseen(scores, history))
            .collect();
        for (model, weight) in self.scaled(Scaling::Best) {
            add_scores(model, histories, &mut own, scores, |user, _| weight * best[user]);
        }
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut sums = Contributions::none(history.len(), movies.len());
        let mut add = |model: &M, scale: f32| {
            for (sum, own) in sums.iter_mut().zip(model.contributions(history, movies)) {
                sum.add(&own, scale);
            }
        };
        let mut own = vec![0.0; self.n_movies()];
        let mut scores = vec![0.0; self.n_movies()];
        for (model, weight) in self.scaled(Scaling::RootMeanSquare) {
            model.score(history, &mut own);
            let scale = scale(&own, weight * model.emphasis(history));
            for (score, own) in scores.iter_mut().zip(&own) {
                *score += scale * own;
            }
            add(model, scale);
        }
        let best = best_unseen(&scores, history);
        for (model, weight) in self.scaled(Scaling::Best) {
            add(model, weight * best);
        }
        sums
    }
}
