//! What most people like, whoever asks: the baseline that every other model has to beat.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Confidence, Contributions, Model};
use crate::catalog::{Interactions, Rated};
use crate::ids::{MovieIdx, UserIdx};

/// What popularity means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Popularity {
    /// By how many it was liked.
    Liked,
    /// The Bayesian average of its stars: as if so many users had given it the mean of all ratings.
    AverageStars {
        /// Those users.
        prior: f32,
    },
    /// By how many it was liked, a like counting half after so many days.
    Recent {
        /// Those days.
        half_life_days: f32,
    },
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Popular {
    scores: Vec<f32>,
}

impl Popular {
    /// From the films' scores.
    pub fn from_scores(scores: Vec<f32>) -> Self {
        Self { scores }
    }

    /// The films' scores.
    pub fn scores(&self) -> &[f32] {
        &self.scores
    }
}

impl Popularity {
    /// Counts the ratings of `users`. O(ratings).
    pub fn fit(self, interactions: &Interactions, users: &[UserIdx]) -> Popular {
        let n_movies = interactions.n_movies();
        let each = |add: &mut dyn FnMut(usize, &Rated)| {
            for user in users {
                interactions.of_user(*user).for_each(|rated| add(rated.movie.row(), &rated));
            }
        };
        let mut sums = vec![0.0_f64; n_movies];
        match self {
            Self::Liked => each(&mut |movie, rated| {
                sums[movie] += f64::from(Confidence::LIKED_ONLY.of(rated.stars));
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
                        f64::from(Confidence::LIKED_ONLY.of(rated.stars)) * (-age).exp2();
                });
            }
        }
        Popular { scores: sums.into_par_iter().map(|sum| sum as f32).collect() }
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
        let of = |movie: &MovieIdx| Contributions {
            base: self.scores[movie.row()],
            parts: vec![0.0; history.len()],
        };
        movies.iter().map(of).collect()
    }
}
