//! Implicit feedback: a users × movies weight matrix derived from ratings.

use serde::{Deserialize, Serialize};

use super::draw::Draw;
use crate::catalog::{Interactions, Rated};
use crate::features::CsrMatrix;
use crate::ids::{MovieIdx, UserIdx};
use crate::rating::Stars;

/// Rating weights for implicit feedback, from 0 to 1. Ratings below 3 stars have weight 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Weight of ratings of 4 stars and above.
    pub liked: f32,
    /// Weight of ratings of 3 and 3.5 stars. Choosing to watch a movie is weak evidence of liking movies of
    /// its kind.
    #[serde(rename = "middling")]
    pub neutral: f32,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { liked: 1.0, neutral: 0.35 }
    }
}

impl Confidence {
    /// Weights that count only ratings of 4 stars and above, as in Liang et al., 2018.
    pub(crate) const LIKED_ONLY: Self = Self { liked: 1.0, neutral: 0.0 };

    /// Draws the weight of ratings of 3 and 3.5 stars for a `cinematch tune` trial.
    pub(super) fn draw(&mut self, draw: &mut Draw) {
        self.neutral = draw.uniform(0.0, 0.6);
    }

    /// Returns the weight of a rating of `stars`.
    pub(crate) fn weight(self, stars: Stars) -> f32 {
        match stars.halves() {
            8.. => self.liked,
            6.. => self.neutral,
            _ => 0.0,
        }
    }

    /// Iterates over the movies in `history` whose weight is above 0, with their positions in the history and
    /// their weights.
    pub(crate) fn weigh(&self, history: &[Rated]) -> impl Iterator<Item = (usize, MovieIdx, f32)> {
        history.iter().enumerate().filter_map(|(index, rated)| {
            let weight = self.weight(rated.stars);
            (weight > 0.0).then_some((index, rated.movie, weight))
        })
    }
}

/// Implicit feedback from the users that a model learns from, indexed by user and by movie.
#[derive(Clone, Debug)]
pub struct Implicit {
    confidence: Confidence,
    /// Weight matrix (users × movies).
    user_movies: CsrMatrix<f32>,
    /// Weight matrix (movies × users).
    movie_users: CsrMatrix<f32>,
}

impl Implicit {
    /// Computes the weights of the ratings by `users`. Row `r` belongs to `users[r]`. O(ratings).
    pub(crate) fn new(
        interactions: &Interactions,
        users: &[UserIdx],
        confidence: Confidence,
    ) -> Self {
        let mut user_movies = CsrMatrix::new(interactions.n_movies());
        for user in users {
            let entries = interactions.user_ratings(*user).filter_map(|rated| {
                let weight = confidence.weight(rated.stars);
                (weight > 0.0).then_some((rated.movie.0, weight))
            });
            user_movies.push_row(entries);
        }
        Self::from_weights(user_movies, confidence)
    }

    /// Wraps a users × movies weight matrix. `confidence` applies to the histories in later fold-ins.
    /// O(entries).
    pub fn from_weights(user_movies: CsrMatrix<f32>, confidence: Confidence) -> Self {
        let movie_users = user_movies.transposed(0..user_movies.n_rows(), |_| true);
        Self { confidence, user_movies, movie_users }
    }

    /// Returns the rating weights.
    pub(crate) fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Returns the weight matrix (users × movies).
    pub fn user_movies(&self) -> &CsrMatrix<f32> {
        &self.user_movies
    }

    /// Returns the weight matrix (movies × users).
    pub fn movie_users(&self) -> &CsrMatrix<f32> {
        &self.movie_users
    }

    /// Returns the number of movies.
    pub fn n_movies(&self) -> usize {
        self.user_movies.n_columns()
    }

    /// Returns the number of users.
    pub(crate) fn n_users(&self) -> usize {
        self.user_movies.n_rows()
    }
}
