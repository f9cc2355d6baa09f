//! Popularity: the same scores for every user, as a baseline for all other models.
//!
//! - **Scores**: number of likes (`popular`), number of likes weighted by age (`popular-recent`), or Bayesian
//!   average rating (`top-rated`).
//! - **Time**: O(ratings) to fit, O(movies) to score. **Memory**: 4 bytes per movie.
//! - **Seed**: none.
//!
//! The archive is the dense array `scores`, one row per movie.

use std::borrow::Cow;
use std::io;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::archive::{Archive, ArchiveContext, DenseArray, ReadArchive};
use super::cold_start::NewMovies;
use super::contributions::Contributions;
use super::implicit::Confidence;
use super::interface::{
    FitCause, FittedModel, ModelParams, ParameterError, SearchSpace, TrainingData, check_positive,
};
use super::model::Model;
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

/// How popularity is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Popularity {
    /// Number of likes.
    Liked,
    /// Bayesian average rating, with `prior` additional ratings per movie that equal the overall mean.
    AverageStars {
        /// Number of additional ratings per movie.
        prior: f32,
    },
    /// Number of likes, where a like's weight halves every `half_life_days`.
    Recent {
        /// Half-life of a like's weight, in days.
        half_life_days: f32,
    },
}

/// A fitted popularity model: one score per movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Popular {
    scores: Vec<f32>,
}

impl Popular {
    /// Wraps one score per movie.
    pub(crate) fn from_scores(scores: Vec<f32>) -> Self {
        Self { scores }
    }

    /// Returns one score per movie.
    pub fn scores(&self) -> &[f32] {
        &self.scores
    }
}

impl Popularity {
    /// Computes each movie's score from the ratings by `users`. O(ratings).
    pub(crate) fn fit(self, interactions: &Interactions, users: &[UserIdx]) -> Popular {
        let n_movies = interactions.n_movies();
        let each = |add: &mut dyn FnMut(usize, &Rated)| {
            for user in users {
                interactions.user_ratings(*user).for_each(|rated| add(rated.movie.row(), &rated));
            }
        };
        let mut sums = vec![0.0_f64; n_movies];
        match self {
            Self::Liked => each(&mut |movie, rated| {
                sums[movie] += f64::from(Confidence::LIKED_ONLY.weight(rated.stars));
            }),
            Self::AverageStars { prior } => {
                let mut counts = vec![0.0_f64; n_movies];
                each(&mut |movie, rated| {
                    sums[movie] += f64::from(rated.stars.value());
                    counts[movie] += 1.0;
                });
                let total: f64 = counts.iter().sum();
                let mean = if total > 0.0 { sums.iter().sum::<f64>() / total } else { 0.0 };
                let prior = f64::from(prior);
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum = (*sum + prior * mean) / (count + prior);
                }
            }
            Self::Recent { half_life_days } => {
                let mut last = 0;
                each(&mut |_, rated| last = last.max(rated.time));
                let half_life = f64::from(half_life_days) * 86_400.0;
                each(&mut |movie, rated| {
                    let age = f64::from(last - rated.time) / half_life;
                    sums[movie] +=
                        f64::from(Confidence::LIKED_ONLY.weight(rated.stars)) * (-age).exp2();
                });
            }
        }
        Popular { scores: sums.into_par_iter().map(|sum| sum as f32).collect() }
    }

    fn fit_data(self, data: &TrainingData<'_>) -> Popular {
        let (interactions, users) = data.ratings();
        self.fit(interactions, users)
    }

    /// Returns the model with the new movies appended. Scores of new movies are computed from ratings, as in
    /// fitting. Without ratings, the score is 0 or, for average ratings, the mean score of the trained
    /// movies.
    fn extended(self, model: &Popular, new_movies: &NewMovies<'_>) -> Popular {
        let learned = &model.scores()[..new_movies.n_learned];
        let counted = new_movies.ratings.map(|(interactions, users)| self.fit(interactions, users));
        let unrated = match self {
            Self::AverageStars { .. } => learned.iter().sum::<f32>() / learned.len().max(1) as f32,
            Self::Liked | Self::Recent { .. } => 0.0,
        };
        let mut scores = learned.to_vec();
        match counted {
            Some(refitted) => scores.extend(&refitted.scores()[new_movies.n_learned..]),
            None => scores.resize(new_movies.n_learned + new_movies.len(), unrated),
        }
        Popular::from_scores(scores)
    }
}

impl Model for Popular {
    fn n_movies(&self) -> usize {
        self.scores.len()
    }

    fn score(&self, _: &[Rated], scores: &mut [f32]) {
        scores.copy_from_slice(&self.scores);
    }

    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions> {
        Contributions::without_parts(history, movies, |movie| Contributions {
            base: self.scores[movie.row()],
            ..Contributions::default()
        })
    }
}

impl FittedModel for Popular {
    /// Returns false, because popularity is counted, never mapped from similar movies.
    fn has_learned(&self, _: MovieIdx) -> bool {
        false
    }

    fn archive(&self) -> Option<Archive<'_>> {
        let values = Cow::Borrowed(&*self.scores);
        Some(Archive::Dense(vec![DenseArray { name: "scores", n_rows: self.scores.len(), values }]))
    }
}

/// Parameters of the `popular` model (number of likes), which has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PopularParams {}

/// Parameters of the `popular-recent` model (number of likes, weighted by age).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopularRecentParams {
    /// Age, in days, at which a like has half its original weight.
    pub half_life_days: f32,
}

/// Parameters of the `top-rated` model (Bayesian average rating).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopRatedParams {
    /// Number of additional ratings per movie, each equal to the mean of all ratings.
    pub prior: f32,
}

macro_rules! popularity_params {
    ($params:ty, $search:expr, $weights:expr, $recommended:expr, $validate:expr, $popularity:expr) => {
        impl ModelParams for $params {
            type Fitted = Popular;

            const LEARNS_FROM_RATINGS: bool = true;
            const SEARCH: Option<SearchSpace<Self>> = $search;
            const HYBRID_WEIGHTS: (f64, f64) = $weights;

            fn recommended() -> Self {
                $recommended
            }

            fn validate(&self) -> Result<(), ParameterError> {
                let validate: fn(&Self) -> Result<(), ParameterError> = $validate;
                validate(self)
            }

            fn set_seed(&mut self, _: u64) {}

            fn fit(
                &self,
                data: &TrainingData<'_>,
                _: &mut dyn FnMut(f32),
            ) -> Result<Popular, FitCause> {
                self.validate()?;
                let popularity: fn(&Self) -> Popularity = $popularity;
                Ok(popularity(self).fit_data(data))
            }

            fn extended(&self, model: &Popular, new_movies: &NewMovies<'_>) -> Popular {
                let popularity: fn(&Self) -> Popularity = $popularity;
                popularity(self).extended(model, new_movies)
            }

            fn restore(&self, _: ArchiveContext, archive: &dyn ReadArchive) -> io::Result<Popular> {
                Ok(Popular::from_scores(archive.dense("scores")?))
            }
        }
    };
}

popularity_params!(PopularParams, None, (0.002, 0.5), Self {}, |_| Ok(()), |_| Popularity::Liked);

popularity_params!(
    PopularRecentParams,
    Some(|params, _, draw| params.half_life_days = draw.log_uniform(5.0, 5_000.0)),
    (0.05, 8.0),
    Self { half_life_days: 180.0 },
    |params| check_positive("half_life_days", params.half_life_days),
    |params| Popularity::Recent { half_life_days: params.half_life_days }
);

popularity_params!(
    TopRatedParams,
    Some(|params, _, draw| params.prior = draw.log_uniform(1.0, 5_000.0)),
    (0.05, 8.0),
    Self { prior: 50.0 },
    |params| check_positive("prior", params.prior),
    |params| Popularity::AverageStars { prior: params.prior }
);
