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
    /// Terms of the score, largest first. Empty unless the request asks for reasons.
    pub reasons: Vec<Reason<'a>>,
    /// Predicted star rating. `None` if no model in the blend predicts ratings.
    pub predicted: Option<Prediction>,
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
