//! Content model: ranks movies by similarity to the user's liked movies and dissimilarity to disliked ones.
//!
//! The affinity of movie j to a history of movies i with weights wᵢ
//! (positive = liked, negative = disliked) is
//!
//! ```text
//! Σᵢ wᵢ ⟨xᵢ, xⱼ⟩ / (Σᵢ |wᵢ|)^¾
//! ```
//!
//! where xᵢ is the row of [ranking features](crate::features::ranking) for movie i. This is relevance
//! feedback (Rocchio, "Relevance Feedback in Information Retrieval", 1971) with graded weights. The sum is
//! linear in the history, so each movie's contribution is exact.
//!
//! - **Time**: O(entries in the rows) to prepare. Scoring visits the columns in the user's profile, in
//!   O(movies + entries in those columns). Blocks of columns in which many movies have equal values (genres,
//!   release time) are scored once per [pattern](crate::features::patterns).
//! - **Memory**: two copies of the rows' entries.
//! - **Errors**: none. **Seed**: none; there is no training.
//!
//! The model has no archive: it is restored from the features.

mod column_sums;
mod model;
mod similarity_pool;
mod standalone;

pub(crate) use model::NamedFeature;
pub use model::{Affinity, ContentModel, Profile, SharedFeature, Signal};
pub use similarity_pool::SimilarityPool;
pub use standalone::{ContentParams, StandaloneContent};

#[cfg(test)]
pub(crate) mod tests;
