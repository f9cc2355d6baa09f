//! Film to film: Sarwar, Karypis, Konstan and Riedl, "Item-based Collaborative Filtering
//! Recommendation Algorithms", 2001, with shrinkage for films that few have in common.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::Implicit;
use super::super::gram::Columns;
use super::super::item_item::{ItemItem, largest};

/// Parameters of item-knn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemKnnParams {
    /// Films kept for each film, the most similar.
    pub neighbors: usize,
    /// Added to the product of lengths: the larger, the less a few common users prove.
    pub shrinkage: f32,
}

impl Default for ItemKnnParams {
    fn default() -> Self {
        Self { neighbors: 200, shrinkage: 5.0 }
    }
}

impl ItemKnnParams {
    /// Fits the model: score of film j = Σ weight(i) · ⟨xᵢ, xⱼ⟩ / (‖xᵢ‖‖xⱼ‖ + shrinkage) over the films i of the
    /// history among j's neighbours. O(Σ nᵤ²) time, O(films · neighbours) memory.
    pub fn fit(self, implicit: &Implicit) -> ItemItem {
        let columns = Columns::new(implicit, usize::MAX);
        let movies = columns.movies();
        let length = |movie: usize| {
            let weights = implicit.movie_users().row(movies[movie].row()).1;
            weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt()
        };
        let lengths: Vec<f32> = (0..movies.len()).map(length).collect();
        let neighbours = |row: &mut Vec<f32>, at: usize| {
            row.clear();
            row.resize(movies.len(), 0.0);
            columns.add_row(at, row);
            let others = row.iter().enumerate().filter(|(other, dot)| *other != at && **dot > 0.0);
            let similar = |(other, dot): (usize, &f32)| {
                (movies[other].0, dot / (lengths[at] * lengths[other] + self.shrinkage))
            };
            (movies[at], largest(others.map(similar).collect(), self.neighbors))
        };
        let targets = (0..movies.len()).into_par_iter().map_init(Vec::new, neighbours).collect();
        ItemItem::new(implicit.confidence(), implicit.n_movies(), targets)
    }
}
