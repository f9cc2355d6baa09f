//! Blocks of columns with ranking features of one kind.

use serde::{Deserialize, Serialize};

/// Kind of features in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Words in the overview.
    Overview,
    /// Words in the title.
    Title,
    /// The movie's genres.
    Genre,
    /// Keywords from TMDB.
    Keyword,
    /// Actors, weighted by billing order.
    Cast,
    /// Directors, all with the same weight.
    Director,
    /// User tags, weighted by the number of users who applied them.
    Tag,
    /// Decades around the release year.
    Era,
    /// Standardized year and runtime, which occur only in plain features.
    Numeric,
}

impl BlockKind {
    /// Returns true if a feature of this kind narrows a movie down more than its genres and release year do.
    pub(crate) fn is_specific(self) -> bool {
        matches!(self, Self::Keyword | Self::Tag | Self::Cast | Self::Director)
    }
}

/// A range of columns with features of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Kind of features in this range.
    pub kind: BlockKind,
    /// Weight in movie similarities, 0 to 1.
    pub weight: f32,
    /// First column.
    pub start: u32,
    /// One past the last column.
    pub end: u32,
}
