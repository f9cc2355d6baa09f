//! The fitted PureSVD model.

use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::linalg::add_combination;
use crate::models::blocks::Blocks;
use crate::models::contributions::Contributions;
use crate::models::factors::Factors;
use crate::models::implicit::Confidence;
use crate::models::model::Model;

/// A fitted PureSVD model: the right singular vectors V, one row per movie.
#[derive(Clone, Debug)]
pub struct Svd {
    pub(super) confidence: Confidence,
    pub(super) movies: Factors,
    pub(super) singular_values: Vec<f32>,
    /// V, laid out for scoring.
    blocks: Blocks,
}

impl Svd {
    pub(super) fn new(confidence: Confidence, movies: Factors, singular_values: Vec<f32>) -> Self {
        let blocks = Blocks::new(&movies);
        Self { confidence, movies, singular_values, blocks }
    }

    /// Returns V: the right singular vectors in columns, one row per movie.
    pub fn movies(&self) -> &Factors {
        &self.movies
    }

    /// Returns the singular values, largest first.
    pub fn singular_values(&self) -> &[f32] {
        &self.singular_values
    }

    /// Computes x·V for each history with the weights x. O(n·d) per history of length n.
    fn fold_in(&self, histories: &[&[Rated]]) -> Factors {
        let mut users = Factors::zeros(histories.len(), self.movies.n_factors());
        for (history, user) in histories.iter().zip(users.rows_mut()) {
            for (_, movie, weight) in self.confidence.weigh(history) {
                add_combination(self.movies.row(movie.row()), &[weight], user);
            }
        }
        users
    }
}

impl Model for Svd {
    fn n_movies(&self) -> usize {
        self.movies.n_rows()
    }

    /// Computes the scores in O(n·d + I·d).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "expected one score per movie");
        self.blocks.score(self.fold_in(&[history]).values(0), scores);
    }

    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        self.blocks.score_histories(histories, |histories| self.fold_in(histories), scores);
    }

    /// Splits scores exactly: movie i with weight xᵢ contributes xᵢ·⟨vᵢ, vⱼ⟩ to movie j. O(n·d) per movie.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (index, source, weight) in self.confidence.weigh(history) {
            let source = self.movies.row(source.row());
            for (movie, contributions) in movies.iter().zip(&mut contributions) {
                contributions.parts[index] = weight * self.movies.dot(movie.row(), source);
            }
        }
        contributions
    }
}
