//! EASE and EDLAE: full-rank linear item-item models in closed form.
//!
//! EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019) minimizes ‖X − XB‖² + λ‖B‖²
//! subject to a zero diagonal in B. With P = (`XᵀX` + λI)⁻¹, the solution is Bᵢⱼ = −Pᵢⱼ / Pⱼⱼ. EDLAE (Steck,
//! "Autoencoders that don't overfit towards the Identity", 2020, full-rank variant) regularizes each movie by
//! its frequency: λ becomes λ + Gᵢᵢ·p/(1−p), which is equivalent to dropping every entry with probability p.
//!
//! With a [`EaseParams::feature_weight`] μ above 0, each content feature counts as a user who rated the movies
//! that have it: G becomes `XᵀX` + μ·`FFᵀ`, where F holds the ranking features (the collective model of Jeunen,
//! Van Balen and Goethals, "Closed-Form Models for Collaborative Filtering with Side-Information", 2020).
//! Features then decide where there are few ratings.
//!
//! - **Shapes**: X is users × movies, limited to the [`EaseParams::max_movies`] most frequent movies; B is
//!   movies × movies. Only the largest entries in each column of B are stored ([`EaseParams::neighbors`]).
//! - **Time**: n³ FLOPs for n movies, Σ nᵤ² / 2 additions for `XᵀX`, and as many for `FFᵀ`, summed over features.
//! - **Memory**: 2·n² bytes while fitting, then 8 bytes per stored entry.
//! - **Errors**: a parameter is outside its range, or λ is too small for f32 arithmetic.
//! - **Seed**: none; the result is deterministic.

use std::io;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::archive::{ArchiveContext, ReadArchive};
use super::cold_start::NewMovies;
use super::gram::{Columns, FeatureGram};
use super::implicit::Implicit;
use super::interface::{
    FitCause, ModelParams, ParameterError, SearchSpace, TrainingData, check, check_count,
    check_not_negative, check_positive,
};
use super::item_item::{ItemItem, largest};
use crate::features::CsrMatrix;
use crate::features::ranking::{BlockKind, RankingFeatures};
use crate::linalg::{BlockMatrix, NotPositive};

/// Parameters for EASE and EDLAE.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EaseParams {
    /// λ: larger values shrink B toward 0.
    pub regularization: f32,
    /// p: dropout probability, 0 (inclusive) to 1 (exclusive). 0 corresponds to EASE.
    pub dropout: f32,
    /// μ: weight of a content feature relative to a user. 0 ignores the features.
    #[serde(skip_serializing_if = "is_zero")]
    pub feature_weight: f32,
    /// Maximum number of movies to model, keeping the most frequent.
    pub max_movies: usize,
    /// Maximum number of entries in each column of B, keeping those of largest magnitude.
    pub neighbors: usize,
}

/// Returns true if a parameter that earlier versions did not have is unused.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

impl Default for EaseParams {
    fn default() -> Self {
        Self {
            regularization: 100.0,
            dropout: 0.33,
            feature_weight: 0.0,
            max_movies: 20_000,
            neighbors: 1_000,
        }
    }
}

impl EaseParams {
    /// Checks that every parameter is within its range.
    pub fn check(self) -> Result<CheckedEaseParams, ParameterError> {
        check_count("max_movies", self.max_movies)?;
        check_count("neighbors", self.neighbors)?;
        check_positive("regularization", self.regularization)?;
        check_not_negative("feature_weight", self.feature_weight)?;
        check("dropout", self.dropout, (0.0..1.0).contains(&self.dropout), "0 to below 1")?;
        Ok(CheckedEaseParams(self))
    }
}

/// Parameters that passed [`EaseParams::check`].
#[derive(Clone, Copy, Debug)]
pub struct CheckedEaseParams(EaseParams);

impl CheckedEaseParams {
    /// Fits the model. `features` has one row per movie; `None` equals a feature weight of 0. Calls `progress`
    /// with the fraction of the matrix inversion completed, from 0 to 1.
    pub fn fit(
        self,
        implicit: &Implicit,
        features: Option<&CsrMatrix<f32>>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<ItemItem, NotPositive> {
        let EaseParams { regularization, dropout, feature_weight, max_movies, neighbors } = self.0;
        let columns = Columns::new(implicit, max_movies);
        let movies = columns.movies();
        let features = features.filter(|_| feature_weight > 0.0);
        let features = features.map(|features| FeatureGram::new(features, movies));
        let mut matrix = BlockMatrix::zeros(movies.len());
        let fill_row = |(): &mut (), row: usize, values: &mut [f32]| {
            columns.add_upper_row(row, values);
            if let Some(features) = &features {
                features.add_upper_row(row, feature_weight, values);
            }
        };
        matrix.fill_rows(|| (), fill_row);
        let share = dropout / (1.0 - dropout);
        matrix.add_to_diagonal(|_, value| regularization + value * share);
        matrix.invert(progress)?;

        let column = |row: &mut Vec<f32>, index: usize| {
            row.resize(movies.len(), 0.0);
            matrix.copy_row(index, row);
            let scale = -row[index].recip();
            let others = row.iter().enumerate().filter(|(other, _)| *other != index);
            let entries = others.map(|(other, value)| (movies[other].0, value * scale)).collect();
            (movies[index], largest(entries, neighbors))
        };
        let targets = (0..movies.len()).into_par_iter().map_init(Vec::new, column).collect();
        let model = ItemItem::from_columns(implicit.confidence(), implicit.n_movies(), targets);
        Ok(model.with_features(features.is_some()))
    }
}

/// Returns the features to learn from. Words of titles and overviews are left out: two titles with "valley" are no
/// evidence of similarity. A movie's only keyword is weaker evidence than one of ten that match, but
/// [`RankingFeatures`] gives both movies' keywords the same total weight, so the keywords and tags of a movie with n
/// of them are scaled by √(n / (n + 4)).
fn side_information(features: &RankingFeatures) -> CsrMatrix<f32> {
    const PRIOR_NAMES: f32 = 4.0;
    let mut scaled = CsrMatrix::new(features.matrix.n_columns());
    let mut row: Vec<(u32, f32)> = Vec::new();
    for movie in 0..features.matrix.n_rows() {
        row.clear();
        row.extend(features.matrix.entries(movie));
        for block in &features.blocks {
            let start = row.partition_point(|(column, _)| *column < block.start);
            let end = row.partition_point(|(column, _)| *column < block.end);
            let n_names = (end - start) as f32;
            let scale = match block.kind {
                BlockKind::Overview | BlockKind::Title => 0.0,
                BlockKind::Keyword | BlockKind::Tag => (n_names / (n_names + PRIOR_NAMES)).sqrt(),
                _ => 1.0,
            };
            for (_, value) in &mut row[start..end] {
                *value *= scale;
            }
        }
        scaled.push_row(row.iter().copied().filter(|(_, value)| *value != 0.0));
    }
    scaled
}

/// Parameters of the `edlae` model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Edlae(pub EaseParams);

/// Parameters of the `ease` model, which ignores [`EaseParams::dropout`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ease(pub EaseParams);

impl ModelParams for Edlae {
    type Fitted = ItemItem;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|Self(params), confidence, draw| {
        params.regularization = draw.log_uniform(5.0, 3_000.0);
        params.dropout = draw.uniform(0.05, 0.75);
        confidence.draw(draw);
    });
    const HYBRID_WEIGHTS: (f64, f64) = (0.05, 8.0);

    fn recommended() -> Self {
        Self(EaseParams::default())
    }

    fn validate(&self) -> Result<(), ParameterError> {
        self.0.check().map(|_| ())
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(
        &self,
        data: &TrainingData<'_>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<ItemItem, FitCause> {
        Ok(self.0.check()?.fit(
            data.implicit(),
            Some(&side_information(data.features())),
            progress,
        )?)
    }

    fn extended(&self, model: &ItemItem, new_movies: &NewMovies<'_>) -> ItemItem {
        model.extended(new_movies, self.0.neighbors)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<ItemItem> {
        let model = ItemItem::restore(context, archive)?;
        Ok(model.with_features(self.0.feature_weight > 0.0))
    }
}

impl ModelParams for Ease {
    type Fitted = ItemItem;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|Self(params), confidence, draw| {
        params.regularization = draw.log_uniform(10.0, 3_000.0);
        confidence.draw(draw);
    });
    const HYBRID_WEIGHTS: (f64, f64) = Edlae::HYBRID_WEIGHTS;

    fn recommended() -> Self {
        Self(EaseParams { regularization: 200.0, ..EaseParams::default() })
    }

    fn validate(&self) -> Result<(), ParameterError> {
        self.0.check().map(|_| ())
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(
        &self,
        data: &TrainingData<'_>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<ItemItem, FitCause> {
        Edlae(EaseParams { dropout: 0.0, ..self.0 }).fit(data, progress)
    }

    fn extended(&self, model: &ItemItem, new_movies: &NewMovies<'_>) -> ItemItem {
        model.extended(new_movies, self.0.neighbors)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<ItemItem> {
        let model = ItemItem::restore(context, archive)?;
        Ok(model.with_features(self.0.feature_weight > 0.0))
    }
}
