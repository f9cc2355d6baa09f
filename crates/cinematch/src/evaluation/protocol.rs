//! The evaluation protocols, which can be selected by name.

use serde::Serialize;

use super::split::{Part, Split, SplitError};
use super::{ColdMovies, StrongGeneralization, TimeCut};
use crate::catalog::Interactions;

/// A method for splitting ratings into training data and held-out test data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Protocol {
    /// Holds out users.
    StrongGeneralization(StrongGeneralization),
    /// Holds out ratings after a global cutoff.
    TimeCut(TimeCut),
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
            Self::ColdMovies(params) => params.split(interactions, part),
        }
    }

    /// Returns the name of the metric that tuning maximizes.
    pub fn objective(&self) -> &'static str {
        match self {
            Self::StrongGeneralization(_) | Self::TimeCut(_) => "NDCG at 100",
            Self::ColdMovies(_) => "NDCG at 10 of the cold films",
        }
    }

    /// Returns the protocol's name, as used in reports and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StrongGeneralization(_) => "strong-generalization",
            Self::TimeCut(_) => "time-cut",
            Self::ColdMovies(_) => "cold-films",
        }
    }

    /// Returns the protocol with `seed` as its seed. A time cut is deterministic and ignores the seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        match &mut self {
            Self::StrongGeneralization(params) => params.seed = seed,
            Self::ColdMovies(params) => params.users.seed = seed,
            Self::TimeCut(_) => {}
        }
        self
    }
}
