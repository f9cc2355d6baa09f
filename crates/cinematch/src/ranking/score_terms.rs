//! The terms that make up the scores for a request.

use super::blending::BlendInput;
use super::match_scale::UserMatchScale;
use super::popularity::Order;
use super::quality::Quality;
use super::recommender::Recommender;
use super::request::Request;
use crate::features::layout::SharedTerm;
use crate::ids::MovieIdx;
use crate::models::Model;
use crate::models::content::{Profile, Signal};

/// Factor applied to the content model's dislikes in a blend. Models trained on ratings ignore dislikes, so
/// the content model has to compensate. A larger factor makes the lists worse for users with dislikes
/// (`docs/diversity-and-novelty.md`).
const BLENDED_DISLIKE_FACTOR: f32 = 1.5;
/// The novelty term starts at this vote popularity, which is about 200 votes if the best-known movie has
/// 40,000. Movies with fewer votes count as equally novel.
const MAX_NOVEL_POPULARITY: f32 = 0.5;

/// Inputs to the score terms for a request, including the profile computed from the history.
pub(super) struct ScoreTerms<'a, 'r> {
    pub recommender: &'a Recommender,
    pub request: &'r Request,
    /// Content signals from the history.
    pub signals: Vec<Signal>,
    pub profile: Profile,
    /// Factor applied to the scores of each model trained on ratings.
    pub scales: Vec<f32>,
    match_scale: Option<UserMatchScale>,
}

impl<'a, 'r> ScoreTerms<'a, 'r> {
    /// Sets `own` to each movie's own part of the score, by position, and returns the shared terms. Content
    /// scores are not normalized.
    pub(crate) fn compute(
        recommender: &'a Recommender,
        request: &'r Request,
        own: &mut Vec<f32>,
    ) -> (Self, Vec<SharedTerm<'a>>) {
        let is_blended = !recommender.blend.models.is_empty();
        if request.order == Order::Popularity || is_blended {
            return Self::compute_normalized(recommender, request, own);
        }
        let terms = Self::fold_in(recommender, request);
        own.clear();
        own.resize(recommender.movies.len(), 0.0);
        terms.add_priors(own);
        let mut shared = recommender.model.add_scores(&terms.profile, own);
        shared.extend(terms.genre_term());
        (terms, shared)
    }

    /// Like [`Self::compute`], but always scales the scores so that the movie that fits the history best
    /// scores 1, even with the content model alone. Normalized scores can be compared between users.
    pub(crate) fn compute_normalized(
        recommender: &'a Recommender,
        request: &'r Request,
        own: &mut Vec<f32>,
    ) -> (Self, Vec<SharedTerm<'a>>) {
        let mut terms = Self::fold_in(recommender, request);
        if request.order == Order::Popularity {
            recommender.popularity.copy_to(own, request.filter.today);
            return (terms, Vec::new());
        }
        let history = request.rated();
        // Dislikes lower the scores of similar movies. If the scale were computed from the lowered scores,
        // scaling would undo part of that penalty.
        let has_dislikes = terms.signals.iter().any(|signal| signal.weight < 0.0);
        let reference = has_dislikes.then(|| recommender.model.liked_profile(&terms.signals));
        let input = BlendInput {
            model: request.model,
            history: &history,
            profile: &mut terms.profile,
            reference: reference.as_ref(),
        };
        terms.scales = recommender.fill_blended(input, own, |index, scores| {
            recommender.blend.models[index].model.score(&history, scores);
        });
        terms.add_priors(own);
        let shared = terms.genre_term().into_iter().collect();
        (terms, shared)
    }

    /// Computes the content profile from the history (fold-in). Lists ordered by popularity ignore the
    /// history.
    fn fold_in(recommender: &'a Recommender, request: &'r Request) -> Self {
        let is_blended = !recommender.blend.models.is_empty();
        let signal = |signal: Signal| {
            let is_dislike = signal.weight < 0.0;
            let factor = if is_dislike && is_blended { BLENDED_DISLIKE_FACTOR } else { 1.0 };
            Signal { weight: signal.weight * factor, ..signal }
        };
        let signals: Vec<Signal> = request.history.iter().map(|item| signal(item.signal)).collect();
        let profile = match request.order {
            Order::Taste => recommender.model.profile(&signals),
            Order::Popularity => Profile::default(),
        };
        let match_scale = recommender.match_scale_for(request);
        Self { recommender, request, signals, profile, scales: Vec::new(), match_scale }
    }

    /// Adds the terms that do not depend on the history: quality and novelty.
    fn add_priors(&self, own: &mut [f32]) {
        for (own, quality) in own.iter_mut().zip(&self.recommender.quality_by_position) {
            *own += quality;
        }
        if self.request.novelty != 0.0 {
            let popularity = &self.recommender.vote_popularity_by_position;
            let deficits = &self.recommender.deficit_by_position;
            for (own, (popularity, deficit)) in own.iter_mut().zip(popularity.iter().zip(deficits))
            {
                *own += self.novelty_term(*popularity) + self.deficit_term(*deficit);
            }
        }
    }

    /// Returns the exact contribution of each movie in the history to the score of each of `movies`.
    /// O(entries of both + matches) plus the time of the models trained on ratings.
    pub(crate) fn history_contributions(&self, movies: &[MovieIdx]) -> Vec<Vec<f32>> {
        let recommender = self.recommender;
        let history = self.request.rated();
        let (learned, _) = recommender.rating_contributions(&history, &self.scales, movies);
        let mut contributions: Vec<Vec<f32>> =
            learned.into_iter().map(|learned| learned.parts).collect();
        let mut rows = contributions.iter_mut();
        recommender.model.explain(&self.profile, &self.signals, movies, |_, affinity| {
            let row = rows.next().expect("`explain` calls once per movie");
            for (contribution, content) in row.iter_mut().zip(&affinity.parts) {
                *contribution += content;
            }
        });
        contributions
    }

    /// Returns the preferred genres as a shared term, or `None` if no genres are preferred.
    fn genre_term(&self) -> Option<SharedTerm<'a>> {
        let recommender = self.recommender;
        let values = || recommender.index.combinations().map(|genres| self.genre_bonus(genres));
        let term = || SharedTerm { codes: &recommender.genre_codes, values: values().collect() };
        (!self.request.preferred_genres.is_empty()).then(term)
    }

    /// Returns a movie's quality term. It is negative if novelty is requested and the movie's votes are low.
    pub(crate) fn quality(&self, row: usize) -> f32 {
        let Quality { score, deficit, .. } = &self.recommender.quality;
        self.recommender.weights.quality * score[row] + self.deficit_term(deficit[row])
    }

    /// Returns the penalty for a movie with low votes. Without it, bad movies would take the places of the well-known
    /// movies that novelty penalizes.
    fn deficit_term(&self, deficit: f32) -> f32 {
        -self.recommender.weights.novelty * self.request.novelty.max(0.0) * deficit
    }

    /// Returns a movie's novelty term: a penalty for well-known movies, or a bonus if novelty is negative.
    pub(crate) fn novelty(&self, row: usize) -> f32 {
        self.novelty_term(self.recommender.quality.vote_popularity[row])
    }

    /// Returns the match of a movie with this score, which includes novelty.
    pub(crate) fn match_probability(&self, movie: MovieIdx, score: f32) -> Option<f32> {
        let novelty = self.novelty(movie.row())
            + self.deficit_term(self.recommender.quality.deficit[movie.row()]);
        self.match_scale.map(|scale| scale.probability(score - novelty))
    }

    fn novelty_term(&self, vote_popularity: f32) -> f32 {
        let excess =
            ((vote_popularity - MAX_NOVEL_POPULARITY) / (1.0 - MAX_NOVEL_POPULARITY)).max(0.0);
        -self.recommender.weights.novelty * self.request.novelty * excess
    }

    /// Returns the contribution of a movie's genres, proportional to the number of preferred genres among
    /// them divided by the geometric mean of the number of preferred genres and the number of the movie's
    /// genres.
    fn genre_bonus(&self, genres: &[u64]) -> f32 {
        let preferred = &self.request.preferred_genres;
        let matched = preferred.iter().filter(|genre| has_bit(genres, **genre)).count();
        if matched == 0 { 0.0 } else { matched as f32 * self.genre_share(genres) }
    }

    /// Returns how much each preferred genre of a movie adds to its score. All add the same amount.
    pub(crate) fn genre_share(&self, genres: &[u64]) -> f32 {
        let n_genres: u32 = genres.iter().map(|word| word.count_ones()).sum();
        let norm_squared = self.request.preferred_genres.len() as f32 * n_genres.max(1) as f32;
        self.recommender.weights.genres / norm_squared.sqrt()
    }
}

/// Returns true if `bit` is set in the bit set `words`.
pub(super) fn has_bit(words: &[u64], bit: usize) -> bool {
    words[bit / 64] >> (bit % 64) & 1 == 1
}
