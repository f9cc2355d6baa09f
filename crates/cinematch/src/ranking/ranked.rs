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
/// Largest difference between the match and the probability of a like that the predicted stars imply.
const MAX_DISAGREEMENT: f32 = 0.2;

impl Recommendation<'_> {
    /// Returns the predicted rating if its interval is at most 1.5 stars wide and if the probability of 4 stars or more
    /// that it implies is within 20 points of the match. Other predictions would mislead more than inform.
    pub fn reliable_stars(&self) -> Option<Prediction> {
        self.predicted.filter(|prediction| {
            let is_narrow = prediction.high - prediction.low <= MAX_RELIABLE_WIDTH;
            let agrees =
                |share: f32| (share - prediction.like_probability()).abs() <= MAX_DISAGREEMENT;
            is_narrow && self.match_probability.is_none_or(agrees)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(match_probability: f32, (low, stars, high): (f32, f32, f32), is_reliable: bool) {
        let item = Recommendation {
            movie: MovieIdx(0),
            score: 1.0,
            match_probability: Some(match_probability),
            reasons: Vec::new(),
            predicted: Some(Prediction { stars, low, high }),
        };
        assert_eq!(item.reliable_stars().is_some(), is_reliable, "{item:?}");
    }

    #[test]
    fn stars_are_reliable_if_they_are_narrow_and_agree_with_the_match() {
        check(0.85, (3.7, 4.4, 5.0), true);
        check(0.65, (4.0, 4.8, 5.0), false);
        check(0.85, (3.0, 4.4, 5.0), false);
        check(0.85, (2.0, 2.6, 3.3), false);
        check(0.15, (2.0, 2.6, 3.3), true);
    }
}
