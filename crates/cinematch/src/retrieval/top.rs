//! Exact top-k selection over scores that are sums of terms.
//!
//! The scan visits blocks of movies in descending order of an upper bound on their scores, and skips blocks
//! whose bound is below the k-th best score found so far.

use std::cmp::Ordering;
use std::ops::Range;

use crate::features::layout::{Layout, SharedTerm};
use crate::ids::MovieIdx;

/// A movie and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Row of the movie.
    pub movie: MovieIdx,
    /// The movie's score.
    pub score: f32,
}

impl Candidate {
    /// Compares two candidates in list order: higher scores first, then lower rows.
    pub(crate) fn order(self, other: Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.movie.cmp(&other.movie))
    }
}

/// Scores for the catalog. Each score is the sum of the movie's own value and terms shared by many movies.
#[derive(Clone, Debug)]
pub(crate) struct Scores<'a> {
    /// Scan order of the movies.
    pub layout: &'a Layout,
    /// One value per movie, by position.
    pub own: &'a [f32],
    /// Terms that take only a few distinct values.
    pub shared: Vec<SharedTerm<'a>>,
}

impl Scores<'_> {
    /// Returns the score of the movie at `position`.
    pub(crate) fn at(&self, position: usize) -> f32 {
        let mut score = [self.own[position]];
        for term in &self.shared {
            term.add_from(position, &mut score);
        }
        score[0]
    }

    /// Sets `scores` to the scores at `positions`.
    fn fill_block(&self, positions: Range<usize>, scores: &mut Vec<f32>) {
        scores.clear();
        scores.extend_from_slice(&self.own[positions.clone()]);
        for term in &self.shared {
            term.add_from(positions.start, scores);
        }
    }

    /// Returns an upper bound on the scores in `block`. Terms are added in the same order as in a score, so
    /// the bound also holds under rounding.
    fn bound(&self, block: usize) -> f32 {
        let own = highest(&self.own[self.layout.block(block)]);
        self.shared.iter().fold(own, |sum, term| {
            let codes = term.codes.in_block(block).iter();
            sum + codes.map(|code| term.values[*code as usize]).fold(f32::NEG_INFINITY, higher)
        })
    }
}

/// Returns the `k` best movies for which `passes` returns true, best first.
///
/// `passes` is called only for movies that score high enough to enter the list. Blocks with the highest
/// bounds come first, so most other blocks are skipped. O(n) for n movies.
pub(crate) fn top_k(
    k: usize,
    scores: &Scores<'_>,
    passes: impl Fn(MovieIdx) -> bool,
) -> Vec<Candidate> {
    let k = k.min(scores.own.len());
    if k == 0 {
        return Vec::new();
    }
    let blocks = 0..scores.layout.n_blocks() as u32;
    let mut order: Vec<(f32, u32)> =
        blocks.map(|block| (scores.bound(block as usize), block)).collect();
    let first = k.min(order.len() - 1);
    order.select_nth_unstable_by(first, |a, b| b.0.total_cmp(&a.0));
    order[..first].sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // Candidates are collected in a buffer of 1.25 k. When it is full, it is truncated to the best k, and the
    // lowest of those becomes the new threshold.
    let capacity = k + k.div_ceil(4);
    let mut heap: Vec<Candidate> = Vec::with_capacity(capacity);
    let mut threshold = f32::NEG_INFINITY;
    let mut block_scores = Vec::new();
    for (bound, block) in order {
        // A movie whose score equals the threshold can still rank higher because of its row.
        if bound < threshold {
            continue;
        }
        let positions = scores.layout.block(block as usize);
        scores.fill_block(positions.clone(), &mut block_scores);
        for (score, movie) in block_scores.iter().zip(&scores.layout.movies()[positions]) {
            if *score < threshold || !passes(*movie) {
                continue;
            }
            heap.push(Candidate { movie: *movie, score: *score });
            if heap.len() == capacity {
                heap.select_nth_unstable_by(k - 1, |a, b| a.order(*b));
                heap.truncate(k);
                threshold = heap[k - 1].score;
            }
        }
    }
    heap.sort_unstable_by(|a, b| a.order(*b));
    heap.truncate(k);
    heap
}

/// Returns all movies that score at least `threshold` and for which `passes` returns true, best first. Skips
/// blocks whose upper bound is below `threshold`. O(n + m log m) for n movies and m results.
pub(crate) fn at_least(
    threshold: f32,
    scores: &Scores<'_>,
    passes: impl Fn(MovieIdx) -> bool,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut block_scores = Vec::new();
    for block in (0..scores.layout.n_blocks()).filter(|block| scores.bound(*block) >= threshold) {
        let positions = scores.layout.block(block);
        scores.fill_block(positions.clone(), &mut block_scores);
        let movies = block_scores.iter().zip(&scores.layout.movies()[positions]);
        let passing = movies.filter(|(score, movie)| **score >= threshold && passes(**movie));
        candidates.extend(passing.map(|(score, movie)| Candidate { movie: *movie, score: *score }));
    }
    candidates.sort_unstable_by(|a, b| a.order(*b));
    candidates
}

/// Returns the highest value, or −∞ if there are no values. Sixteen independent lanes, merged pairwise, avoid
/// the dependency chain of a single running maximum.
pub(crate) fn highest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = higher(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = higher(*lane, *value);
    }
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] = higher(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

fn higher(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_sorting_all_scores(
            movies in proptest::collection::vec(
                ((-5_i8..5).prop_map(f32::from), 0_u32..7, 0_u32..3),
                0..400,
            ),
            k in 0_usize..30,
            modulus in 1_u32..5,
        ) {
            let values = [vec![0.0, 0.5, -3.0, 1.0, 0.25, 2.0, -0.5], vec![0.0, 1.0, -1.5]];
            let layout = Layout::new(movies.len(), |movie| movies[movie.row()].1);
            let own = layout.arrange(&movies.iter().map(|movie| movie.0).collect::<Vec<_>>());
            let codes = [
                layout.codes(&movies.iter().map(|movie| movie.1).collect::<Vec<_>>()),
                layout.codes(&movies.iter().map(|movie| movie.2).collect::<Vec<_>>()),
            ];
            let terms = codes.iter().zip(&values);
            let terms =
                terms.map(|(codes, values)| SharedTerm { codes, values: values.clone() });
            let scores = Scores { layout: &layout, own: &own, shared: terms.collect() };
            let passes = |movie: MovieIdx| movie.0.is_multiple_of(modulus);

            let mut all: Vec<Candidate> = movies
                .iter()
                .enumerate()
                .map(|(row, (own, one, two))| Candidate {
                    movie: MovieIdx(row as u32),
                    score: own + values[0][*one as usize] + values[1][*two as usize],
                })
                .filter(|candidate| passes(candidate.movie))
                .collect();
            all.sort_by(|a, b| a.order(*b));
            for (at, candidate) in all.iter().enumerate() {
                let position = layout.movies().iter().position(|movie| *movie == candidate.movie);
                let score = scores.at(position.unwrap());
                prop_assert_eq!(score.to_bits(), candidate.score.to_bits());
                let from = all.partition_point(|other| other.score >= candidate.score);
                prop_assert!(at < from);
                prop_assert_eq!(at_least(candidate.score, &scores, passes), &all[..from]);
            }
            all.truncate(k);
            prop_assert_eq!(top_k(k, &scores, passes), all);
        }
    }
}
