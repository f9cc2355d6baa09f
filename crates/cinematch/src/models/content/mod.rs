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
//! out, and a history is folded in without any training.

mod quality;

use serde::Serialize;

use crate::catalog::Movie;
use crate::features::CsrMatrix;
use crate::features::matrix::sparse_dot;
use crate::features::ranking::{BlockKind, RankingFeatures};
use crate::ids::MovieIdx;

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
    /// Columns × films: which films have a feature.
    films_of: CsrMatrix<f32>,
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
pub struct SharedFeature {
    /// What kind of feature it is.
    pub block: BlockKind,
    /// Its name, in people's words.
    pub name: String,
    /// Its part in the score.
    pub contribution: f32,
}

impl ContentModel {
    /// Prepares the rows for scoring. O(entries).
    pub fn fit(features: RankingFeatures, movies: &[Movie]) -> Self {
        let films_of = features.matrix.transposed();
        Self { features, films_of, quality: Quality::fit(movies) }
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

    /// Adds every film's affinity to the profile to `scores` (one entry a film).
    pub fn add_scores(&self, profile: &Profile, scores: &mut [f32]) {
        for (column, weight) in profile.columns.iter().zip(&profile.weights) {
            let (films, values) = self.films_of.row(*column as usize);
            for (film, value) in films.iter().zip(values) {
                scores[*film as usize] += weight * value;
            }
        }
    }

    /// One signal's exact part in a film's affinity.
    pub fn contribution(&self, profile: &Profile, signal: Signal, movie: MovieIdx) -> f32 {
        let factor = signal.weight * profile.scale;
        factor * self.similarity(signal.movie, movie)
    }

    /// How alike two films are, 0 to 1.
    pub fn similarity(&self, a: MovieIdx, b: MovieIdx) -> f32 {
        let rows = &self.features.matrix;
        sparse_dot(rows.row(a.row()), rows.row(b.row()), |_, _| {})
    }

    /// The features through which a signal moves a film, the strongest first, at most `most`.
    pub fn shared_features(
        &self,
        profile: &Profile,
        signal: Signal,
        movie: MovieIdx,
        most: usize,
    ) -> Vec<SharedFeature> {
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
                name: self.features.names[column as usize].clone(),
                contribution: factor * part,
            })
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
