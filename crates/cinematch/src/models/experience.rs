//! How much a history says about its user.

use crate::catalog::Rated;

/// Returns how much a history says: n² / (n² + `half`²) for n ratings. It is 0 without ratings and 0.5 with `half`.
pub(super) fn experience(history: &[Rated], half: f32) -> f32 {
    let squared = (history.len() as f32).powi(2);
    squared / (squared + half.powi(2))
}

/// Returns the factor by which a blend weighs the properties of movies more: 3 without ratings, 2 with 8, and close to 1
/// with many. With few ratings, models that learn from other users know little more than which movies are popular.
pub(crate) fn content_emphasis(history: &[Rated]) -> f32 {
    3.0 - 2.0 * experience(history, 8.0)
}
