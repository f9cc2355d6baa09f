//! The fitted iALS model.

use super::params::{CheckedIalsParams, IalsParams};
use super::solve::{Row, RowSolver};
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::linalg::TileMatrix;
use crate::models::blocks::Blocks;
use crate::models::contributions::Contributions;
use crate::models::factors::Factors;
use crate::models::implicit::Confidence;
use crate::models::model::Model;

/// A fitted iALS model: the movie factors, prepared for fold-in.
#[derive(Clone, Debug)]
pub struct Ials {
    pub(super) params: IalsParams,
    pub(super) confidence: Confidence,
    pub(super) movies: Factors,
    /// Number of movies the model was trained on, which occupy the first rows. Only these movies count as not
    /// watched when they are unobserved.
    n_learned: usize,
    /// Movie factors, laid out for scoring.
    blocks: Blocks,
    background: TileMatrix,
}

impl Ials {
    pub(super) fn new(
        params: IalsParams,
        confidence: Confidence,
        movies: Factors,
        n_learned: usize,
    ) -> Self {
        let background = params.background(&movies.first_rows(n_learned));
        let blocks = Blocks::new(&movies);
        Self { params, confidence, movies, n_learned, blocks, background }
    }

    /// Restores the model from the movie factors in row-major order. The first `n_learned` rows are those of
    /// the trained movies. Returns `None` if the number of values is not d times the number of movies.
    pub(crate) fn from_factors(
        params: CheckedIalsParams,
        confidence: Confidence,
        (n_movies, n_learned): (usize, usize),
        values: &[f32],
    ) -> Option<Self> {
        let movies = Factors::from_values(n_movies, params.0.factors, values)?;
        (n_learned <= n_movies).then(|| Self::new(params.0, confidence, movies, n_learned))
    }

    /// Returns the movie factors.
    pub(crate) fn movies(&self) -> &Factors {
        &self.movies
    }

    /// Computes user factors from `histories`, one row per history. O(n·d² + d³) per history of length n.
    pub fn fold_in(&self, histories: &[&[Rated]]) -> Factors {
        let mut solutions = Factors::zeros(histories.len(), self.params.factors);
        let mut solver = RowSolver::new(solutions.width());
        for (history, solution) in histories.iter().zip(solutions.rows_mut()) {
            let (columns, weights) = self.weigh(history);
            let row = self.row(&columns, &weights);
            solver.solve(&self.background, &self.movies, row, solution);
        }
        solutions
    }

    fn row<'a>(&self, columns: &'a [u32], weights: &'a [f32]) -> Row<'a> {
        let ridge = self.params.ridge_of(weights.iter().sum(), self.n_learned);
        Row { columns, weights, ridge }
    }

    fn weigh(&self, history: &[Rated]) -> (Vec<u32>, Vec<f32>) {
        self.confidence.weigh(history).map(|(_, movie, weight)| (movie.0, weight)).unzip()
    }
}

impl Model for Ials {
    fn n_movies(&self) -> usize {
        self.movies.n_rows()
    }

    /// Computes the scores in O(n·d² + d³ + I·d).
    fn score(&self, history: &[Rated], scores: &mut [f32]) {
        assert_eq!(scores.len(), self.n_movies(), "expected one score per movie");
        self.blocks.score(self.fold_in(&[history]).values(0), scores);
    }

    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        self.blocks.score_histories(histories, |histories| self.fold_in(histories), scores);
    }

    /// Splits scores exactly: movie i with weight c contributes c·hᵢᵀ A⁻¹ hⱼ to movie j, where A is the
    /// matrix of the user's linear system. O(n·d² + d³) once, plus O(d² + n·d) per movie.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        let (columns, weights) = self.weigh(history);
        let row = self.row(&columns, &weights);
        let mut directions = Factors::zeros(movies.len(), self.params.factors);
        for (movie, row) in movies.iter().zip(directions.rows_mut()) {
            row.copy_from_slice(self.movies.row(movie.row()));
        }
        let mut solver = RowSolver::new(self.movies.width());
        solver.apply_inverse(&self.background, &self.movies, row, directions.rows_mut());
        let mut contributions = Contributions::none(history.len(), movies.len());
        for (index, source, weight) in self.confidence.weigh(history) {
            for (row, contributions) in contributions.iter_mut().enumerate() {
                contributions.parts[index] =
                    weight * self.movies.dot(source.row(), directions.row(row));
            }
        }
        contributions
    }
}
