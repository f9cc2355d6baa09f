//! The protocols by name.

use serde::Serialize;

use super::split::{Part, Split, SplitError};
use super::{ColdMovies, StrongGeneralization, TimeCut};
use crate::catalog::Interactions;

/// How ratings become something to learn from and something to find.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Protocol {
    /// Users whom no model has seen.
    StrongGeneralization(StrongGeneralization),
    /// What users like after one instant.
    TimeCut(TimeCut),
    /// Films without a rating.
    #[serde(rename = "cold-films")]
    ColdMovies(ColdMovies),
}

impl Protocol {
    /// Divides. O(ratings).
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

    /// What models are tuned for.
    pub fn objective(&self) -> &'static str {
        match self {
            Self::StrongGeneralization(_) | Self::TimeCut(_) => "NDCG at 100",
            Self::ColdMovies(_) => "NDCG at 10 of the cold films",
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StrongGeneralization(_) => "strong-generalization",
            Self::TimeCut(_) => "time-cut",
            Self::ColdMovies(_) => "cold-films",
        }
    }

    /// The same with another seed; of a time cut nothing is drawn.
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
