//! How much a history says about its user.

use crate::catalog::Rated;

/// Returns how much a history says: n² / (n² + `half`²) for n ratings. It is 0 without ratings and 0.5 with `half`.
///
/// With few ratings, models that learn from other users know little more than which movies are popular, so a blend
/// relies more on what the movies in the history are like.
pub(super) fn experience(history: &[Rated], half: f32) -> f32 {
    let squared = (history.len() as f32).powi(2);
    squared / (squared + half.powi(2))
}
