//! The best k of many, exactly.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::ids::MovieIdx;

/// A film and its score. Higher scores come first, and among equals the lower row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The film.
    pub movie: MovieIdx,
    /// Its score.
    pub score: f32,
}

impl Candidate {
    fn order(self, other: Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.movie.cmp(&other.movie))
    }
}

/// So that the heap's top is the worst candidate kept.
struct Worst(Candidate);

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(other.0)
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Worst {}

/// Scores looked at together; most blocks hold nothing good enough.
const BLOCK: usize = 64;

/// The `k` best films that `passes` lets through, best first. `passes` is asked only about films
/// whose score is good enough. O(n + m log k), m films good enough on their turn.
pub fn best(k: usize, scores: &[f32], passes: impl Fn(MovieIdx) -> bool) -> Vec<Candidate> {
    if k == 0 {
        return Vec::new();
    }
    let mut kept: BinaryHeap<Worst> = BinaryHeap::with_capacity(k + 1);
    // Rows come in ascending order, so an equal score never displaces one that is kept.
    let mut bar = f32::NEG_INFINITY;
    for (block, scores) in scores.chunks(BLOCK).enumerate() {
        let highest = scores.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
        if kept.len() == k && highest <= bar {
            continue;
        }
        for (at, score) in scores.iter().enumerate() {
            if kept.len() == k && *score <= bar {
                continue;
            }
            let movie = MovieIdx((block * BLOCK + at) as u32);
            if !passes(movie) {
                continue;
            }
            kept.push(Worst(Candidate { movie, score: *score }));
            if kept.len() > k {
                kept.pop();
            }
            if let Some(worst) = kept.peek() {
                bar = worst.0.score;
            }
        }
    }
    kept.into_sorted_vec().into_iter().map(|worst| worst.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_sorting_everything(
            scores in proptest::collection::vec((-5_i8..5).prop_map(f32::from), 0..400),
            k in 0_usize..30,
            modulus in 1_u32..5,
        ) {
            let passes = |movie: MovieIdx| movie.0.is_multiple_of(modulus);
            let mut all: Vec<Candidate> = scores
                .iter()
                .enumerate()
                .map(|(row, score)| Candidate { movie: MovieIdx(row as u32), score: *score })
                .filter(|candidate| passes(candidate.movie))
                .collect();
            all.sort_by(|a, b| a.order(*b));
            all.truncate(k);
            prop_assert_eq!(best(k, &scores, passes), all);
        }
    }
}
