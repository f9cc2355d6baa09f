//! Order of sequels in a list: the parts of a series appear in the order in which to watch them.
//!
//! A list may contain a sequel only after the earlier parts that pass its filters; seen parts don't pass. The places
//! that the parts of a series earn by their scores stay the same, and the parts fill them in order. For example, if
//! *Harry Potter* 2 is in place 7 and part 1 in place 12, they swap places. If part 1 isn't among the first movies, it
//! takes the place of part 2, which takes the next place of the series. The list of the whole catalog is a
//! permutation of the ranking, and its beginning depends only on the beginning of the ranking. A list therefore has as
//! many movies as without this rule, and its pages are consistent.

use rustc_hash::FxHashMap;

use super::recommender::Recommender;
use crate::ids::MovieIdx;
use crate::retrieval::Candidate;

impl Recommender {
    /// Puts the parts of each series in `ranked`, the beginning of a ranking of all movies for which `passes` returns
    /// true, in order. `score_of` returns the score of a movie that is not in `ranked`. O(movies in the list + parts of
    /// their series).
    pub(super) fn put_series_in_order(
        &self,
        ranked: &mut [Candidate],
        passes: impl Fn(MovieIdx) -> bool,
        score_of: impl Fn(MovieIdx) -> f32,
    ) {
        let mut next_parts = FxHashMap::default();
        for candidate in ranked {
            let Some(series) = self.series.series_of(candidate.movie) else { continue };
            let parts =
                next_parts.entry(series).or_insert_with(|| self.series.all()[series].iter());
            // A series has as many parts that pass as places in the ranking.
            if let Some(part) = parts.copied().find(|part| passes(*part))
                && part != candidate.movie
            {
                *candidate = Candidate { movie: part, score: score_of(part) };
            }
        }
    }

    /// Returns the movies whose places in a ranking determine the place of `movie` in a list, and the number of these
    /// places that come before it: the parts of its series for which `passes` returns true, or the movie alone.
    pub(super) fn passing_parts(
        &self,
        movie: MovieIdx,
        passes: impl Fn(MovieIdx) -> bool,
    ) -> (Vec<MovieIdx>, usize) {
        let series = self.series.series_of(movie).map(|series| &self.series.all()[series]);
        let parts: Vec<MovieIdx> = series
            .map_or(std::slice::from_ref(&movie), Vec::as_slice)
            .iter()
            .copied()
            .filter(|part| passes(*part))
            .collect();
        let n_before = parts.iter().position(|part| *part == movie).unwrap_or(0);
        (parts, n_before)
    }
}
