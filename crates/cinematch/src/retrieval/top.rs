//! The best k of many, exactly.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::groups::{Block, Groups};
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

/// Scores in parts: a film's own, its group's, and one that is looked up only for films that may
/// be good enough.
#[derive(Clone, Debug)]
pub struct Scores<'a> {
    /// The films' groups.
    pub groups: &'a Groups,
    /// What each film has of its own, by position.
    pub own: &'a [f32],
    /// What the films of each group have in common.
    pub shared: Vec<f32>,
    /// What is looked up.
    pub late: Vec<Late<'a>>,
}

/// A part of the scores that takes few values.
#[derive(Clone, Debug)]
pub struct Late<'a> {
    /// Which value each film has, by position.
    pub of: &'a [u16],
    /// The values.
    pub values: Vec<f32>,
}

impl Scores<'_> {
    /// A film's whole score.
    pub fn at(&self, group: usize, position: usize) -> f32 {
        let early = self.own[position] + self.shared[group];
        self.late.iter().fold(early, |sum, late| sum + late.values[usize::from(late.of[position])])
    }

    /// What a film with this early part can reach.
    fn bound(&self, early: f32, highest: &[f32]) -> f32 {
        // Added in the order of the score itself, so that rounding keeps it a bound.
        highest.iter().fold(early, |sum, late| sum + late)
    }
}

/// The `k` best films that `passes` lets through, best first. `passes` is asked only about films
/// whose score is good enough. Blocks with the highest scores come first, so that most others are
/// passed over whole. O(n + m log k), m films good enough on their turn.
pub fn best(k: usize, scores: &Scores<'_>, passes: impl Fn(MovieIdx) -> bool) -> Vec<Candidate> {
    let blocks = scores.groups.blocks();
    if k == 0 || blocks.is_empty() {
        return Vec::new();
    }
    let late: Vec<f32> = scores.late.iter().map(|late| highest(&late.values)).collect();
    let bound_of = |block: &Block| {
        let early = highest(&scores.own[block.positions.clone()]) + scores.shared[block.group];
        scores.bound(early, &late)
    };
    let mut turns: Vec<(f32, &Block)> =
        blocks.iter().map(|block| (bound_of(block), block)).collect();
    let first = k.min(turns.len() - 1);
    turns.select_nth_unstable_by(first, |a, b| b.0.total_cmp(&a.0));
    turns[..first].sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept: BinaryHeap<Worst> = BinaryHeap::with_capacity(k.min(scores.own.len()) + 1);
    let mut bar = f32::NEG_INFINITY;
    for (bound, block) in turns {
        // A film that equals the worst kept may still come before it.
        if bound < bar {
            continue;
        }
        for position in block.positions.clone() {
            let early = scores.own[position] + scores.shared[block.group];
            if scores.bound(early, &late) < bar {
                continue;
            }
            let movie = scores.groups.films()[position];
            let candidate = Worst(Candidate { movie, score: scores.at(block.group, position) });
            let full = kept.len() == k;
            if full && kept.peek().is_some_and(|worst| candidate >= *worst) || !passes(movie) {
                continue;
            }
            kept.push(candidate);
            if full {
                kept.pop();
            }
            if let Some(worst) = kept.peek().filter(|_| kept.len() == k) {
                bar = worst.0.score;
            }
        }
    }
    kept.into_sorted_vec().into_iter().map(|worst| worst.0).collect()
}

/// The highest value. Lanes of their own, because a single running maximum is a chain of waits.
fn highest(values: &[f32]) -> f32 {
    let higher = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = higher(*lane, *value);
        }
    }
    lanes.into_iter().chain(rest.iter().copied()).fold(f32::NEG_INFINITY, higher)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_sorting_everything(
            films in proptest::collection::vec(
                ((-5_i8..5).prop_map(f32::from), 0_u32..7, 0_u16..3),
                0..400,
            ),
            k in 0_usize..30,
            modulus in 1_u32..5,
        ) {
            let shared = vec![0.0, 0.5, -3.0, 1.0, 0.25, 2.0, -0.5];
            let values = vec![0.0, 1.0, -1.5];
            let column = |at: fn(&(f32, u32, u16)) -> u32| films.iter().map(at).collect::<Vec<_>>();
            let groups = Groups::new(&column(|film| film.1));
            let own = groups.arrange(&films.iter().map(|film| film.0).collect::<Vec<_>>());
            let of = groups.arrange(&films.iter().map(|film| film.2).collect::<Vec<_>>());
            let late = vec![Late { of: &of, values: values.clone() }];
            let scores = Scores { groups: &groups, own: &own, shared: shared.clone(), late };
            let passes = |movie: MovieIdx| movie.0.is_multiple_of(modulus);

            let mut all: Vec<Candidate> = films
                .iter()
                .enumerate()
                .map(|(row, (own, group, value))| Candidate {
                    movie: MovieIdx(row as u32),
                    score: own + shared[*group as usize] + values[usize::from(*value)],
                })
                .filter(|candidate| passes(candidate.movie))
                .collect();
            all.sort_by(|a, b| a.order(*b));
            all.truncate(k);
            prop_assert_eq!(best(k, &scores, passes), all);
        }
    }
}
