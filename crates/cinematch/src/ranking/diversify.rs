//! Lists that are not all of one kind: at every place the film that is good, unlike those above it,
//! and of a genre that the viewer's own mix still lacks.
//!
//! Maximal marginal relevance (Carbonell and Goldstein, 1998) beside [calibration](super::calibrate)
//! (Steck, 2018). With δ the diversity, the film of the next place is the one with the most of
//!
//! ```text
//! (1 − δ) · relevance  −  δ · likeness to the most alike film above  +  δ · 0.3 · calibration
//! ```
//!
//! Relevance is the score scaled over the pool to 0–1. Calibration is the nearness to the viewer's
//! mix that the list would have, scaled over the films still waiting to 0–1: the one that brings the
//! list nearest has 1, the one that leads away farthest 0. So it weighs at place 50, where a film
//! can change the list's mix by little, what it weighs at place 2. The 0.3 is about the likeness that
//! films of a pool reach, so that both halves have the same range and weigh alike; `docs/dials.md`
//! has what they do. Of a viewer who likes nothing there is no mix, and likeness is all.

use super::calibrate::{Calibration, GenreMix, MovieGenres};
use crate::models::content::ContentModel;
use crate::retrieval::Candidate;

/// How many of the best films are reordered. Fixed, so that pages of one list fit together.
pub const POOL: usize = 100;
/// What the nearest to the viewer's mix is worth beside the farthest: as much as an unlike film beside
/// one that is as like those above it as films of a pool usually get.
const USUAL_LIKENESS: f32 = 0.3;

/// Reorders the first [`POOL`] candidates, of which `wanted` places are filled; the rest keep their
/// order.
///
/// What likeness leaves of a film's value only falls as films are placed above it, so most are never
/// compared with all of them (lazy greedy: Minoux, 1978); the order is the exact one. What
/// calibration adds is taken afresh at every place: O(pool · genres of a film) additions, and a
/// logarithm for each genre and number of genres.
pub fn rerank(
    model: &ContentModel,
    ranked: Vec<Candidate>,
    diversity: f32,
    wanted: usize,
    mix: Option<GenreMix<'_>>,
) -> Vec<Candidate> {
    if diversity <= 0.0 || ranked.len() < 3 {
        return ranked;
    }
    let (pool, rest) = ranked.split_at(ranked.len().min(POOL));
    let (best, worst) = (pool[0].score, pool[pool.len() - 1].score);
    let range = (best - worst).max(f32::MIN_POSITIVE);
    let relevance = |candidate: &Candidate| (candidate.score - worst) / range;
    let mut calibrated = mix.map(|mix| {
        let (list, movies) = Calibration::new(mix, pool.iter().map(|candidate| candidate.movie));
        Calibrated { list, movies, weight: diversity * USUAL_LIKENESS }
    });
    let mut waiting: Vec<Waiting> = pool
        .iter()
        .map(|candidate| {
            let gain = (1.0 - diversity) * relevance(candidate);
            Waiting { candidate: *candidate, gain, alike: 0.0, calibration: 0.0, compared: 0 }
        })
        .collect();
    let mut above = model.likeness();
    let mut chosen: Vec<Candidate> = Vec::with_capacity(ranked.len());
    while chosen.len() < wanted && !waiting.is_empty() {
        if let Some(calibrated) = &mut calibrated {
            calibrated.weigh(&mut waiting);
        }
        let pick = loop {
            // Of equal values the first in rank wins.
            let mut pick = 0;
            let mut most = f32::NEG_INFINITY;
            for (at, movie) in waiting.iter().enumerate() {
                let value = movie.gain - diversity * movie.alike + movie.calibration;
                if value > most {
                    (pick, most) = (at, value);
                }
            }
            let top = &mut waiting[pick];
            if top.compared == chosen.len() {
                break pick;
            }
            top.alike = above.to(top.candidate.movie).iter().copied().fold(0.0, f32::max);
            top.compared = chosen.len();
        };
        let candidate = waiting.remove(pick).candidate;
        if let Some(calibrated) = &mut calibrated {
            calibrated.list.push(&calibrated.movies.remove(pick));
        }
        above.push(candidate.movie);
        chosen.push(candidate);
    }
    chosen.extend(waiting.into_iter().map(|waiting| waiting.candidate));
    chosen.extend_from_slice(rest);
    chosen
}

/// A film that has no place yet.
struct Waiting {
    candidate: Candidate,
    /// What its relevance is worth.
    gain: f32,
    /// How alike it is to the most alike of the films that it was compared with: the likeness to all
    /// above, or less.
    alike: f32,
    /// What it is worth for the viewer's mix of genres at the next place.
    calibration: f32,
    /// How many of the films above it was compared with.
    compared: usize,
}

/// A list, with the genres of the films that wait for a place in it.
struct Calibrated<'a> {
    list: Calibration<'a>,
    movies: Vec<MovieGenres>,
    /// What the nearest film gains.
    weight: f32,
}

impl Calibrated<'_> {
    /// Sets what every waiting film is worth at the next place.
    fn weigh(&mut self, waiting: &mut [Waiting]) {
        self.list.prepare();
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for (movie, genres) in waiting.iter_mut().zip(&self.movies) {
            movie.calibration = self.list.nearness(genres);
            least = least.min(movie.calibration);
            most = most.max(movie.calibration);
        }
        // Films that differ in rounding alone are all as near.
        let range = most - least;
        let scale = if range > ROUNDING { self.weight / range } else { 0.0 };
        for movie in waiting {
            movie.calibration = (movie.calibration - least) * scale;
        }
    }
}

/// Nats that sums of a few dozen logarithms may be wrong by.
const ROUNDING: f32 = 1e-5;
