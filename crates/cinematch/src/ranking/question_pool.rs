//! The movies that onboarding asks about, and how the next question is selected.

use crate::ids::MovieIdx;
use crate::models::content::ContentModel;

/// Maximum number of movies in the pool, which holds the best-known ones.
const POOL: usize = 400;
/// σ²: variance of an answer around the user's true taste for the movie.
const NOISE: f32 = 0.3;
/// γ: exponent of the information gain relative to the probability of an answer.
const INFORMATION_EXPONENT: f32 = 0.3;

/// A user's answer to a question about a movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The user has seen the movie and given feedback.
    Seen,
    /// The user has not seen the movie.
    NotSeen,
    /// The user skipped the question.
    Skipped,
}

/// The movies that onboarding can ask about.
#[derive(Clone, Debug, Default)]
pub(super) struct QuestionPool {
    /// Movies, best-known first.
    pub movies: Vec<MovieIdx>,
    /// Number of users who know each movie, relative to the best-known movie.
    share: Vec<f32>,
    /// Pairwise content similarities in row-major order, with 1 on the diagonal.
    similarities: Vec<f32>,
}

impl QuestionPool {
    /// Selects the best-known movies. `popularity` holds the number of users who know each movie in the
    /// catalog. O(movies + pool · (entries + pool)).
    pub(crate) fn new(model: &ContentModel, popularity: &[f32]) -> Self {
        let mut movies: Vec<MovieIdx> = (0..popularity.len() as u32).map(MovieIdx).collect();
        movies.retain(|movie| popularity[movie.row()] > 0.0);
        movies.sort_by(|a, b| popularity[b.row()].total_cmp(&popularity[a.row()]).then(a.cmp(b)));
        movies.truncate(POOL);
        let max_popularity = movies.first().map_or(1.0, |movie| popularity[movie.row()]);
        let share = movies.iter().map(|movie| popularity[movie.row()] / max_popularity).collect();
        let mut pool = model.similarity_pool();
        for movie in &movies {
            pool.push(*movie);
        }
        let mut similarities = Vec::with_capacity(movies.len() * movies.len());
        for movie in &movies {
            similarities.extend_from_slice(pool.similarities_to(*movie));
        }
        let n_movies = movies.len();
        let lengths: Vec<f32> = (0..n_movies)
            .map(|index| similarities[index * n_movies + index].sqrt().max(f32::MIN_POSITIVE))
            .collect();
        for (row, length) in similarities.chunks_mut(n_movies.max(1)).zip(&lengths) {
            for (value, other) in row.iter_mut().zip(&lengths) {
                *value /= length * other;
            }
        }
        Self { movies, share, similarities }
    }

    /// Returns the movie whose question has the highest expected value, or `None` if there are no questions
    /// left. `predicted_scores` holds how well each movie in the pool fits the user's history.
    /// O(pool² · movies seen).
    pub(crate) fn next(
        &self,
        answers: &[(MovieIdx, Answer)],
        predicted_scores: &[f32],
    ) -> Option<MovieIdx> {
        let n_movies = self.movies.len();
        let mut covariance = self.similarities.clone();
        let mut is_asked = vec![false; n_movies];
        for (movie, answer) in answers {
            let Some(index) = self.movies.iter().position(|other| other == movie) else { continue };
            // Count a repeated answer only once.
            if !std::mem::replace(&mut is_asked[index], true) && *answer == Answer::Seen {
                condition(&mut covariance, index, n_movies);
            }
        }
        let value = |index: usize| {
            let row = &covariance[index * n_movies..][..n_movies];
            let gain: f32 = row
                .iter()
                .zip(&self.share)
                .map(|(covariance, share)| share * covariance * covariance)
                .sum();
            (self.share[index] + predicted_scores[index].max(0.0))
                * (gain / (row[index] + NOISE)).powf(INFORMATION_EXPONENT)
        };
        let mut best: Option<(f32, usize)> = None;
        for index in (0..n_movies).filter(|index| !is_asked[*index]) {
            let value = value(index);
            // Break ties in favor of the better-known movie.
            if best.is_none_or(|(highest, _)| value > highest) {
                best = Some((value, index));
            }
        }
        best.map(|(_, index)| self.movies[index])
    }
}

/// Conditions a covariance matrix on an answer about one movie, using a rank-one update.
fn condition(covariance: &mut [f32], index: usize, n_movies: usize) {
    let row = covariance[index * n_movies..][..n_movies].to_vec();
    let scale = (row[index] + NOISE).recip();
    for (values, factor) in covariance.chunks_mut(n_movies).zip(&row) {
        let factor = factor * scale;
        for (value, other) in values.iter_mut().zip(&row) {
            *value -= factor * other;
        }
    }
}
