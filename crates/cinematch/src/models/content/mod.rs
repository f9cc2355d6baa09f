//! Content-based ranking: films like those a viewer liked, unlike those they disliked, the good
//! ones first.
//!
//! The score of film j for a history of films i with weights wᵢ (liked above 0, disliked below) is
//!
//! ```text
//! Σᵢ wᵢ ⟨xᵢ, xⱼ⟩ / (Σᵢ |wᵢ|)^¾  +  preferred genres  +  quality  −  novelty
//! ```
//!
//! where x are the [ranking rows](crate::features::ranking). The sum is linear in the history, so
//! every film's part in it is exact, not an approximation (Rocchio, 1971, with graded weights).
//! Scoring walks the columns of the viewer's profile: O(entries of those columns), no film is left
//! out, and a history is folded in without any training. Blocks in which many films are equal
//! (genres, time of release) are scored once for each [pattern](crate::features::patterns).

mod likeness;
mod quality;

use serde::Serialize;

use crate::catalog::Movie;
use crate::features::CsrMatrix;
use crate::features::matrix::sparse_dot;
use crate::features::patterns::RowPatterns;
use crate::features::ranking::{Block, BlockKind, RankingFeatures};
use crate::ids::MovieIdx;
use crate::retrieval::{Groups, Late, Scores};

pub use likeness::Likeness;
pub use quality::Quality;

/// A film in somebody's history and how much it speaks for (above 0) or against films like it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// The film.
    pub movie: MovieIdx,
    /// −1 to 1.
    pub weight: f32,
}

/// The fitted model.
#[derive(Clone, Debug)]
pub struct ContentModel {
    features: RankingFeatures,
    /// The blocks in which all films of a group are equal, by position.
    of_groups: Vec<RowPatterns>,
    /// Other blocks in which many films are equal, by position.
    of_films: Vec<RowPatterns>,
    /// Columns × positions, of all other blocks: which films have a feature.
    positions_of: CsrMatrix<f32>,
    quality: Quality,
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

impl ContentModel {
    /// Prepares the rows for scoring films that stand in `groups`. O(entries).
    pub fn fit(features: RankingFeatures, movies: &[Movie], groups: &Groups) -> Self {
        let find = |block: &Block| {
            RowPatterns::find(&features.matrix, block.start..block.end, groups.films())
        };
        let equal_in_groups = |patterns: &RowPatterns| {
            groups.ranges().all(|group| {
                let of_group = &patterns.of()[group];
                of_group.windows(2).all(|pair| pair[0] == pair[1])
            })
        };
        let (of_groups, of_films): (Vec<_>, Vec<_>) =
            features.blocks.iter().filter_map(find).partition(equal_in_groups);
        let in_patterns =
            |column| of_groups.iter().chain(&of_films).any(|run| run.columns().contains(&column));
        let positions_of =
            features.matrix.transposed(groups.films().iter().map(|film| film.row()), |column| {
                !in_patterns(column)
            });
        Self { features, of_groups, of_films, positions_of, quality: Quality::fit(movies) }
    }

    /// The rows and the meaning of their columns.
    pub fn features(&self) -> &RankingFeatures {
        &self.features
    }

    /// How good and how known every film is.
    pub fn quality(&self) -> &Quality {
        &self.quality
    }

    /// The number of films.
    pub fn n_movies(&self) -> usize {
        self.features.matrix.n_rows()
    }

    /// Folds a history in. O(entries of its films).
    pub fn profile(&self, history: &[Signal]) -> Profile {
        let total: f32 = history.iter().map(|signal| signal.weight.abs()).sum();
        if total <= 0.0 {
            return Profile::default();
        }
        let scale = total.powf(-0.75);
        let mut entries: Vec<(u32, f32)> = history
            .iter()
            .flat_map(|signal| {
                let row = self.features.matrix.entries(signal.movie.row());
                row.map(move |(column, value)| (column, value * signal.weight * scale))
            })
            .collect();
        // A stable sort keeps equal columns in the history's order: the same bytes every time.
        entries.sort_by_key(|(column, _)| *column);
        let mut profile = Profile { scale, ..Profile::default() };
        for run in entries.chunk_by(|a, b| a.0 == b.0) {
            profile.columns.push(run[0].0);
            profile.weights.push(run.iter().map(|(_, value)| value).sum());
        }
        profile
    }

    /// Every film's affinity to the profile, on top of `own` (by position) and `shared` (by group).
    pub fn add_scores<'a>(
        &'a self,
        profile: &Profile,
        groups: &'a Groups,
        own: &'a mut [f32],
        mut shared: Vec<f32>,
    ) -> Scores<'a> {
        let (columns, weights) = (&profile.columns, &profile.weights);
        for (column, weight) in columns.iter().zip(weights) {
            let (positions, values) = self.positions_of.row(*column as usize);
            for (position, value) in positions.iter().zip(values) {
                own[*position as usize] += weight * value;
            }
        }
        for patterns in &self.of_groups {
            let dots = patterns.dots(columns, weights);
            for (shared, start) in shared.iter_mut().zip(groups.starts()) {
                *shared += dots[usize::from(patterns.of()[*start])];
            }
        }
        let late = self.of_films.iter();
        let late = late
            .map(|patterns| Late { of: patterns.of(), values: patterns.dots(columns, weights) })
            .collect();
        Scores { groups, own, shared, late }
    }

    /// Every signal's exact part in the affinity of every film: for each film one number a signal.
    /// O(entries of both + matches).
    pub fn contributions(
        &self,
        profile: &Profile,
        history: &[Signal],
        films: &[MovieIdx],
    ) -> Vec<Vec<f32>> {
        let mut likeness = self.likeness();
        history.iter().for_each(|signal| likeness.push(signal.movie));
        let of_film = |film: &MovieIdx| {
            let alike = likeness.to(*film).into_iter().zip(history);
            alike.map(|(alike, signal)| signal.weight * profile.scale * alike).collect()
        };
        films.iter().map(of_film).collect()
    }

    /// An empty pool of films to compare others with. How alike two films are is 0 to 1.
    pub fn likeness(&self) -> Likeness<'_> {
        Likeness::new(&self.features.matrix)
    }

    /// The features through which a signal moves a film, the strongest first, at most `most`.
    pub fn shared_features(
        &self,
        profile: &Profile,
        signal: Signal,
        movie: MovieIdx,
        most: usize,
    ) -> Vec<SharedFeature<'_>> {
        let rows = &self.features.matrix;
        let mut parts: Vec<(u32, f32)> = Vec::new();
        sparse_dot(rows.row(signal.movie.row()), rows.row(movie.row()), |column, part| {
            parts.push((column, part));
        });
        parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
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
