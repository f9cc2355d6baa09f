//! The candidates of one user.

use super::super::metrics::weighted_ndcg_at;
use super::super::{LIST_LENGTH, TOP_K, ndcg_at};
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::Scaling;

/// The candidates of a user, among which the hidden movies should be chosen.
pub(super) struct Choice {
    /// The candidates, best first by the given weights.
    pub(super) movies: Vec<MovieIdx>,
    /// For each term, its contribution to the score of each candidate by the given weights.
    pub(super) terms: Vec<Vec<f64>>,
    /// For each term, true if it is relative to the best movie by the other terms.
    pub(super) is_relative: Vec<bool>,
    /// Positions of the hidden movies among the candidates, with their influence. Those of a user add up to 1.
    pub(super) chosen: Vec<(usize, f64)>,
    /// All hidden movies, in ascending order, with their inverse propensity.
    pub(super) relevant: Vec<(MovieIdx, f64)>,
}

impl Choice {
    /// Selects the candidates. Returns `None` if no hidden movie is among them.
    pub(super) fn new(
        terms: &[(Scaling, Vec<f32>)],
        history: &[Rated],
        hidden: &[Rated],
        inverse_propensity: impl Fn(MovieIdx) -> f64,
    ) -> Option<Self> {
        let is_relative: Vec<bool> =
            terms.iter().map(|(scaling, _)| *scaling == Scaling::Best).collect();
        let n_movies = terms.first()?.1.len();
        let mut is_known = vec![false; n_movies];
        for rated in history {
            is_known[rated.movie.row()] = true;
        }
        let sum = |row: usize, relative: bool| -> f64 {
            let of = terms.iter().zip(&is_relative).filter(|(_, is)| **is == relative);
            of.map(|((_, values), _)| f64::from(values[row])).sum()
        };
        let unknown = || (0..n_movies).filter(|row| !is_known[*row]);
        let best = unknown().map(|row| sum(row, false)).fold(f64::MIN_POSITIVE, f64::max);
        let mut scored: Vec<(f64, usize)> =
            unknown().map(|row| (sum(row, false) / best + sum(row, true), row)).collect();
        scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.truncate(LIST_LENGTH);
        let rows: Vec<usize> = scored.into_iter().map(|(_, row)| row).collect();
        let relevant: Vec<(MovieIdx, f64)> =
            hidden.iter().map(|rated| (rated.movie, inverse_propensity(rated.movie))).collect();
        let positions = relevant.iter().filter_map(|(movie, gain)| {
            Some((rows.iter().position(|row| *row == movie.row())?, *gain))
        });
        let mut chosen: Vec<(usize, f64)> = positions.collect();
        let (count, total) =
            (chosen.len() as f64, chosen.iter().map(|(_, gain)| gain).sum::<f64>());
        for (_, gain) in &mut chosen {
            *gain = 0.5 / count + 0.5 * *gain / total;
        }
        let term = |(scaling, values): &(Scaling, Vec<f32>)| -> Vec<f64> {
            let divisor = if *scaling == Scaling::Best { 1.0 } else { best };
            rows.iter().map(|row| f64::from(values[*row]) / divisor).collect()
        };
        (!chosen.is_empty()).then(|| Self {
            movies: rows.iter().map(|row| MovieIdx(*row as u32)).collect(),
            terms: terms.iter().map(term).collect(),
            is_relative,
            chosen,
            relevant,
        })
    }

    /// Returns the terms of the candidates, with those that are not relative divided by the score of the best candidate
    /// by `factors`.
    pub(super) fn relative_terms(&self, factors: &[f64]) -> Vec<Vec<f64>> {
        let sum = |place: usize| -> f64 {
            let terms = self.terms.iter().zip(&self.is_relative).zip(factors);
            terms
                .filter(|((_, is_relative), _)| !**is_relative)
                .map(|((term, _), by)| by * term[place])
                .sum()
        };
        let best = (0..self.movies.len()).map(sum).fold(f64::MIN_POSITIVE, f64::max);
        let divided = self.terms.iter().zip(&self.is_relative).map(|(term, is_relative)| {
            let divisor = if *is_relative { 1.0 } else { best };
            term.iter().map(|value| value / divisor).collect()
        });
        divided.collect()
    }

    /// Returns NDCG at 10 and its inverse-propensity variant for the candidates, ordered by `factors`.
    pub(super) fn metrics(&self, factors: &[f64]) -> (f64, f64) {
        let terms = self.relative_terms(factors);
        let score = |place: usize| -> f64 {
            terms.iter().zip(factors).map(|(term, factor)| factor * term[place]).sum()
        };
        let mut order: Vec<(f64, usize)> =
            (0..self.movies.len()).map(|place| (score(place), place)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let list: Vec<MovieIdx> = order.into_iter().map(|(_, place)| self.movies[place]).collect();
        let relevant: Vec<MovieIdx> = self.relevant.iter().map(|(movie, _)| *movie).collect();
        let gain = |movie: MovieIdx| {
            let place = relevant.binary_search(&movie);
            place.map_or(0.0, |place| self.relevant[place].1)
        };
        (ndcg_at(TOP_K, &list, &relevant), weighted_ndcg_at(TOP_K, &list, &relevant, gain))
    }
}
