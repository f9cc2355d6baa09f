//! Scores movies by their ranking features and explains the scores.

use std::cell::RefCell;

use serde::Serialize;

use super::column_sums::ColumnSums;
use super::similarity_pool::SimilarityPool;
use crate::features::CsrMatrix;
use crate::features::layout::{Codes, Layout, SharedTerm};
use crate::features::patterns::RowPatterns;
use crate::features::ranking::{Block, BlockKind, RankingFeatures};
use crate::ids::MovieIdx;

thread_local! {
    /// Column sum buffer, reused to avoid allocating one sum per column for each history.
    static COLUMN_SUMS: RefCell<ColumnSums> = RefCell::default();
}

/// Minimum similarity through a feature for reasons to name it. Excludes one keyword of many.
const MIN_NAMED_PART: f32 = 0.008;
/// Minimum similarity through an actor, which excludes small parts: an actor who comes fourth in the credits of one
/// movie must come first in those of the other.
const MIN_ACTOR_PART: f32 = 0.0145;

/// A movie in a user's history, with its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// Row of the movie.
    pub movie: MovieIdx,
    /// Weight, from −1 (disliked) to 1 (liked).
    pub weight: f32,
}

impl Signal {
    /// Maps a star rating to a weight. The middle of the scale, 2.75 stars, gets weight 0. Users rate above
    /// it on average, so an average rating counts as a like.
    pub(crate) fn rated(movie: MovieIdx, stars: f32) -> Self {
        Self { movie, weight: (stars - 2.75) / 2.25 }
    }
}

/// Ranking features prepared for scoring.
#[derive(Clone, Debug)]
pub struct ContentModel {
    features: RankingFeatures,
    /// Row patterns in the blocks where many movies have equal values, with the pattern of each movie.
    patterns: Vec<(RowPatterns, Codes)>,
    /// Entries in all other blocks, as a columns × positions matrix.
    positions_of: CsrMatrix<f32>,
}

/// A user's profile in feature space, computed from a history: a sparse vector sorted by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    columns: Vec<u32>,
    weights: Vec<f32>,
    /// Factor applied to the signals' weights.
    scale: f32,
}

impl Profile {
    /// Multiplies all weights by `factor`.
    pub(crate) fn scale_by(&mut self, factor: f32) {
        self.scale *= factor;
        for weight in &mut self.weights {
            *weight *= factor;
        }
    }
}

/// A feature's contribution to a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedFeature<'a> {
    /// Kind of feature.
    pub block: BlockKind,
    /// Display name of the feature.
    pub name: &'a str,
    /// Contribution to the score.
    pub contribution: f32,
}

/// A feature that a movie shares with a signal in the history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NamedFeature<'a> {
    /// Position of the signal in the history.
    pub signal: usize,
    pub feature: SharedFeature<'a>,
}

/// Exact decomposition of a movie's affinity to a history.
#[derive(Clone, Debug)]
pub struct Affinity {
    /// Contribution of each signal in the history.
    pub parts: Vec<f32>,
    matches: Vec<Match>,
}

/// A feature shared by a movie and a signal in the history.
#[derive(Clone, Copy, Debug)]
struct Match {
    /// Position of the signal in the history.
    signal: usize,
    column: u32,
    part: f32,
}

impl ContentModel {
    /// Prepares the rows for scoring, in `layout` order. O(entries).
    pub(crate) fn fit(features: RankingFeatures, layout: &Layout) -> Self {
        let find = |block: &Block| RowPatterns::find(&features.matrix, block.start..block.end);
        let found = features.blocks.iter().filter_map(find);
        let patterns: Vec<(RowPatterns, Codes)> = found
            .map(|(patterns, pattern_of_row)| (patterns, layout.codes(&pattern_of_row)))
            .collect();
        let in_patterns = |column| patterns.iter().any(|(run, _)| run.columns().contains(&column));
        let order = layout.movies().iter().map(|movie| movie.row());
        let positions_of = features.matrix.transposed(order, |column| !in_patterns(column));
        Self { features, patterns, positions_of }
    }

    /// Returns the rows and the meaning of their columns.
    pub(crate) fn features(&self) -> &RankingFeatures {
        &self.features
    }

    /// Returns the number of movies.
    pub(crate) fn n_movies(&self) -> usize {
        self.features.matrix.n_rows()
    }

    /// Computes the profile for `history` (fold-in). O(entries of its movies).
    pub(crate) fn profile(&self, history: &[Signal]) -> Profile {
        self.fold_history(history, |_| true)
    }

    /// Computes the profile from only the signals with positive weight, on the scale of the whole history's
    /// profile.
    pub(crate) fn liked_profile(&self, history: &[Signal]) -> Profile {
        self.fold_history(history, |signal| signal.weight > 0.0)
    }

    fn fold_history(&self, history: &[Signal], counts: impl Fn(&&Signal) -> bool) -> Profile {
        let total: f32 = history.iter().map(|signal| signal.weight.abs()).sum();
        if total <= 0.0 {
            return Profile::default();
        }
        let scale = total.powf(-0.75);
        let (columns, weights) = COLUMN_SUMS.with_borrow_mut(|sums| {
            sums.reserve(self.features.matrix.n_columns());
            for signal in history.iter().filter(counts) {
                for (column, value) in self.features.matrix.entries(signal.movie.row()) {
                    sums.add(column, value * signal.weight * scale);
                }
            }
            sums.take()
        });
        Profile { columns, weights, scale }
    }

    /// Adds each movie's affinity for `profile` to `own`, indexed by position. Features in patterns are
    /// excluded: their sums are returned per pattern.
    pub(crate) fn add_scores(&self, profile: &Profile, own: &mut [f32]) -> Vec<SharedTerm<'_>> {
        let (columns, weights) = (&profile.columns, &profile.weights);
        for (column, weight) in columns.iter().zip(weights) {
            let (positions, values) = self.positions_of.row(*column as usize);
            for (position, value) in positions.iter().zip(values) {
                own[*position as usize] += weight * value;
            }
        }
        self.patterns
            .iter()
            .map(|(patterns, codes)| SharedTerm { codes, values: patterns.dots(columns, weights) })
            .collect()
    }

    /// Calls `each` with every movie and the exact decomposition of its affinity. O(entries of the
    /// movies and the history + matches).
    pub(crate) fn explain(
        &self,
        profile: &Profile,
        history: &[Signal],
        movies: &[MovieIdx],
        mut each: impl FnMut(MovieIdx, &Affinity),
    ) {
        let mut similarity_pool = self.similarity_pool();
        for signal in history {
            similarity_pool.push(signal.movie);
        }
        let mut affinity = Affinity { parts: Vec::new(), matches: Vec::new() };
        for movie in movies {
            affinity.parts.clear();
            affinity.parts.resize(history.len(), 0.0);
            affinity.matches.clear();
            similarity_pool.each_match(*movie, |signal, column, part| {
                affinity.parts[signal] += part;
                affinity.matches.push(Match { signal, column, part });
            });
            for (part, signal) in affinity.parts.iter_mut().zip(history) {
                *part *= signal.weight * profile.scale;
            }
            each(*movie, &affinity);
        }
    }

    /// Returns an empty pool of movies for similarity comparisons. Similarities range from 0 to 1.
    pub fn similarity_pool(&self) -> SimilarityPool<'_> {
        SimilarityPool::new(&self.features.matrix)
    }

    /// Returns the features through which the history contributes to a movie's affinity and that reasons may name.
    pub(crate) fn named_features(
        &self,
        affinity: &Affinity,
        profile: &Profile,
        history: &[Signal],
    ) -> Vec<NamedFeature<'_>> {
        let large = affinity.matches.iter().filter(|matched| matched.part >= MIN_NAMED_PART);
        let named = large.filter_map(|matched| {
            let (block, name) = self.features.named(matched.column)?;
            if block == BlockKind::Cast && matched.part < MIN_ACTOR_PART {
                return None;
            }
            let contribution = history[matched.signal].weight * profile.scale * matched.part;
            let feature = SharedFeature { block, name, contribution };
            Some(NamedFeature { signal: matched.signal, feature })
        });
        named.collect()
    }
}
