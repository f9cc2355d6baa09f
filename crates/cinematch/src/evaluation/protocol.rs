//! The evaluation protocols, which can be selected by name.

use serde::Serialize;

use super::split::{Part, Split, SplitError};
use super::{ColdMovies, LaterUsers, RollingCuts, StrongGeneralization, TimeCut};
use crate::catalog::Interactions;

/// A method for splitting ratings into training data and held-out test data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Protocol {
    /// Holds out users.
    StrongGeneralization(StrongGeneralization),
    /// Holds out ratings after a global cutoff.
    TimeCut(TimeCut),
    /// Holds out the ratings of one quarter after a cutoff, for many cutoffs.
    RollingCuts(RollingCuts),
    /// Holds out users who join after a global cutoff.
    LaterUsers(LaterUsers),
    /// Holds out all ratings of some movies.
    #[serde(rename = "cold-films")]
    ColdMovies(ColdMovies),
}

impl Protocol {
    /// Splits the interactions and returns the training data and the held-out users of `part`.
    /// O(ratings).
    pub fn split<'a>(
        &self,
        interactions: &'a Interactions,
        part: Part,
    ) -> Result<Split<'a>, SplitError> {
        match self {
            Self::StrongGeneralization(params) => params.split(interactions, part),
            Self::TimeCut(params) => params.split(interactions, part),
            Self::RollingCuts(params) => params.split(interactions, part),
            Self::LaterUsers(params) => params.split(interactions, part),
            Self::ColdMovies(params) => params.split(interactions, part),
        }
    }

    /// Returns the name of the metric that tuning maximizes.
    pub fn objective(&self) -> &'static str {
        match self {
            Self::ColdMovies(_) => "NDCG at 10 of the cold films",
            _ => "NDCG at 100",
        }
    }

    /// Returns the protocol's name, as used in reports and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StrongGeneralization(_) => "strong-generalization",
            Self::TimeCut(_) => "time-cut",
            Self::RollingCuts(_) => "rolling-cuts",
            Self::LaterUsers(_) => "later-users",
            Self::ColdMovies(_) => "cold-films",
        }
    }

    /// Returns the parts of the held-out users that the protocol provides.
    pub fn parts(&self) -> &'static [Part] {
        match self {
            Self::RollingCuts(_) => &[Part::Test],
            _ => &[Part::Validation, Part::Test],
        }
    }

    /// Returns true if the parts have different training data, because their cutoffs differ.
    pub fn has_training_data_per_part(&self) -> bool {
        matches!(self, Self::TimeCut(_) | Self::LaterUsers(_))
    }

    /// Returns the protocol of the split with the number `seed`: the seed of its random draws, or the number of
    /// a rolling cut. Protocols with a single cutoff have only one split and ignore the number.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        match &mut self {
            Self::StrongGeneralization(params) => params.seed = seed,
            Self::ColdMovies(params) => params.users.seed = seed,
            Self::RollingCuts(params) => params.cut = seed,
            Self::TimeCut(_) | Self::LaterUsers(_) => {}
        }
        self
    }
}
