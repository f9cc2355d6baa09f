//! Types for ranked lists.

use std::collections::BTreeMap;

use serde::Serialize;

use super::reasons::reason::Reason;
use crate::ids::MovieIdx;
use crate::models::biased_mf::Prediction;
use crate::retrieval::FilterKind;

/// A recommended movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation<'a> {
    /// Row of the movie.
    pub movie: MovieIdx,
    /// The movie's score: the sum of the contributions of all reasons.
    pub score: f32,
    /// Probability that the user likes the movie if they watch and rate it. It follows from the score without novelty.
    /// `None` without a history or a [`MatchScale`](super::MatchScale), for a single model of a blend, and for lists
    /// ordered by popularity.
    pub match_probability: Option<f32>,
    /// Terms of the score, largest first. Empty unless the request asks for reasons.
    pub reasons: Vec<Reason<'a>>,
    /// Predicted star rating. `None` if no model in the blend predicts ratings.
    pub predicted: Option<Prediction>,
}

/// Widest prediction interval, in stars, of a reliable prediction.
const MAX_RELIABLE_WIDTH: f32 = 1.5;
/// Predicted stars from which a movie is more likely to get 4 stars than 3.5.
const LIKED_STARS: f32 = 3.75;

impl Recommendation<'_> {
    /// Returns the predicted rating if its interval is at most 1.5 stars wide and if it agrees with the match on
    /// whether the user probably likes the movie. Other predictions would mislead more than inform.
    pub fn reliable_stars(&self) -> Option<Prediction> {
        self.predicted.filter(|prediction| {
            let is_narrow = prediction.high - prediction.low <= MAX_RELIABLE_WIDTH;
            let likes_it = prediction.stars >= LIKED_STARS;
            is_narrow && self.match_probability.is_none_or(|share| (share >= 0.5) == likes_it)
        })
    }
}

/// Explains why a list is shorter than requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortfall {
    /// Number of movies requested.
    pub requested: usize,
    /// Number of movies skipped at the start of the list.
    pub offset: usize,
    /// Number of movies returned.
    pub returned: usize,
    /// Number of catalog movies removed by each filter. A movie is counted only under the first filter it
    /// fails.
    pub removed_by: BTreeMap<FilterKind, usize>,
}

/// A page of a ranked list.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked<'a> {
    /// Movies, best first.
    pub items: Vec<Recommendation<'a>>,
    /// Set if fewer movies were returned than requested.
    pub shortfall: Option<Shortfall>,
}
