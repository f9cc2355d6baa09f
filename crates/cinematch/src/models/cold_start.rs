//! Films that came after a model was fitted: what it says of them until it is fitted again.
//!
//! A newcomer gets what the learned films most like it have, by content: a feature map from the
//! [ranking rows](crate::features::ranking) to a model's parameters (Gantner, Drumond, Freudenthaler,
//! Rendle and Schmidt-Thieme, "Learning Attribute-to-Feature Mappings for Cold-Start
//! Recommendations", 2010, its nearest-neighbour map). Where it has been rated meanwhile, models with
//! factors fold it in as they fold a viewer in, and the map counts as much as ten ratings.
//! Popularity is counted, never guessed. What was learned stays as it is, bit for bit.

use rayon::prelude::*;

use super::popular::{Popular, Popularity};
use super::spec::Kind;
use super::{Fitted, Implicit};
use crate::catalog::Interactions;
use crate::features::CsrMatrix;
use crate::ids::{MovieIdx, UserIdx};

/// Learned films that a newcomer's neighbours are looked for among: the most alike.
const POOL: usize = 100;

/// So many ratings of a newcomer say as much as the films like it. Measured; see `docs/update.md`.
pub(super) const PRIOR_RATINGS: f32 = 10.0;

/// How a newcomer's neighbours are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureMap {
    /// The most alike that a model knows; all others count nothing.
    pub neighbors: usize,
    /// What likeness is raised to.
    pub exponent: f32,
    /// Added to the sum of weights, as a neighbour of this likeness who has nothing: the larger, the
    /// less is said of a film that is like no other.
    pub shrinkage: f32,
    /// Neighbours point different ways, so that their mean is shorter than they are. To which power of
    /// its share it is made as long again: 0, not at all, to 1, all of it.
    pub restored: f32,
}

impl Default for FeatureMap {
    /// On a wide plateau of what was measured; see `docs/update.md`.
    fn default() -> Self {
        Self { neighbors: 10, exponent: 2.0, shrinkage: 0.2, restored: 1.0 }
    }
}

/// Films behind those that models have learned, in the rows' order.
#[derive(Clone, Copy, Debug)]
pub struct Newcomers<'a> {
    /// The films that were learned: rows up to here.
    pub n_learned: usize,
    /// For every newcomer the learned films most like it, the most alike first, and how alike.
    pub neighbours: &'a [Vec<(MovieIdx, f32)>],
    /// Ratings of learned films and newcomers, and whose count.
    pub ratings: Option<(&'a Interactions, &'a [UserIdx])>,
    /// How neighbours are weighed.
    pub map: FeatureMap,
}

/// For every row from `n_learned` on the learned films most like it that `is_known` lets through, the
/// most alike first, among equals the lower row. O(entries of the rows' columns).
pub fn neighbours(
    rows: &CsrMatrix<f32>,
    n_learned: usize,
    is_known: impl Fn(MovieIdx) -> bool,
) -> Vec<Vec<(MovieIdx, f32)>> {
    let known: Vec<usize> = (0..n_learned).filter(|row| is_known(MovieIdx(*row as u32))).collect();
    let by_column = rows.transposed(known.iter().copied(), |_| true);
    let of = |likeness: &mut Vec<f32>, row: usize| {
        likeness.clear();
        likeness.resize(known.len(), 0.0);
        for (column, value) in rows.entries(row) {
            let (places, values) = by_column.row(column as usize);
            for (place, other) in places.iter().zip(values) {
                likeness[*place as usize] += value * other;
            }
        }
        let mut alike: Vec<(MovieIdx, f32)> = likeness
            .iter()
            .enumerate()
            .filter(|(_, likeness)| **likeness > 0.0)
            .map(|(place, likeness)| (MovieIdx(known[place] as u32), *likeness))
            .collect();
        let order =
            |a: &(MovieIdx, f32), b: &(MovieIdx, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if POOL < alike.len() {
            alike.select_nth_unstable_by(POOL, order);
            alike.truncate(POOL);
        }
        alike.sort_unstable_by(order);
        alike
    };
    (n_learned..rows.n_rows()).into_par_iter().map_init(Vec::new, of).collect()
}

impl FeatureMap {
    /// What a mean of this length is multiplied by, where those it is made of have this mean length.
    pub(super) fn restoring(&self, length: f32, mean_length: f32) -> f32 {
        if length > 0.0 { (mean_length / length).powf(self.restored) } else { 0.0 }
    }
}

impl Newcomers<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.neighbours.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.neighbours.is_empty()
    }

    /// For every newcomer the learned films that `knows` lets through and what each counts; together
    /// less than 1.
    pub(super) fn mapped(&self, knows: impl Fn(MovieIdx) -> bool) -> Vec<Vec<(usize, f32)>> {
        let FeatureMap { neighbors, exponent, shrinkage, .. } = self.map;
        let weigh = |alike: &Vec<(MovieIdx, f32)>| {
            let nearest = alike.iter().filter(|(movie, _)| knows(*movie)).take(neighbors);
            let mut weights: Vec<(usize, f32)> =
                nearest.map(|(movie, alike)| (movie.row(), alike.powf(exponent))).collect();
            let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
            let total = sum + shrinkage.powf(exponent);
            for (_, weight) in &mut weights {
                *weight /= total;
            }
            weights
        };
        self.neighbours.iter().map(weigh).collect()
    }

    /// The ratings of a newcomer by those who count, in the order of users; nothing where there are
    /// no ratings at hand.
    pub(super) fn rated_by(&self, newcomer: usize) -> Vec<(UserIdx, crate::rating::Stars)> {
        let Some((interactions, users)) = self.ratings else { return Vec::new() };
        let movie = MovieIdx((self.n_learned + newcomer) as u32);
        let all = interactions.of_movie(movie);
        all.filter(|(user, _)| users.binary_search(user).is_ok()).collect()
    }

    /// How many of them have been rated.
    pub fn n_rated(&self) -> usize {
        (0..self.len()).filter(|newcomer| !self.rated_by(*newcomer).is_empty()).count()
    }
}

impl Fitted {
    /// Whether the model has learned something of a film from ratings.
    pub fn knows(&self, movie: MovieIdx) -> bool {
        match self {
            Self::Popular(_) | Self::UserKnn(_) | Self::Content(_) | Self::Hybrid(_) => false,
            Self::ItemItem(model) => !model.weights().row(movie.row()).0.is_empty(),
            Self::Ials(model) => {
                model.movies().values(movie.row()).iter().any(|value| *value != 0.0)
            }
            Self::BiasedMf(model) => model.n_ratings_of(movie) > 0,
        }
    }
}

impl Kind {
    /// The model, with newcomers behind the films that it has learned; whatever it had behind them
    /// goes. A hybrid is extended part by part, and content by its rows.
    pub fn extended(&self, model: &Fitted, newcomers: &Newcomers<'_>) -> Fitted {
        match (self, model) {
            (kind, Fitted::Popular(model)) => {
                Fitted::Popular(extended_popularity(kind, model, newcomers))
            }
            (Self::Edlae(params) | Self::Ease(params), Fitted::ItemItem(model)) => {
                Fitted::ItemItem(model.extended(newcomers, params.neighbors))
            }
            (Self::ItemKnn(params), Fitted::ItemItem(model)) => {
                Fitted::ItemItem(model.extended(newcomers, params.neighbors))
            }
            (Self::UserKnn(params), Fitted::UserKnn(model)) => {
                // Its users are those of the training: nobody of them has rated a newcomer.
                let implicit = model.implicit();
                let n_movies = newcomers.n_learned + newcomers.len();
                let rows = implicit.user_movies().clone().with_columns(n_movies);
                let implicit = Implicit::from_weights(rows, implicit.confidence());
                Fitted::UserKnn(params.fit(&implicit))
            }
            (_, Fitted::Ials(model)) => Fitted::Ials(model.extended(newcomers)),
            (_, Fitted::BiasedMf(model)) => Fitted::BiasedMf(model.extended(newcomers)),
            (_, other) => other.clone(),
        }
    }
}

/// Newcomers' popularity is counted like that of the others; where there are no ratings nobody knows
/// them, or their stars are those of an average film.
fn extended_popularity(kind: &Kind, model: &Popular, newcomers: &Newcomers<'_>) -> Popular {
    let learned = &model.scores()[..newcomers.n_learned];
    let popularity = match kind {
        Kind::PopularRecent { half_life_days } => {
            Popularity::Recent { half_life_days: *half_life_days }
        }
        Kind::TopRated { prior } => Popularity::AverageStars { prior: *prior },
        _ => Popularity::Liked,
    };
    let counted =
        newcomers.ratings.map(|(interactions, users)| popularity.fit(interactions, users));
    let unrated = match popularity {
        Popularity::AverageStars { .. } => {
            learned.iter().sum::<f32>() / learned.len().max(1) as f32
        }
        Popularity::Liked | Popularity::Recent { .. } => 0.0,
    };
    let mut scores = learned.to_vec();
    match counted {
        Some(counted) => scores.extend(&counted.scores()[newcomers.n_learned..]),
        None => scores.resize(newcomers.n_learned + newcomers.len(), unrated),
    }
    Popular::from_scores(scores)
}

#[cfg(test)]
mod tests;
