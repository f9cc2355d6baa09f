//! Implicit feedback: users × films, each rating weighed by how much it says that the film was liked.

use serde::{Deserialize, Serialize};

use crate::catalog::{Interactions, Rated};
use crate::features::CsrMatrix;
use crate::ids::{MovieIdx, UserIdx};
use crate::rating::Stars;

/// How much a rating counts as "liked", 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Of 4 stars and more.
    pub liked: f32,
    /// Of 3 and 3.5 stars: whoever chose to watch a film of a kind and did not mind it says a little.
    pub middling: f32,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { liked: 1.0, middling: 0.35 }
    }
}

impl Confidence {
    /// Only 4 stars and more count, as in Liang et al. 2018.
    pub const LIKED_ONLY: Self = Self { liked: 1.0, middling: 0.0 };

    /// Of a rating.
    pub fn of(&self, stars: Stars) -> f32 {
        match stars.halves() {
            8.. => self.liked,
            6.. => self.middling,
            _ => 0.0,
        }
    }

    /// A history's films that count, with how much, in their order.
    pub fn weigh(&self, history: &[Rated]) -> impl Iterator<Item = (usize, MovieIdx, f32)> {
        history.iter().enumerate().filter_map(|(place, rated)| {
            let weight = self.of(rated.stars);
            (weight > 0.0).then_some((place, rated.movie, weight))
        })
    }
}

/// The feedback of the users a model learns from, both ways.
#[derive(Clone, Debug)]
pub struct Implicit {
    confidence: Confidence,
    /// Users × films.
    user_movies: CsrMatrix<f32>,
    /// Films × users.
    movie_users: CsrMatrix<f32>,
}

impl Implicit {
    /// Weighs the ratings of `users`, whose rows are then numbered in this order. O(ratings).
    pub fn new(interactions: &Interactions, users: &[UserIdx], confidence: Confidence) -> Self {
        let mut user_movies = CsrMatrix::new(interactions.n_movies());
        for user in users {
            let entries = interactions.of_user(*user).filter_map(|rated| {
                let weight = confidence.of(rated.stars);
                (weight > 0.0).then_some((rated.movie.0, weight))
            });
            user_movies.push_row(entries);
        }
        Self::from_weights(user_movies, confidence)
    }

    /// Takes users × films with weights that are known; `confidence` is for who comes later. O(entries).
    pub fn from_weights(user_movies: CsrMatrix<f32>, confidence: Confidence) -> Self {
        let movie_users = user_movies.transposed(0..user_movies.n_rows(), |_| true);
        Self { confidence, user_movies, movie_users }
    }

    /// How ratings were weighed.
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Users × films.
    pub fn user_movies(&self) -> &CsrMatrix<f32> {
        &self.user_movies
    }

    /// Films × users.
    pub fn movie_users(&self) -> &CsrMatrix<f32> {
        &self.movie_users
    }

    /// The number of films.
    pub fn n_movies(&self) -> usize {
        self.user_movies.n_columns()
    }

    /// The number of users.
    pub fn n_users(&self) -> usize {
        self.user_movies.n_rows()
    }
}
