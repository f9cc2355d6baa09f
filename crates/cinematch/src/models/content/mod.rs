//! The content model: films like those a viewer liked, unlike those they disliked.
//!
//! The affinity of film j to a history of films i with weights wᵢ (liked above 0, disliked below) is
//!
//! ```text
//! Σᵢ wᵢ ⟨xᵢ, xⱼ⟩ / (Σᵢ |wᵢ|)^¾
//! ```
//!
//! where x are the [ranking rows](crate::features::ranking). The sum is linear in the history, so
//! every film's part in it is exact, not an approximation (Rocchio, 1971, with graded weights).
//! Scoring walks the columns of the viewer's profile: O(entries of those columns), no film is left
//! out, and a history is folded in without any training. Blocks in which many films are equal
//! (genres, time of release) are scored once for each [pattern](crate::features::patterns).

mod alone;
mod column_sums;
mod likeness;

use std::cell::RefCell;

use serde::Serialize;

use crate::features::CsrMatrix;
use crate::features::patterns::RowPatterns;
use crate::features::ranking::{Block, BlockKind, RankingFeatures};
use crate::ids::MovieIdx;
use crate::retrieval::{Codes, Layout, SharedTerm};

use column_sums::ColumnSums;

pub use alone::ContentAlone;
pub use likeness::Likeness;

thread_local! {
    /// No allocation of the columns' size for each history.
    static COLUMN_SUMS: RefCell<ColumnSums> = RefCell::default();
}

/// A film in somebody's history and how much it speaks for (above 0) or against films like it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// The film.
    pub movie: MovieIdx,
    /// −1 to 1.
    pub weight: f32,
}

impl Signal {
    /// A film with stars. 2.75 of them say nothing either way: viewers give more than the scale's
    /// middle.
    pub fn rated(movie: MovieIdx, stars: f32) -> Self {
        Self { movie, weight: (stars - 2.75) / 2.25 }
    }
}

/// The fitted model.
#[derive(Clone, Debug)]
pub struct ContentModel {
    features: RankingFeatures,
    /// The blocks in which many films are equal, and which films are.
    patterns: Vec<(RowPatterns, Codes)>,
    /// Columns × positions, of all other blocks: which films have a feature.
    positions_of: CsrMatrix<f32>,
}

/// A history folded into feature space: columns ascending, weights scaled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    columns: Vec<u32>,
    weights: Vec<f32>,
    /// What each signal's weight is multiplied by.
    scale: f32,
}

impl Profile {
    /// Whether nothing speaks for or against any film.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Multiplies all that it says.
    pub fn scale_by(&mut self, factor: f32) {
        self.scale *= factor;
        for weight in &mut self.weights {
            *weight *= factor;
        }
    }
}

/// One feature's part in a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedFeature<'a> {
    /// What kind of feature it is.
    pub block: BlockKind,
    /// Its name, in people's words.
    pub name: &'a str,
    /// Its part in the score.
    pub contribution: f32,
}

/// Why a film's affinity to a history is what it is.
#[derive(Clone, Debug)]
pub struct Affinity {
    /// The exact part of every signal of the history.
    pub parts: Vec<f32>,
    matches: Vec<Match>,
}

/// A feature that a film shares with one of the history.
#[derive(Clone, Copy, Debug)]
struct Match {
    /// The place in the history.
    signal: usize,
    column: u32,
    part: f32,
}

impl ContentModel {
    /// Prepares the rows for scoring films in a layout. O(entries).
    pub(crate) fn fit(features: RankingFeatures, layout: &Layout) -> Self {
        let find = |block: &Block| RowPatterns::find(&features.matrix, block.start..block.end);
        let found = features.blocks.iter().filter_map(find);
        let patterns: Vec<(RowPatterns, Codes)> =
            found.map(|(patterns, of)| (patterns, layout.codes(&of))).collect();
        let in_patterns = |column| patterns.iter().any(|(run, _)| run.columns().contains(&column));
        let order = layout.movies().iter().map(|movie| movie.row());
        let positions_of = features.matrix.transposed(order, |column| !in_patterns(column));
        Self { features, patterns, positions_of }
    }

    /// The rows and the meaning of their columns.
    pub fn features(&self) -> &RankingFeatures {
        &self.features
    }

    /// The number of films.
    pub fn n_movies(&self) -> usize {
        self.features.matrix.n_rows()
    }

    /// Folds a history in. O(entries of its films).
    pub fn profile(&self, history: &[Signal]) -> Profile {
        self.fold(history, |_| true)
    }

    /// What of the same profile speaks for films, and nothing that speaks against any.
    pub fn liked_profile(&self, history: &[Signal]) -> Profile {
        self.fold(history, |signal| signal.weight > 0.0)
    }

    fn fold(&self, history: &[Signal], counts: impl Fn(&&Signal) -> bool) -> Profile {
        let total: f32 = history.iter().map(|signal| signal.weight.abs()).sum();
        if total <= 0.0 {
            return Profile::default();
        }
        let scale = total.powf(-0.75);
        let (columns, weights) = COLUMN_SUMS.with_borrow_mut(|sums| {
            sums.cover(self.features.matrix.n_columns());
            for signal in history.iter().filter(counts) {
                for (column, value) in self.features.matrix.entries(signal.movie.row()) {
                    sums.add(column, value * signal.weight * scale);
                }
            }
            sums.take()
        });
        Profile { columns, weights, scale }
    }

    /// Adds to each film's `own` score (by position) what only few films have of its affinity to the
    /// profile, and returns the rest: what many films have in common.
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

    /// Calls `each` with every film and why its affinity is what it is, exactly. O(entries of both +
    /// matches).
    pub fn explain(
        &self,
        profile: &Profile,
        history: &[Signal],
        movies: &[MovieIdx],
        mut each: impl FnMut(MovieIdx, &Affinity),
    ) {
        let mut likeness = self.likeness();
        for signal in history {
            likeness.push(signal.movie);
        }
        let mut affinity = Affinity { parts: Vec::new(), matches: Vec::new() };
        for movie in movies {
            affinity.parts.clear();
            affinity.parts.resize(history.len(), 0.0);
            affinity.matches.clear();
            likeness.each_match(*movie, |signal, column, part| {
                affinity.parts[signal] += part;
                affinity.matches.push(Match { signal, column, part });
            });
            for (part, signal) in affinity.parts.iter_mut().zip(history) {
                *part *= signal.weight * profile.scale;
            }
            each(*movie, &affinity);
        }
    }

    /// An empty pool of films to compare others with. How alike two films are is 0 to 1.
    pub fn likeness(&self) -> Likeness<'_> {
        Likeness::new(&self.features.matrix)
    }

    /// The features through which a signal of the history moves a film, the strongest first, at most
    /// `most`.
    pub fn shared_features(
        &self,
        affinity: &Affinity,
        profile: &Profile,
        (place, signal): (usize, Signal),
        most: usize,
    ) -> Vec<SharedFeature<'_>> {
        let matches = affinity.matches.iter().filter(|found| found.signal == place);
        let mut parts: Vec<(u32, f32)> = matches.map(|found| (found.column, found.part)).collect();
        parts.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let factor = signal.weight * profile.scale;
        parts
            .into_iter()
            .take(most)
            .map(|(column, part)| SharedFeature {
                block: self.features.block_of(column).kind,
                name: &self.features.names[column as usize],
                contribution: factor * part,
            })
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
