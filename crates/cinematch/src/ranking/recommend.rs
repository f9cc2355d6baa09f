//! Recommendations for a single user.

use std::cell::RefCell;

use super::calibrate::GenreMix;
use super::diversify::{self, Diversity};
use super::popularity::Order;
use super::ranked::{Ranked, Recommendation, Shortfall};
use super::recommender::Recommender;
use super::request::Request;
use super::score_terms::ScoreTerms;
use crate::ids::MovieIdx;
use crate::retrieval::{Candidate, PreparedFilter, Scores, top_k};

thread_local! {
    /// Per-movie score buffer, reused so that requests don't each allocate memory for the whole catalog.
    static OWN_SCORES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl Recommender {
    /// Ranks the catalog for a request.
    ///
    /// Exactly `limit` movies are returned if that many pass the filter after the offset. Otherwise,
    /// [`Ranked::shortfall`] counts the movies that each filter removed. Movies are sorted by score, except that lists
    /// are diversified (within 5 points of the match, if there is one) and that an unseen earlier part of a series comes before its sequels.
    /// O(movies + entries of the profile's columns).
    pub fn recommend(&self, request: &Request) -> Ranked<'_> {
        let filter = self.index.prepare(request.filter.clone());
        let n_wanted = request.offset.saturating_add(request.limit).min(self.movies.len());
        let (ranked, terms) = OWN_SCORES.with_borrow_mut(|own| {
            let (terms, shared) = ScoreTerms::compute(self, request, own);
            let scores = Scores { layout: &self.layout, own, shared };
            let mut ranked = self.ranked_candidates(request, &filter, &scores, n_wanted);
            ranked.truncate(n_wanted);
            let passes = |movie| filter.failed_by(movie).is_none();
            let score_of = |movie: MovieIdx| scores.at(self.position_of[movie.row()] as usize);
            self.put_series_in_order(&mut ranked, passes, score_of);
            (ranked, terms)
        });
        let page: Vec<Candidate> =
            ranked.into_iter().skip(request.offset).take(request.limit).collect();
        let shortfall = shortfall(request, page.len(), &filter);
        let items = self.with_details(&terms, &page);
        Ranked { items, shortfall }
    }

    /// Returns the scores, reasons and predicted ratings of `movies`, in the given order.
    ///
    /// The values equal those that [`Self::recommend`] returns for a listed movie. Movies that the filter
    /// removes, including those in the history, are scored too. O(catalog + given movies · history).
    pub fn score_movies(&self, request: &Request, movies: &[MovieIdx]) -> Vec<Recommendation<'_>> {
        OWN_SCORES.with_borrow_mut(|own| {
            let (terms, shared) = ScoreTerms::compute(self, request, own);
            let scores = Scores { layout: &self.layout, own, shared };
            let score_of = |movie: MovieIdx| scores.at(self.position_of[movie.row()] as usize);
            let candidate = |movie: &MovieIdx| Candidate { movie: *movie, score: score_of(*movie) };
            let candidates: Vec<Candidate> = movies.iter().map(candidate).collect();
            self.with_details(&terms, &candidates)
        })
    }

    /// Returns the exact contribution of the movie at `position` in the history to the score of `movie`.
    pub fn contribution_of(&self, request: &Request, position: usize, movie: MovieIdx) -> f32 {
        let (terms, _) = ScoreTerms::compute(self, request, &mut Vec::new());
        terms.history_contributions(&[movie])[0][position]
    }

    /// Adds matches, predicted ratings and, if requested, reasons to scored movies.
    fn with_details<'a>(
        &'a self,
        terms: &ScoreTerms<'a, '_>,
        candidates: &[Candidate],
    ) -> Vec<Recommendation<'a>> {
        let request = terms.request;
        let movies: Vec<MovieIdx> = candidates.iter().map(|candidate| candidate.movie).collect();
        let mut items: Vec<Recommendation<'_>> = candidates
            .iter()
            .map(|candidate| Recommendation {
                movie: candidate.movie,
                score: candidate.score,
                match_probability: terms.match_probability(candidate.movie, candidate.score),
                reasons: Vec::new(),
                predicted: None,
            })
            .collect();
        if let Some(model) = self.blend.star_model(request.model) {
            let predictions = model.predict(&request.rated(), &movies);
            for (item, predicted) in items.iter_mut().zip(predictions) {
                item.predicted = Some(predicted);
            }
        }
        if request.explain {
            for (item, reasons) in items.iter_mut().zip(terms.reasons(&movies)) {
                item.reasons = reasons;
            }
        }
        items
    }

    /// Ranks the movies that pass the filter. The first `n_wanted` are in their final order, apart from the order of the
    /// parts of a series.
    pub(super) fn ranked_candidates(
        &self,
        request: &Request,
        filter: &PreparedFilter<'_>,
        scores: &Scores<'_>,
        n_wanted: usize,
    ) -> Vec<Candidate> {
        let diversity = request.diversity_or_default();
        let pool = n_wanted.max(if diversity > 0.0 { diversify::POOL } else { 0 });
        let ranked = top_k(pool, scores, |movie| filter.failed_by(movie).is_none());
        let mix = match request.order {
            Order::Taste if diversity > 0.0 => GenreMix::new(&self.index, &request.history),
            _ => None,
        };
        let match_scale = self.match_scale_for(request);
        let diversity = Diversity { strength: diversity, mix, match_scale };
        diversify::rerank(&self.model, ranked, n_wanted, diversity)
    }
}

/// Counts the removed movies if the list is shorter than requested.
fn shortfall(request: &Request, returned: usize, filter: &PreparedFilter<'_>) -> Option<Shortfall> {
    (returned < request.limit).then(|| Shortfall {
        requested: request.limit,
        offset: request.offset,
        returned,
        removed_by: filter.count_removed().into_iter().collect(),
    })
}
