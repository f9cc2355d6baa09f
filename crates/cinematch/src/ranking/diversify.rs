//! Maximal marginal relevance (Carbonell and Goldstein, 1998): at every place the film that is good
//! and unlike those above it.

use crate::models::content::ContentModel;
use crate::retrieval::Candidate;

/// How many of the best films are reordered. Fixed, so that pages of one list fit together.
pub const POOL: usize = 100;

/// Reorders the first [`POOL`] candidates: `(1 − diversity) · relevance − diversity · likeness to
/// the most alike film above`, relevance scaled to 0–1 over the pool. The rest keep their order.
///
/// A film's value only falls as films are placed above it, so most are never compared with all of
/// them (lazy greedy: Minoux, 1978); the order is the exact one.
pub fn rerank(
    model: &ContentModel,
    ranked: Vec<Candidate>,
    diversity: f32,
    wanted: usize,
) -> Vec<Candidate> {
    if diversity <= 0.0 || ranked.len() < 3 {
        return ranked;
    }
    let (pool, rest) = ranked.split_at(ranked.len().min(POOL));
    let (best, worst) = (pool[0].score, pool[pool.len() - 1].score);
    let range = (best - worst).max(f32::MIN_POSITIVE);
    let relevance = |candidate: &Candidate| (candidate.score - worst) / range;
    let mut waiting: Vec<Waiting> = pool
        .iter()
        .map(|candidate| Waiting {
            candidate: *candidate,
            gain: (1.0 - diversity) * relevance(candidate),
            likeness: 0.0,
            compared: 0,
        })
        .collect();
    let mut chosen: Vec<Candidate> = Vec::with_capacity(ranked.len());
    while chosen.len() < wanted && !waiting.is_empty() {
        let value = |film: &Waiting| film.gain - diversity * film.likeness;
        // Of equal values the first in rank wins.
        let (mut pick, mut highest, mut next) = (0, f32::NEG_INFINITY, f32::NEG_INFINITY);
        for (at, film) in waiting.iter().enumerate() {
            let value = value(film);
            if value > highest {
                (pick, highest, next) = (at, value, highest);
            } else if value > next {
                next = value;
            }
        }
        let top = &mut waiting[pick];
        while top.compared < chosen.len() && value(top) >= next {
            let above = chosen[top.compared].movie;
            top.likeness = top.likeness.max(model.similarity(top.candidate.movie, above));
            top.compared += 1;
        }
        if top.compared == chosen.len() && value(top) >= highest {
            chosen.push(waiting.remove(pick).candidate);
        }
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
    /// To the most alike of the films compared with: the true likeness or less.
    likeness: f32,
    /// How many of the films above it was compared with.
    compared: usize,
}
