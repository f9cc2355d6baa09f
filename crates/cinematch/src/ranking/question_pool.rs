//! The movies that onboarding asks about, and the selection of the next question.

use crate::ids::MovieIdx;
use crate::models::content::ContentModel;

/// Maximum number of movies in the pool: the best-known ones.
const POOL: usize = 400;
/// σ²: variance of an answer around the user's taste for the movie.
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
    /// Pairwise content similarity, row by row; 1 on the diagonal.
    similarities: Vec<f32>,
}

impl QuestionPool {
    /// Selects the best-known movies. `known` is the number of users who know each movie of the catalog.
    /// O(movies + pool · (entries + pool)).
    pub(crate) fn new(model: &ContentModel, known: &[f32]) -> Self {
        let mut movies: Vec<MovieIdx> = (0..known.len() as u32).map(MovieIdx).collect();
        movies.retain(|movie| known[movie.row()] > 0.0);
        movies.sort_by(|a, b| known[b.row()].total_cmp(&known[a.row()]).then(a.cmp(b)));
        movies.truncate(POOL);
        let most = movies.first().map_or(1.0, |movie| known[movie.row()]);
        let share = movies.iter().map(|movie| known[movie.row()] / most).collect();
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
            .map(|at| similarities[at * n_movies + at].sqrt().max(f32::MIN_POSITIVE))
            .collect();
        for (row, length) in similarities.chunks_mut(n_movies.max(1)).zip(&lengths) {
            for (value, other) in row.iter_mut().zip(&lengths) {
                *value /= length * other;
            }
        }
        Self { movies, share, similarities }
    }

    /// Returns the movie whose question has the highest expected value; `None` if no question is left. `fits`
    /// contains the fit of each movie of the pool to the user's history. O(pool² · movies seen).
    pub(crate) fn next(&self, answers: &[(MovieIdx, Answer)], fits: &[f32]) -> Option<MovieIdx> {
        let n_movies = self.movies.len();
        let mut covariance = self.similarities.clone();
        let mut is_asked = vec![false; n_movies];
        for (movie, answer) in answers {
            let Some(at) = self.movies.iter().position(|other| other == movie) else { continue };
            // A repeated answer counts once.
            if !std::mem::replace(&mut is_asked[at], true) && *answer == Answer::Seen {
                condition(&mut covariance, at, n_movies);
            }
        }
        let value = |at: usize| {
            let row = &covariance[at * n_movies..][..n_movies];
            let gain: f32 = row.iter().zip(&self.share).map(|(one, share)| share * one * one).sum();
            (self.share[at] + fits[at].max(0.0))
                * (gain / (row[at] + NOISE)).powf(INFORMATION_EXPONENT)
        };
        let mut best: Option<(f32, usize)> = None;
        for at in (0..n_movies).filter(|at| !is_asked[*at]) {
            let value = value(at);
            // Ties are broken in favor of the better-known movie.
            if best.is_none_or(|(highest, _)| value > highest) {
                best = Some((value, at));
            }
        }
        best.map(|(_, at)| self.movies[at])
    }
}

/// Conditions a covariance matrix on an answer about one movie (a rank-one update).
fn condition(covariance: &mut [f32], at: usize, n_movies: usize) {
    let row = covariance[at * n_movies..][..n_movies].to_vec();
    let scale = (row[at] + NOISE).recip();
    for (values, factor) in covariance.chunks_mut(n_movies).zip(&row) {
        let factor = factor * scale;
        for (value, other) in values.iter_mut().zip(&row) {
            *value -= factor * other;
        }
    }
}
