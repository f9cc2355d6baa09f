//! Content model: ranks movies by similarity to the user's liked movies and dissimilarity to disliked ones.
//!
//! The affinity of movie j to a history of movies i with weights wᵢ (above 0 = liked, below 0 =
//! disliked) is
//!
//! ```text
//! Σᵢ wᵢ ⟨xᵢ, xⱼ⟩ / (Σᵢ |wᵢ|)^¾
//! ```
//!
//! where x are the [ranking rows](crate::features::ranking): Rocchio, "Relevance Feedback in Information
//! Retrieval", 1971, with graded weights. The sum is linear in the history, so that the contribution of
//! each movie of the history is exact.
//!
//! - **Time**: O(entries of the rows) to prepare; scoring visits the columns of the user's profile,
//!   O(movies + entries of those columns). Blocks of columns in which many movies are equal (genres,
//!   release time) are scored once per [pattern](crate::features::patterns).
//! - **Memory**: twice the entries of the rows.
//! - **Errors**: none. **Seed**: none; there is no training.
//!
//! The model has no archive: it is restored from the features.

mod column_sums;
mod model;
mod similarity_pool;
mod standalone;

pub use model::{Affinity, ContentModel, Profile, SharedFeature, Signal};
pub use similarity_pool::SimilarityPool;
pub use standalone::{ContentParams, StandaloneContent};

#[cfg(test)]
pub(crate) mod tests;
