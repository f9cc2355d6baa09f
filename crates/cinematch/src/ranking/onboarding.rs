//! Onboarding: chooses movies for new users to pick from.

use super::recommender::Recommender;
use super::request::{HistoryItem, Request};
use super::score_terms::ScoreTerms;
use super::wall::WallPool;
use crate::catalog::Release;
use crate::ids::MovieIdx;
use crate::retrieval::{Filter, Scores};

impl Recommender {
    /// Chooses up to `n` movies whose covers a new user looks through to tap those that they like.
    ///
    /// Movies in the history and in `shown`, those of earlier walls, are not chosen again, and movies that fail `filter`
    /// are not chosen. Without a history,
    /// every movie is chosen to explore. With one, two of three fit it. Takes as long as [`Self::recommend`]
    /// for a history. The first call also computes the pool.
    pub fn taste_wall(
        &self,
        history: &[HistoryItem],
        shown: &[MovieIdx],
        filter: Filter,
        n: usize,
    ) -> Vec<MovieIdx> {
        let compute = || WallPool::new(&self.movies, &self.popularity_counts());
        let pool = self.wall_pool.get_or_init(compute);
        let liked = history.iter().map(|item| item.signal.movie);
        let shown = liked.chain(shown.iter().copied());
        let filter = self.index().prepare(filter);
        let passes = |movie: MovieIdx| filter.failed_by(movie).is_none();
        pool.choose(shown, passes, &self.fits(history, &pool.movies), n)
    }

    /// Returns how well movies fit the history: the score of the blend, 1 for the best movie. Returns zeros
    /// without a history.
    fn fits(&self, history: &[HistoryItem], movies: &[MovieIdx]) -> Vec<f32> {
        if history.is_empty() {
            return vec![0.0; movies.len()];
        }
        let request = Request { history: history.to_vec(), ..Request::default() };
        let mut own = Vec::new();
        let (_, shared) = ScoreTerms::compute_normalized(self, &request, &mut own);
        let scores = Scores { layout: &self.layout, own: &own, shared };
        movies.iter().map(|movie| scores.at(self.position_of[movie.row()] as usize)).collect()
    }

    /// Returns the number of users who know each movie: the training users who liked it or, without a
    /// popularity model, its votes. Adult and unreleased movies have none.
    fn popularity_counts(&self) -> Vec<f32> {
        let learned = self.blend.popularity_scores();
        let learned = learned.filter(|scores| scores.iter().any(|score| *score > 0.0));
        let mut counts = learned.unwrap_or_else(|| {
            self.movies.iter().map(|movie| movie.vote_count.unwrap_or(0) as f32).collect()
        });
        for (count, movie) in counts.iter_mut().zip(&self.movies) {
            if movie.is_adult || movie.release() == Release::Unscheduled {
                *count = 0.0;
            }
        }
        counts
    }
}
