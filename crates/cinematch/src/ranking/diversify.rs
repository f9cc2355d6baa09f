//! Diversification: maximal marginal relevance (Carbonell and Goldstein, 1998) combined with
//! [calibration](super::calibrate) (Steck, 2018).
//!
//! With diversity δ, each position in the list is filled by the movie that maximizes
//!
//! ```text
//! (1 − δ) · relevance − δ · similarity to the most similar movie above + δ · 0.3 · calibration
//! ```
//!
//! Relevance is the score, scaled to 0–1 over the pool. Calibration is how close the extended list is to the
//! user's genre distribution, scaled to 0–1 over the remaining movies. The scaling gives it the same weight
//! at position 50, where one movie changes the distribution little, as at position 2. The factor 0.3 is about
//! the highest similarity within a pool, so both terms have the same range; see
//! `docs/diversity-and-novelty.md` for measurements. Without liked movies, there is no distribution and only
//! similarity applies.
//!
//! A movie may pass movies above it only if its [match](super::match_scale) is at most 5 points lower, so a list never
//! contradicts the matches that it shows by more than that.

use super::calibrate::{Calibration, GenreMix, MovieGenres};
use super::match_scale::{MATCH_BAND, UserMatchScale};
use crate::models::content::ContentModel;
use crate::retrieval::Candidate;

/// Number of top movies that are reordered. It is fixed so that the pages of a list are consistent.
pub(crate) const POOL: usize = 100;
/// Weight of calibration: about the highest similarity between movies in a pool.
const CALIBRATION_WEIGHT: f32 = 0.3;

/// How a ranking is diversified.
#[derive(Debug)]
pub(crate) struct Diversity<'a> {
    /// δ, from 0 to 1.
    pub strength: f32,
    /// Genres of the user's likes. Without them, lists are not calibrated.
    pub mix: Option<GenreMix<'a>>,
    /// Scale of the matches, which limits the changes. Without it, changes are not limited.
    pub match_scale: Option<UserMatchScale>,
}

/// Reorders the first [`POOL`] candidates to fill the first `n_wanted` positions. The others keep their
/// order.
///
/// The similarity term can only lower a movie's value as the list grows, so most movies are never compared
/// with the whole list (lazy greedy: Minoux, 1978). The result is the same as that of the exhaustive greedy
/// algorithm. Calibration is recomputed at each position with O(pool · genres of a movie) additions and one
/// logarithm per pair of genre and genre count.
pub(crate) fn rerank(
    model: &ContentModel,
    ranked: Vec<Candidate>,
    n_wanted: usize,
    diversity: Diversity<'_>,
) -> Vec<Candidate> {
    let Diversity { strength: diversity, mix, match_scale } = diversity;
    if diversity <= 0.0 || ranked.len() < 3 {
        return ranked;
    }
    let (pool, rest) = ranked.split_at(ranked.len().min(POOL));
    let (best, worst) = (pool[0].score, pool[pool.len() - 1].score);
    let range = (best - worst).max(f32::MIN_POSITIVE);
    let relevance = |candidate: &Candidate| (candidate.score - worst) / range;
    let mut calibrated = mix.map(|mix| {
        let (list, movies) = Calibration::new(mix, pool.iter().map(|candidate| candidate.movie));
        Calibrated { list, movies, weight: diversity * CALIBRATION_WEIGHT }
    });
    let mut remaining: Vec<Unranked> = pool
        .iter()
        .map(|candidate| {
            let gain = (1.0 - diversity) * relevance(candidate);
            let match_probability = match_scale.map_or(0.0, |it| it.probability(candidate.score));
            Unranked {
                candidate: *candidate,
                match_probability,
                gain,
                similarity: 0.0,
                calibration: 0.0,
                compared: 0,
            }
        })
        .collect();
    let mut chosen_pool = model.similarity_pool();
    let mut chosen: Vec<Candidate> = Vec::with_capacity(ranked.len());
    while chosen.len() < n_wanted && !remaining.is_empty() {
        if let Some(calibrated) = &mut calibrated {
            calibrated.update(&mut remaining);
        }
        // The movies that remain are in the order of their scores, and therefore of their matches.
        let lowest_match = remaining[0].match_probability - MATCH_BAND;
        let n_eligible = remaining.partition_point(|movie| movie.match_probability >= lowest_match);
        let pick = loop {
            // Ties are broken by rank.
            let mut pick = 0;
            let mut best_value = f32::NEG_INFINITY;
            for (index, movie) in remaining[..n_eligible].iter().enumerate() {
                let value = movie.gain - diversity * movie.similarity + movie.calibration;
                if value > best_value {
                    (pick, best_value) = (index, value);
                }
            }
            let top = &mut remaining[pick];
            if top.compared == chosen.len() {
                break pick;
            }
            top.similarity = chosen_pool
                .similarities_to(top.candidate.movie)
                .iter()
                .copied()
                .fold(0.0, f32::max);
            top.compared = chosen.len();
        };
        let candidate = remaining.remove(pick).candidate;
        if let Some(calibrated) = &mut calibrated {
            calibrated.list.push(&calibrated.movies.remove(pick));
        }
        chosen_pool.push(candidate.movie);
        chosen.push(candidate);
    }
    chosen.extend(remaining.into_iter().map(|waiting| waiting.candidate));
    chosen.extend_from_slice(rest);
    chosen
}

/// A candidate that is not yet in the list.
struct Unranked {
    candidate: Candidate,
    /// Match of the movie at its score; 0 without a scale.
    match_probability: f32,
    /// Relevance term in the objective.
    gain: f32,
    /// Highest similarity to the movies it has been compared with: a lower bound on the highest similarity to
    /// all movies above it.
    similarity: f32,
    /// Calibration term at the next position.
    calibration: f32,
    /// Number of movies above it that it has been compared with.
    compared: usize,
}

/// A calibrated list and the genres of the candidates that are not yet in it.
struct Calibrated<'a> {
    list: Calibration<'a>,
    movies: Vec<MovieGenres>,
    /// Weight of the calibration term. A movie gets the full weight if it brings the list's genres closest to
    /// the user's.
    weight: f32,
}

impl Calibrated<'_> {
    /// Sets the calibration term of each waiting movie for the next position.
    fn update(&mut self, waiting: &mut [Unranked]) {
        self.list.prepare();
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        for (movie, genres) in waiting.iter_mut().zip(&self.movies) {
            movie.calibration = self.list.negative_distance(genres);
            min = min.min(movie.calibration);
            max = max.max(movie.calibration);
        }
        // Treat differences within rounding error as 0.
        let range = max - min;
        let scale = if range > ROUNDING { self.weight / range } else { 0.0 };
        for movie in waiting {
            movie.calibration = (movie.calibration - min) * scale;
        }
    }
}

/// Rounding error, in nats, of a sum of a few dozen logarithms.
const ROUNDING: f32 = 1e-5;
