//! Models: one folder each. A model is fitted and never changes afterwards; a viewer's history is
//! folded in when they ask, so that nobody has to be part of the training.
//!
//! Collaborative models learn from [`Implicit`] feedback: how much each rating says that its film was
//! liked. What they all can do is [`Model`].

pub mod biased_mf;
pub mod cold_start;
pub mod content;
mod contributions;
pub mod ease;
mod fitted;
mod gram;
pub mod hybrid;
pub mod ials;
mod implicit;
mod item_item;
pub mod knn;
pub mod popular;
pub mod spec;

use crate::catalog::Rated;
use crate::ids::MovieIdx;

pub use cold_start::Newcomers;
pub use contributions::Contributions;
pub use fitted::Fitted;
pub use implicit::{Confidence, Implicit};
pub use item_item::ItemItem;
pub use spec::{FitError, Spec, TrainingSet};

/// A fitted model.
pub trait Model: Send + Sync {
    /// The number of films it scores.
    fn n_movies(&self) -> usize;

    /// Writes a score for every film: the higher, the more the viewer with this history is expected
    /// to like it. Only their order means something; a film of the history has a score too. Films the
    /// model does not know are passed over.
    ///
    /// # Panics
    /// When `scores` is not as long as there are films.
    fn score(&self, history: &[Rated], scores: &mut [f32]);

    /// The same for many viewers, each with scores of their own: where memory is what takes time, many
    /// cost less than one by one.
    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        for (history, scores) in histories.iter().zip(scores) {
            self.score(history, scores);
        }
    }

    /// What each film of the history adds to the scores of `movies`, exactly.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions>;
}

#[cfg(test)]
mod tests;
