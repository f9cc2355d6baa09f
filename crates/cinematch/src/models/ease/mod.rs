//! EASE and EDLAE: the best linear model of films on films, in closed form.
//!
//! EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019) minimises
//! ‖X − XB‖² + λ‖B‖² with a zero diagonal: with P = (`XᵀX` + λI)⁻¹, Bᵢⱼ = −Pᵢⱼ / Pⱼⱼ. EDLAE (Steck,
//! "Autoencoders that don't overfit towards the Identity", 2020, full rank) regularises each film by
//! how often it was seen: λ becomes λ + Gᵢᵢ·p/(1−p), as if every entry were dropped with probability p.
//!
//! X is users × the most rated films. n films cost n³ FLOPs and 2·n² bytes, and Σ nᵤ² / 2
//! additions for `XᵀX`. Of B, the largest entries of each column are kept.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Implicit;
use super::gram::Columns;
use super::item_item::{ItemItem, largest};
use crate::linalg::{BlockMatrix, NotPositive};

/// Parameters of EASE and EDLAE.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EaseParams {
    /// λ: the larger, the nearer B is to 0.
    pub regularization: f32,
    /// p, 0 to below 1; 0 is EASE.
    pub dropout: f32,
    /// Films to compare, the most rated.
    pub max_movies: usize,
    /// Entries of B kept for each film, those of largest magnitude.
    pub neighbors: usize,
}

impl Default for EaseParams {
    fn default() -> Self {
        Self { regularization: 100.0, dropout: 0.33, max_movies: 20_000, neighbors: 1_000 }
    }
}

/// Parameters that make no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EaseError {
    /// A value outside its range.
    #[error("{name} is {value}; expected {expected}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What it is.
        value: f32,
        /// What it may be.
        expected: &'static str,
    },
    /// Too little regularisation for f32.
    #[error("{0}; a larger regularization helps")]
    Singular(#[from] NotPositive),
}

impl EaseParams {
    /// Checks the ranges.
    pub fn check(self) -> Result<CheckedEaseParams, EaseError> {
        let out = |name, value, expected| Err(EaseError::OutOfRange { name, value, expected });
        let Self { regularization, dropout, .. } = self;
        if !(regularization > 0.0 && regularization.is_finite()) {
            return out("regularization", regularization, "a number above 0");
        }
        if !(0.0..1.0).contains(&dropout) {
            return out("dropout", dropout, "0 to below 1");
        }
        Ok(CheckedEaseParams(self))
    }
}

/// Parameters within their ranges.
#[derive(Clone, Copy, Debug)]
pub struct CheckedEaseParams(EaseParams);

impl CheckedEaseParams {
    /// Fits the model. `progress` is told the share of the inversion that is done.
    pub fn fit(
        self,
        implicit: &Implicit,
        progress: &mut dyn FnMut(f32),
    ) -> Result<ItemItem, EaseError> {
        let EaseParams { regularization, dropout, max_movies, neighbors } = self.0;
        let columns = Columns::new(implicit, max_movies);
        let movies = columns.movies();
        let mut matrix = BlockMatrix::zeros(movies.len());
        matrix.fill_rows(|| (), |(), row, values| columns.add_upper_row(row, values));
        let share = dropout / (1.0 - dropout);
        matrix.add_to_diagonal(|_, value| regularization + value * share);
        matrix.invert(progress)?;

        let column = |row: &mut Vec<f32>, at: usize| {
            row.resize(movies.len(), 0.0);
            matrix.copy_row(at, row);
            let scale = -row[at].recip();
            let others = row.iter().enumerate().filter(|(other, _)| *other != at);
            let entries = others.map(|(other, value)| (movies[other].0, value * scale)).collect();
            (movies[at], largest(entries, neighbors))
        };
        let targets = (0..movies.len()).into_par_iter().map_init(Vec::new, column).collect();
        Ok(ItemItem::new(implicit.confidence(), implicit.n_movies(), targets))
    }
}
