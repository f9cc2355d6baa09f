//! Blended scores for the catalog.
//!
//! As in the [hybrid] model, each model's scores are divided by their root mean square over all movies and
//! multiplied by the model's weight. The sum is then divided by the score of the best movie that is not in
//! the history. A score is therefore relative to the user's best match, and preferred genres, quality and
//! novelty have the same influence for all users. Models with [`Scaling::Best`] are added at this point. All
//! steps apply one factor per model and request, so the contributions of the history stay exact.

use super::blend::{ModelChoice, WeightedModel};
use super::recommender::Recommender;
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::content::{Profile, Signal};
use crate::models::experience::content_emphasis;
use crate::models::hybrid;
use crate::models::{Contributions, Model, Scaling};
use crate::retrieval::{Candidate, Scores, highest, top_k};

/// Inputs to [`Recommender::fill_blended`].
pub(super) struct BlendInput<'p, 'h> {
    /// Models used for ranking.
    pub model: ModelChoice,
    /// The user's history. Its movies are excluded from normalization.
    pub history: &'h [Rated],
    /// The history in the content model's feature space.
    pub profile: &'p mut Profile,
    /// The profile without dislikes, or `None` if there are no dislikes. Content scores are scaled by the
    /// smaller of the two profiles' scales, so dislikes do not rescale the remaining scores.
    pub reference: Option<&'p Profile>,
}

/// Result of adding content scores, before normalization to the best movie.
enum ContentScores {
    /// The scores were multiplied by this scale and added.
    Added { scale: f32 },
    /// The history has dislikes but no likes. The scores are unscaled, not yet added, and at most 0.
    DislikesOnly(Vec<f32>),
}

impl Recommender {
    /// Sets `own` to the blended score of each movie, by position.
    ///
    /// `fill_scores` takes a model's index in the blend and writes its scores in row order. Multiplies the
    /// profile's weights by the factor applied to content scores, and returns the factors of the other
    /// models. O(movies · models) plus the time of `fill_scores`.
    ///
    /// Without liked movies, there is no positive content score to normalize by. Content scores are then
    /// scaled so that the movie most similar to the disliked ones loses as much as the best movie scores.
    pub(super) fn fill_blended(
        &self,
        input: BlendInput<'_, '_>,
        own: &mut Vec<f32>,
        mut fill_scores: impl FnMut(usize, &mut Vec<f32>),
    ) -> Vec<f32> {
        let BlendInput { model, history, profile, reference } = input;
        own.clear();
        own.resize(self.movies.len(), 0.0);
        let weight = self.blend.content_weight(model) * content_emphasis(history);
        let scores = self.add_content(weight, profile, reference, own);
        let mut scales = vec![0.0; self.blend.models.len()];
        self.add_normalized(model, own, &mut scales, &mut fill_scores);
        let scale_to_best = self.scale_to_best(history, own);
        let content_scale = match scores {
            ContentScores::Added { scale } => scale,
            ContentScores::DislikesOnly(scores) => {
                let lowest = scores.iter().copied().fold(0.0, f32::min);
                let scale = if lowest < 0.0 { 1.0 / (-lowest * scale_to_best) } else { 0.0 };
                for (own, score) in own.iter_mut().zip(&scores) {
                    *own += scale * score;
                }
                scale
            }
        };
        for own in own.iter_mut() {
            *own *= scale_to_best;
        }
        profile.scale_by(content_scale * scale_to_best);
        for scale in &mut scales {
            *scale *= scale_to_best;
        }
        self.add_relative_to_best(model, own, &mut scales, &mut fill_scores);
        scales
    }

    /// Adds scaled content scores to `own`, which must contain zeros.
    fn add_content(
        &self,
        weight: f32,
        profile: &Profile,
        reference: Option<&Profile>,
        own: &mut Vec<f32>,
    ) -> ContentScores {
        if weight <= 0.0 {
            return ContentScores::Added { scale: 0.0 };
        }
        let add = |profile: &Profile, own: &mut Vec<f32>| {
            for term in self.model.add_scores(profile, own) {
                term.add_to(own);
            }
        };
        let mut reference_scale = f32::INFINITY;
        if let Some(reference) = reference {
            add(reference, own);
            let scale = hybrid::scale(own, weight);
            reference_scale = if scale > 0.0 { scale } else { f32::INFINITY };
            own.fill(0.0);
        }
        add(profile, own);
        if reference.is_some() && reference_scale == f32::INFINITY {
            let scores = std::mem::replace(own, vec![0.0; self.movies.len()]);
            return ContentScores::DislikesOnly(scores);
        }
        let scale = hybrid::scale(own, weight).min(reference_scale);
        for own in own.iter_mut() {
            *own *= scale;
        }
        ContentScores::Added { scale }
    }

    /// Adds the scores of the models that are normalized by their root mean square to `own`, and sets their
    /// entries in `scales`.
    fn add_normalized(
        &self,
        model: ModelChoice,
        own: &mut [f32],
        scales: &mut [f32],
        fill_scores: &mut impl FnMut(usize, &mut Vec<f32>),
    ) {
        let mut scores = vec![0.0; self.movies.len()];
        for (index, weight) in self.blend.ranking(model, Scaling::RootMeanSquare) {
            fill_scores(index, &mut scores);
            scales[index] = hybrid::scale(&scores, weight);
            if scales[index] > 0.0 {
                self.layout.add_arranged(scales[index], &scores, own);
            }
        }
    }

    /// Adds the scores that are relative to the best movie to `own`, in which the best movie scores 1, and
    /// sets their entries in `scales`.
    fn add_relative_to_best(
        &self,
        model: ModelChoice,
        own: &mut [f32],
        scales: &mut [f32],
        fill_scores: &mut impl FnMut(usize, &mut Vec<f32>),
    ) {
        for (index, weight) in self.blend.ranking(model, Scaling::Best) {
            let mut scores = vec![0.0; self.movies.len()];
            fill_scores(index, &mut scores);
            scales[index] = weight;
            self.layout.add_arranged(weight, &scores, own);
        }
    }

    /// Returns the factor that gives the best movie outside the history a score of 1.
    fn scale_to_best(&self, history: &[Rated], own: &mut [f32]) -> f32 {
        let seen: Vec<(usize, f32)> = history
            .iter()
            .map(|rated| {
                let position = self.position_of[rated.movie.row()] as usize;
                (position, std::mem::replace(&mut own[position], f32::NEG_INFINITY))
            })
            .collect();
        let best = highest(own);
        // In reverse order: if a movie occurs twice, the first value saved is the original.
        for (position, score) in seen.into_iter().rev() {
            own[position] = score;
        }
        if best > 0.0 { best.recip() } else { 1.0 }
    }

    /// Returns the `k` movies that the models rank highest for each history, excluding the movies in the
    /// history. Quality, genres, novelty and diversity do not apply. The movies in a history must be
    /// distinct.
    pub fn top_k_for(
        &self,
        model: ModelChoice,
        histories: &[&[Rated]],
        k: usize,
    ) -> Vec<Vec<Candidate>> {
        let n_movies = self.movies.len();
        let mut scores: Vec<Vec<Vec<f32>>> = self
            .blend
            .weighted(model)
            .map(|(model, weight)| {
                if weight == 0.0 {
                    return Vec::new();
                }
                let mut scores = vec![vec![0.0; n_movies]; histories.len()];
                let mut rows: Vec<&mut [f32]> = scores.iter_mut().map(Vec::as_mut_slice).collect();
                model.score_many(histories, &mut rows);
                scores
            })
            .collect();
        let mut own = Vec::new();
        let rank_user = |(user, history): (usize, &&[Rated])| {
            let signal = |rated: &Rated| Signal::rated(rated.movie, rated.stars.value());
            let signals: Vec<Signal> = history.iter().map(signal).collect();
            let mut profile = self.model.profile(&signals);
            let input = BlendInput { model, history, profile: &mut profile, reference: None };
            self.fill_blended(input, &mut own, |index, own| {
                std::mem::swap(own, &mut scores[index][user]);
            });
            for rated in *history {
                own[self.position_of[rated.movie.row()] as usize] = f32::NEG_INFINITY;
            }
            let scores = Scores { layout: &self.layout, own: &own, shared: Vec::new() };
            let mut candidates = top_k(k, &scores, |_| true);
            candidates.retain(|candidate| candidate.score > f32::NEG_INFINITY);
            candidates
        };
        histories.iter().enumerate().map(rank_user).collect()
    }

    /// Returns how much the models trained on ratings contribute to the score of each movie, multiplied by
    /// the models' scales. The second list contains only models that don't use content features.
    pub(super) fn rating_contributions(
        &self,
        history: &[Rated],
        scales: &[f32],
        movies: &[MovieIdx],
    ) -> (Vec<Contributions>, Vec<Contributions>) {
        let mut sums = Contributions::none(history.len(), movies.len());
        let mut from_ratings = sums.clone();
        for (WeightedModel { model, .. }, scale) in self.blend.models.iter().zip(scales) {
            if *scale == 0.0 {
                continue;
            }
            let contributions = model.contributions(history, movies);
            for (sum, own) in sums.iter_mut().zip(&contributions) {
                sum.add(own, *scale);
            }
            if !model.uses_features() {
                for (sum, own) in from_ratings.iter_mut().zip(&contributions) {
                    sum.add(own, *scale);
                }
            }
        }
        (sums, from_ratings)
    }
}
