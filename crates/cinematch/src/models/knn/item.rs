//! Item-based nearest neighbors (Sarwar, Karypis, Konstan and Riedl, "Item-based Collaborative Filtering
//! Recommendation Algorithms", 2001) with shrinkage for pairs with few common users.
//!
//! - **Score** of movie j: Σ weight(i) · ⟨xᵢ, xⱼ⟩ / (‖xᵢ‖‖xⱼ‖ + shrinkage) over the movies i in the history
//!   that are among j's neighbors.
//! - **Time**: O(Σ nᵤ²), where user u has nᵤ movies. **Memory**: O(movies · neighbors).
//! - **Seed**: none.

use std::io;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::models::archive::{ArchiveContext, ReadArchive};
use crate::models::cold_start::NewMovies;
use crate::models::gram::Columns;
use crate::models::implicit::Implicit;
use crate::models::interface::{
    FitCause, ModelParams, ParameterError, SearchSpace, TrainingData, check_count,
    check_not_negative,
};
use crate::models::item_item::{ItemItem, largest};

/// Parameters of the `item-knn` model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemKnnParams {
    /// Maximum number of neighbors per movie, keeping the most similar.
    pub neighbors: usize,
    /// Constant added to the product of the norms. Larger values discount pairs with few users in common.
    pub shrinkage: f32,
}

impl Default for ItemKnnParams {
    fn default() -> Self {
        Self { neighbors: 200, shrinkage: 5.0 }
    }
}

impl ItemKnnParams {
    /// Fits the model. O(Σ nᵤ²) time, O(movies · neighbors) memory.
    pub(crate) fn fit_implicit(self, implicit: &Implicit) -> ItemItem {
        let columns = Columns::new(implicit, usize::MAX);
        let movies = columns.movies();
        let norm = |movie: usize| {
            let weights = implicit.movie_users().row(movies[movie].row()).1;
            weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt()
        };
        let norms: Vec<f32> = (0..movies.len()).map(norm).collect();
        let neighbors = |row: &mut Vec<f32>, index: usize| {
            row.clear();
            row.resize(movies.len(), 0.0);
            columns.add_row(index, row);
            let others =
                row.iter().enumerate().filter(|(other, dot)| *other != index && **dot > 0.0);
            let similar = |(other, dot): (usize, &f32)| {
                (movies[other].0, dot / (norms[index] * norms[other] + self.shrinkage))
            };
            (movies[index], largest(others.map(similar).collect(), self.neighbors))
        };
        let targets = (0..movies.len()).into_par_iter().map_init(Vec::new, neighbors).collect();
        ItemItem::from_columns(implicit.confidence(), implicit.n_movies(), targets)
    }
}

impl ModelParams for ItemKnnParams {
    type Fitted = ItemItem;

    const LEARNS_FROM_RATINGS: bool = true;
    const SEARCH: Option<SearchSpace<Self>> = Some(|params, confidence, draw| {
        params.neighbors = draw.log_uniform(10.0, 1_000.0) as usize;
        params.shrinkage = draw.log_uniform(0.1, 300.0);
        confidence.draw(draw);
    });
    const HYBRID_WEIGHTS: (f64, f64) = (0.05, 8.0);

    fn recommended() -> Self {
        Self::default()
    }

    fn validate(&self) -> Result<(), ParameterError> {
        check_count("neighbors", self.neighbors)?;
        check_not_negative("shrinkage", self.shrinkage)
    }

    fn set_seed(&mut self, _: u64) {}

    fn fit(&self, data: &TrainingData<'_>, _: &mut dyn FnMut(f32)) -> Result<ItemItem, FitCause> {
        self.validate()?;
        Ok(self.fit_implicit(data.implicit()))
    }

    fn extended(&self, model: &ItemItem, new_movies: &NewMovies<'_>) -> ItemItem {
        model.extended(new_movies, self.neighbors)
    }

    fn restore(&self, context: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<ItemItem> {
        ItemItem::restore(context, archive)
    }
}
