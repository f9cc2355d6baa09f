//! The interface of fitted models.

use super::contributions::Contributions;
use crate::catalog::Rated;
use crate::ids::MovieIdx;

/// How a blend brings a model's scores to the scale of the other models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Divides the scores by their root mean square over all movies.
    RootMeanSquare,
    /// Multiplies the scores by the blended score of the user's best movie. For scores whose size is
    /// meaningful, such as a correction that is small for most users.
    Best,
}

/// A fitted model.
pub trait Model: Send + Sync {
    /// Returns the number of movies that the model scores.
    fn n_movies(&self) -> usize;

    /// Writes a score for every movie to `scores`. The higher the score, the more a user with this `history`
    /// is expected to like the movie. Only the order of scores is meaningful. Movies in the history are
    /// scored too. Movies in the history that the model was not trained on don't affect the scores.
    ///
    /// # Panics
    /// Panics if the length of `scores` is not [`n_movies`](Self::n_movies).
    fn score(&self, history: &[Rated], scores: &mut [f32]);

    /// Writes the scores for several users, one row of `scores` per history. Models whose scoring is limited
    /// by memory bandwidth override this method to score users together.
    fn score_many(&self, histories: &[&[Rated]], scores: &mut [&mut [f32]]) {
        for (history, scores) in histories.iter().zip(scores) {
            self.score(history, scores);
        }
    }

    /// Splits the score of each of `movies` into the exact contributions of the movies in `history`.
    fn contributions(&self, history: &[Rated], movies: &[MovieIdx]) -> Vec<Contributions>;

    /// Returns true if content features affect the scores, so a high score is no evidence that other users
    /// like both movies.
    fn uses_features(&self) -> bool {
        false
    }

    /// Returns the terms that a blend weighs separately, which add up to the score: one value per movie each.
    fn terms(&self, history: &[Rated]) -> Vec<Vec<f32>> {
        let mut scores = vec![0.0; self.n_movies()];
        self.score(history, &mut scores);
        vec![scores]
    }

    /// Returns the factor by which a blend multiplies the model's weight for a user with this history.
    fn emphasis(&self, _history: &[Rated]) -> f32 {
        1.0
    }

    /// Returns how a blend scales the model's scores.
    fn scaling(&self) -> Scaling {
        Scaling::RootMeanSquare
    }
}
