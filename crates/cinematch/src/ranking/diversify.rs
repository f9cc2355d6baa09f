//! Maximal marginal relevance (Carbonell and Goldstein, 1998): at every place the film that is good
//! and unlike those above it.

use crate::features::CsrMatrix;
use crate::models::content::ContentModel;
use crate::retrieval::Candidate;

/// How many of the best films are reordered. Fixed, so that pages of one list fit together.
pub const POOL: usize = 200;

/// Reorders the first [`POOL`] candidates: `(1 − diversity) · relevance − diversity · likeness to
/// the most alike film above`, relevance scaled to 0–1 over the pool. The rest keep their order.
/// O(min(wanted, POOL) · entries of the pool).
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
    let rows = &model.features().matrix;
    let mut likeness = Likeness::new(rows);
    let mut waiting: Vec<(usize, f32)> = (0..pool.len()).map(|at| (at, 0.0)).collect();
    let mut chosen = Vec::with_capacity(ranked.len());
    while chosen.len() < wanted && !waiting.is_empty() {
        let value = |(at, like): &(usize, f32)| {
            let relevance = (pool[*at].score - worst) / range;
            (1.0 - diversity) * relevance - diversity * like
        };
        // Of equal values the first in rank wins.
        let pick = (1..waiting.len()).fold(0, |best, at| {
            if value(&waiting[at]) > value(&waiting[best]) { at } else { best }
        });
        let (picked, _) = waiting.remove(pick);
        likeness.to(pool[picked].movie.row());
        for (at, like) in &mut waiting {
            *like = like.max(likeness.of(pool[*at].movie.row()));
        }
        chosen.push(pool[picked]);
    }
    chosen.extend(waiting.into_iter().map(|(at, _)| pool[at]));
    chosen.extend_from_slice(rest);
    chosen
}

/// Dot products with one row, spread out once.
struct Likeness<'a> {
    rows: &'a CsrMatrix<f32>,
    spread: Vec<f32>,
    current: Option<usize>,
}

impl<'a> Likeness<'a> {
    fn new(rows: &'a CsrMatrix<f32>) -> Self {
        Self { rows, spread: vec![0.0; rows.n_columns()], current: None }
    }

    fn to(&mut self, row: usize) {
        if let Some(previous) = self.current.replace(row) {
            for column in self.rows.row(previous).0 {
                self.spread[*column as usize] = 0.0;
            }
        }
        for (column, value) in self.rows.entries(row) {
            self.spread[column as usize] = value;
        }
    }

    fn of(&self, row: usize) -> f32 {
        self.rows.entries(row).map(|(column, value)| self.spread[column as usize] * value).sum()
    }
}
