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
        .map(|candidate| {
            let gain = (1.0 - diversity) * relevance(candidate);
            Waiting { candidate: *candidate, gain, value: gain, compared: 0 }
        })
        .collect();
    let mut above = model.likeness();
    let mut chosen: Vec<Candidate> = Vec::with_capacity(ranked.len());
    while chosen.len() < wanted && !waiting.is_empty() {
        // Of equal values the first in rank wins.
        let mut pick = 0;
        for (at, film) in waiting.iter().enumerate() {
            if film.value > waiting[pick].value {
                pick = at;
            }
        }
        let top = &mut waiting[pick];
        if top.compared == chosen.len() {
            above.push(top.candidate.movie);
            chosen.push(waiting.remove(pick).candidate);
        } else {
            let alike = above.to(top.candidate.movie).iter().copied().fold(0.0, f32::max);
            top.value = top.gain - diversity * alike;
            top.compared = chosen.len();
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
    /// Its value beside the films it was compared with: the true value or more.
    value: f32,
    /// How many of the films above it was compared with.
    compared: usize,
}
