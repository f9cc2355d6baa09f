//! Lists for held-out users, from any model.

use rayon::prelude::*;

use super::HeldOut;
use crate::ids::MovieIdx;
use crate::models::Model;

/// The `k` best candidates for every held-out user, best first, without the films of their history;
/// among equals the lower row. Users in parallel. O(films) a user beside the model's own work.
pub fn lists(
    model: &dyn Model,
    users: &[HeldOut],
    is_candidate: &[bool],
    k: usize,
) -> Vec<Vec<MovieIdx>> {
    let list = |scores: &mut Vec<f32>, user: &HeldOut| {
        scores.resize(model.n_movies(), 0.0);
        model.score(&user.history, scores);
        for rated in &user.history {
            scores[rated.movie.row()] = f32::NEG_INFINITY;
        }
        best(k, scores, is_candidate)
    };
    users.par_iter().map_init(Vec::new, list).collect()
}

fn best(k: usize, scores: &[f32], is_candidate: &[bool]) -> Vec<MovieIdx> {
    let mut kept: Vec<(f32, u32)> = Vec::with_capacity(2 * k + 1);
    let mut bar = f32::NEG_INFINITY;
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    for (row, (score, candidate)) in scores.iter().zip(is_candidate).enumerate() {
        // Among equals the lower row stays, and it came first.
        if !candidate || *score <= bar {
            continue;
        }
        kept.push((*score, row as u32));
        if kept.len() > 2 * k {
            kept.select_nth_unstable_by(k, order);
            kept.truncate(k);
            bar = kept.iter().map(|(score, _)| *score).fold(f32::INFINITY, f32::min);
        }
    }
    kept.sort_unstable_by(order);
    kept.truncate(k);
    kept.into_iter().map(|(_, row)| MovieIdx(row)).collect()
}
