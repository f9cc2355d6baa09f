//! The best k of many, exactly.

use std::cmp::Ordering;
use std::ops::Range;

use super::layout::{Codes, Layout};
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
    /// The order of lists: the better one first.
    pub fn order(self, other: Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.movie.cmp(&other.movie))
    }
}

/// Scores as sums: what each film has of its own, and parts that many films have in common.
#[derive(Clone, Debug)]
pub struct Scores<'a> {
    /// The films' positions.
    pub layout: &'a Layout,
    /// What each film has of its own, by position.
    pub own: &'a [f32],
    /// The rest.
    pub parts: Vec<Part<'a>>,
}

/// A part of the scores that takes few values.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Which value each film has.
    pub codes: &'a Codes,
    /// The values.
    pub values: Vec<f32>,
}

impl Part<'_> {
    /// Adds every film's value to the sum at its position.
    pub fn add_to(&self, sums: &mut [f32]) {
        self.add_from(0, sums);
    }

    /// The same for the positions from `first`.
    fn add_from(&self, first: usize, sums: &mut [f32]) {
        let codes = self.codes.of(first..first + sums.len());
        for (sum, code) in sums.iter_mut().zip(codes) {
            *sum += self.values[*code as usize];
        }
    }
}

impl Scores<'_> {
    /// The score of the film at a position.
    pub fn at(&self, position: usize) -> f32 {
        let mut score = [self.own[position]];
        for part in &self.parts {
            part.add_from(position, &mut score);
        }
        score[0]
    }

    /// The scores of the films of a block, in the order of their positions.
    fn of_block(&self, positions: Range<usize>, scores: &mut Vec<f32>) {
        scores.clear();
        scores.extend_from_slice(&self.own[positions.clone()]);
        for part in &self.parts {
            part.add_from(positions.start, scores);
        }
    }

    /// What no film of a block exceeds. Added in the order of a film's score, so that rounding keeps
    /// it a bound.
    fn bound(&self, block: usize) -> f32 {
        let own = highest(&self.own[self.layout.block(block)]);
        self.parts.iter().fold(own, |sum, part| {
            let codes = part.codes.in_block(block).iter();
            sum + codes.map(|code| part.values[*code as usize]).fold(f32::NEG_INFINITY, higher)
        })
    }
}

/// The `k` best films that `passes` lets through, best first. `passes` is asked only about films
/// whose score is good enough. Blocks that can reach most come first, so that most others are passed
/// over whole. O(n).
pub fn best(k: usize, scores: &Scores<'_>, passes: impl Fn(MovieIdx) -> bool) -> Vec<Candidate> {
    let k = k.min(scores.own.len());
    if k == 0 {
        return Vec::new();
    }
    let blocks = 0..scores.layout.n_blocks() as u32;
    let mut turns: Vec<(f32, u32)> =
        blocks.map(|block| (scores.bound(block as usize), block)).collect();
    let first = k.min(turns.len() - 1);
    turns.select_nth_unstable_by(first, |a, b| b.0.total_cmp(&a.0));
    turns[..first].sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // Some more than wanted: when they are so many, the best stay and the worst of them sets the bar.
    let room = k + k.div_ceil(4);
    let mut kept: Vec<Candidate> = Vec::with_capacity(room);
    let mut bar = f32::NEG_INFINITY;
    let mut of_block = Vec::new();
    for (bound, block) in turns {
        // A film that equals the worst kept may still come before it.
        if bound < bar {
            continue;
        }
        let positions = scores.layout.block(block as usize);
        scores.of_block(positions.clone(), &mut of_block);
        for (score, movie) in of_block.iter().zip(&scores.layout.movies()[positions]) {
            if *score < bar || !passes(*movie) {
                continue;
            }
            kept.push(Candidate { movie: *movie, score: *score });
            if kept.len() == room {
                kept.select_nth_unstable_by(k - 1, |a, b| a.order(*b));
                kept.truncate(k);
                bar = kept[k - 1].score;
            }
        }
    }
    kept.sort_unstable_by(|a, b| a.order(*b));
    kept.truncate(k);
    kept
}

/// All films that `passes` lets through and whose score is `bar` or more, best first. Blocks that
/// cannot reach it are passed over whole. O(n + m log m) for m such films.
pub fn at_least(
    bar: f32,
    scores: &Scores<'_>,
    passes: impl Fn(MovieIdx) -> bool,
) -> Vec<Candidate> {
    let mut kept = Vec::new();
    let mut of_block = Vec::new();
    for block in (0..scores.layout.n_blocks()).filter(|block| scores.bound(*block) >= bar) {
        let positions = scores.layout.block(block);
        scores.of_block(positions.clone(), &mut of_block);
        let movies = of_block.iter().zip(&scores.layout.movies()[positions]);
        let good = movies.filter(|(score, movie)| **score >= bar && passes(**movie));
        kept.extend(good.map(|(score, movie)| Candidate { movie: *movie, score: *score }));
    }
    kept.sort_unstable_by(|a, b| a.order(*b));
    kept
}

/// The highest value. In lanes of their own, and these in pairs, because a single running maximum is
/// a chain of waits.
pub fn highest(values: &[f32]) -> f32 {
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
        for at in 0..width {
            lanes[at] = higher(lanes[at], lanes[at + width]);
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
        fn equals_sorting_everything(
            movies in proptest::collection::vec(
                ((-5_i8..5).prop_map(f32::from), 0_u32..7, 0_u32..3),
                0..400,
            ),
            k in 0_usize..30,
            modulus in 1_u32..5,
        ) {
            let values = [vec![0.0, 0.5, -3.0, 1.0, 0.25, 2.0, -0.5], vec![0.0, 1.0, -1.5]];
            let layout = Layout::new(movies.len(), |movie| movies[movie.row()].1);
            let own = layout.arrange(&movies.iter().map(|film| film.0).collect::<Vec<_>>());
            let codes = [
                layout.codes(&movies.iter().map(|film| film.1).collect::<Vec<_>>()),
                layout.codes(&movies.iter().map(|film| film.2).collect::<Vec<_>>()),
            ];
            let parts = codes.iter().zip(&values);
            let parts = parts.map(|(codes, values)| Part { codes, values: values.clone() });
            let scores = Scores { layout: &layout, own: &own, parts: parts.collect() };
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
                let position = layout.movies().iter().position(|film| *film == candidate.movie);
                let score = scores.at(position.unwrap());
                prop_assert_eq!(score.to_bits(), candidate.score.to_bits());
                let from = all.partition_point(|other| other.score >= candidate.score);
                prop_assert!(at < from);
                prop_assert_eq!(at_least(candidate.score, &scores, passes), &all[..from]);
            }
            all.truncate(k);
            prop_assert_eq!(best(k, &scores, passes), all);
        }
    }
}
