//! Counterfactuals: the rank a recommended movie would have without the user's feedback on one movie.

use std::collections::BTreeMap;

use serde::Serialize;

use super::diversify;
use super::feedback::Feedback;
use super::ranked::Ranked;
use super::recommender::Recommender;
use super::request::Request;
use super::score_terms::ScoreTerms;
use crate::ids::{MovieId, MovieIdx};
use crate::retrieval::{Candidate, Scores, at_least};

/// The movie in the history that contributes most to a recommended movie, and the rank that the recommended
/// movie would have without it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counterfactual<'a> {
    /// ID of the movie in the history.
    pub movie_id: MovieId,
    /// Title of the movie in the history.
    pub title: &'a str,
    /// The user's feedback on the movie in the history.
    pub feedback: Feedback,
    /// Rank of the recommended movie in the list, starting at 1.
    pub place: usize,
    /// Rank of the recommended movie without the feedback, starting at 1.
    #[serde(rename = "would_be")]
    pub counterfactual_place: usize,
}

impl Recommender {
    /// Computes a counterfactual for each movie in `ranked`, which must be the result for `request`.
    ///
    /// The movie whose feedback is removed still counts as seen and is not listed. A counterfactual is `None`
    /// if no movie in the history contributes positively, or if the changed request does not list the movie.
    ///
    /// Ranks the catalog again for each distinct movie that contributes most to a listed movie, so at most
    /// once per listed movie. Each ranking takes as long as [`Self::recommend`] plus O(m log m) for the m
    /// movies that score at least as high as the lowest listed movie.
    pub fn counterfactuals(
        &self,
        request: &Request,
        ranked: &Ranked<'_>,
    ) -> Vec<Option<Counterfactual<'_>>> {
        let movies: Vec<MovieIdx> = ranked.items.iter().map(|item| item.movie).collect();
        let terms = ScoreTerms::compute(self, request, &mut Vec::new()).0;
        let contributions = terms.history_contributions(&movies);
        // Listed movies, grouped by the movie in the history that contributes most to them.
        let mut listed_by_source: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, contributions) in contributions.iter().enumerate() {
            if let Some(source) = largest(contributions) {
                listed_by_source.entry(source).or_default().push(index);
            }
        }
        let mut counterfactuals = vec![None; movies.len()];
        for (source, listed) in listed_by_source {
            let mut changed = request.clone();
            let item = changed.history.remove(source);
            let movie = self.movie(item.signal.movie);
            // A resolved request contains its history in `seen`; a request constructed directly may not.
            if let Err(index) = changed.filter.seen.binary_search(&item.signal.movie) {
                changed.filter.seen.insert(index, item.signal.movie);
            }
            let affected: Vec<MovieIdx> = listed.iter().map(|index| movies[*index]).collect();
            for (index, new_place) in listed.into_iter().zip(self.places(&changed, &affected)) {
                counterfactuals[index] = new_place.map(|would_be| Counterfactual {
                    movie_id: movie.movie_id,
                    title: &movie.title,
                    feedback: item.feedback,
                    place: request.offset + index + 1,
                    counterfactual_place: would_be,
                });
            }
        }
        counterfactuals
    }

    /// Returns the rank of `movie` in the list for `request`, starting at 1, or `None` if it is not listed.
    ///
    /// Takes as long as [`Self::recommend`] plus O(m log m) for the m movies that score at least as high as
    /// `movie`.
    pub fn place(&self, request: &Request, movie: MovieIdx) -> Option<usize> {
        self.places(request, &[movie])[0]
    }

    /// Returns the ranks of `movies` in the list for `request`, starting at 1, with `None` for unlisted
    /// movies.
    fn places(&self, request: &Request, movies: &[MovieIdx]) -> Vec<Option<usize>> {
        let filter = self.index.prepare(request.filter.clone());
        let mut own = Vec::new();
        let (_, shared) = ScoreTerms::compute(self, request, &mut own);
        let scores = Scores { layout: &self.layout, own: &own, shared };
        let passes = |movie: MovieIdx| filter.failed_by(movie).is_none();
        // Diversity reorders only the top of the list. The rest is sorted by score.
        let top = self.ranked_candidates(request, &filter, &scores, diversify::POOL);
        let score_of = |movie: &MovieIdx| scores.at(self.position_of[movie.row()] as usize);
        let series: Vec<(Vec<MovieIdx>, usize)> =
            movies.iter().map(|movie| self.passing_parts(*movie, passes)).collect();
        let parts = series.iter().flat_map(|(parts, _)| parts);
        let lowest = parts.map(score_of).fold(f32::INFINITY, f32::min);
        let by_score = at_least(lowest, &scores, passes);
        let rank_of = |movie: &MovieIdx| {
            let in_top = top.iter().position(|candidate| candidate.movie == *movie);
            in_top.or_else(|| {
                let candidate = Candidate { movie: *movie, score: score_of(movie) };
                by_score.binary_search_by(|other| other.order(candidate)).ok()
            })
        };
        // The parts of a series share the places that they earn by their scores.
        let place = |(movie, (parts, n_before)): (&MovieIdx, &(Vec<MovieIdx>, usize))| {
            let mut ranks: Vec<usize> = parts.iter().filter_map(rank_of).collect();
            ranks.sort_unstable();
            if passes(*movie) { ranks.get(*n_before).map(|rank| rank + 1) } else { None }
        };
        movies.iter().zip(&series).map(place).collect()
    }
}

/// Returns the index of the largest value if it is positive, and the first one on ties.
fn largest(contributions: &[f32]) -> Option<usize> {
    let mut largest = None;
    for (index, contribution) in contributions.iter().enumerate() {
        if *contribution > largest.map_or(0.0, |index: usize| contributions[index]) {
            largest = Some(index);
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_returns_the_first_maximum_if_it_is_positive() {
        assert_eq!(largest(&[0.1, 0.4, 0.4, -2.0]), Some(1));
        assert_eq!(largest(&[-0.1, 0.0]), None);
        assert_eq!(largest(&[]), None);
    }
}
