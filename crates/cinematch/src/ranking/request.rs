//! Validated requests.

use super::blend::ModelChoice;
use super::feedback::Feedback;
use super::match_scale::HistoryCounts;
use super::popularity::Order;
use crate::catalog::Rated;
use crate::models::content::Signal;
use crate::retrieval::Filter;

/// Default diversity for a user with a history, high enough to break up runs of sequels.
const DEFAULT_DIVERSITY: f32 = 0.15;
/// Default diversity for a user without a history, whose list should cover many tastes.
const COLD_START_DIVERSITY: f32 = 0.5;

/// A movie in the user's history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryItem {
    /// The movie, with a weight that raises or lowers the scores of similar movies.
    pub signal: Signal,
    /// The feedback that `signal` was derived from.
    pub feedback: Feedback,
}

/// A validated request: all movies and names exist in the catalog, and all numbers are in range.
/// [`Recommender::resolve`](super::Recommender::resolve) creates it from a [`Query`](super::Query).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The user's history: the feedback that the list is based on.
    pub history: Vec<HistoryItem>,
    /// Preferred genres, as positions in the genre list of the [`FilterIndex`](crate::retrieval::FilterIndex).
    pub preferred_genres: Vec<usize>,
    /// Conditions on the listed movies.
    pub filter: Filter,
    /// Maximum number of movies to return.
    pub limit: usize,
    /// Number of movies to skip at the start of the list.
    pub offset: usize,
    /// Diversity, from 0 to 1. `None` selects a default, which depends on the order and the history.
    pub diversity: Option<f32>,
    /// Novelty, from -1 to 1: strength of the penalty for well-known movies. A negative value favors them.
    pub novelty: f32,
    /// True to return the reasons for each score.
    pub explain: bool,
    /// Models used for ranking.
    pub model: ModelChoice,
    /// How the list is ordered.
    pub order: Order,
}

impl Request {
    /// Returns the requested diversity or its default. Lists ordered by popularity are not diversified by
    /// default.
    pub(super) fn diversity_or_default(&self) -> f32 {
        self.diversity.unwrap_or(match self.order {
            Order::Popularity => 0.0,
            Order::Taste if self.history.is_empty() => COLD_START_DIVERSITY,
            Order::Taste => DEFAULT_DIVERSITY,
        })
    }

    /// Returns the number of movies in the history and the number of likes among them.
    pub fn history_counts(&self) -> HistoryCounts {
        HistoryCounts::new(self.history.iter().map(|item| item.feedback.stars()))
    }

    /// Returns the history as ratings, for models trained on ratings.
    pub(super) fn rated(&self) -> Vec<Rated> {
        self.history
            .iter()
            .map(|item| Rated { movie: item.signal.movie, stars: item.feedback.stars(), time: 0 })
            .collect()
    }
}
