//! Top-k lists that a model generates for held-out users.

use rayon::prelude::*;

use super::HeldOut;
use crate::catalog::Rated;
use crate::ids::MovieIdx;
use crate::models::Model;

/// Number of movies in an evaluated list.
pub const LIST_LENGTH: usize = 100;
/// Number of top positions, as displayed to users, for which exposure and calibration are measured.
pub const TOP_K: usize = 10;

/// Returns the `k` best candidates for each held-out user, best first, excluding the user's history. The
/// lower index wins a tie. Processes users in parallel. Takes O(movies) time per user, plus the cost of
/// scoring.
pub fn rank_lists(
    model: &dyn Model,
    users: &[HeldOut],
    is_candidate: &[bool],
    k: usize,
) -> Vec<Vec<MovieIdx>> {
    /// Number of users to score per call.
    const BATCH: usize = 16;
    let n_movies = model.n_movies();
    let rank_batch = |rows: &mut Vec<f32>, users: &[HeldOut]| {
        rows.resize(BATCH * n_movies, 0.0);
        let mut scores: Vec<&mut [f32]> =
            rows.chunks_exact_mut(n_movies.max(1)).take(users.len()).collect();
        let histories: Vec<&[Rated]> = users.iter().map(|user| user.history.as_slice()).collect();
        model.score_many(&histories, &mut scores);
        let mut lists = Vec::with_capacity(users.len());
        for (user, scores) in users.iter().zip(scores) {
            for rated in &user.history {
                scores[rated.movie.row()] = f32::NEG_INFINITY;
            }
            lists.push(top_k(k, scores, is_candidate));
        }
        lists
    };
    users.par_chunks(BATCH).map_init(Vec::new, rank_batch).flatten_iter().collect()
}

fn top_k(k: usize, scores: &[f32], is_candidate: &[bool]) -> Vec<MovieIdx> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(2 * k + 1);
    let mut threshold = f32::NEG_INFINITY;
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    for (row, (score, candidate)) in scores.iter().zip(is_candidate).enumerate() {
        // Indices ascend, so a movie never displaces an earlier one with an equal score. NaN marks a
        // missing score.
        if !candidate || score.is_nan() || *score <= threshold {
            continue;
        }
        best.push((*score, row as u32));
        if best.len() > 2 * k {
            best.select_nth_unstable_by(k, order);
            best.truncate(k);
            threshold = best.iter().map(|(score, _)| *score).fold(f32::INFINITY, f32::min);
        }
    }
    best.sort_unstable_by(order);
    best.truncate(k);
    best.into_iter().map(|(_, row)| MovieIdx(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::ratings;
    use super::super::{Part, StrongGeneralization};
    use super::*;
    use crate::models::Contributions;

    /// A model that returns the same scores for every user.
    struct Fixed(Vec<f32>);

    impl Model for Fixed {
        fn n_movies(&self) -> usize {
            self.0.len()
        }

        fn score(&self, _: &[Rated], scores: &mut [f32]) {
            scores.copy_from_slice(&self.0);
        }

        fn contributions(&self, _: &[Rated], _: &[MovieIdx]) -> Vec<Contributions> {
            Vec::new()
        }
    }

    #[test]
    fn lists_contain_the_best_candidates_in_order_without_the_history() {
        let interactions = ratings();
        let mut split = StrongGeneralization::default().split(&interactions, Part::Test).unwrap();
        split.is_candidate[7] = false;
        // There are more than 2 * k movies but only 11 distinct scores, so many are tied.
        let n_movies = interactions.n_movies();
        let scores: Vec<f32> = (0..n_movies).map(|row| (row * 37 % 11) as f32 - 5.0).collect();
        let model = Fixed(scores.clone());
        for k in [0, 1, 3, 10, 100] {
            let lists = rank_lists(&model, &split.held_out, &split.is_candidate, k);
            assert_eq!(lists.len(), split.held_out.len());
            for (list, user) in lists.iter().zip(&split.held_out) {
                let known = |movie: usize| user.history.iter().any(|r| r.movie.row() == movie);
                let mut expected: Vec<usize> = (0..n_movies)
                    .filter(|movie| split.is_candidate[*movie] && !known(*movie))
                    .collect();
                expected.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
                expected.truncate(k);
                let got: Vec<usize> = list.iter().map(|movie| movie.row()).collect();
                assert_eq!(got, expected, "{k}");
            }
        }
    }

    #[test]
    fn unscored_movies_do_not_appear_in_lists() {
        let interactions = ratings();
        let split = StrongGeneralization::default().split(&interactions, Part::Test).unwrap();
        let n_movies = interactions.n_movies();
        for none in [f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
            let model = Fixed(vec![none; n_movies]);
            let empty = rank_lists(&model, &split.held_out, &split.is_candidate, 10);
            assert!(empty.iter().all(Vec::is_empty));
        }
        // NaN scores must not hide movies that have a score.
        let mut scores = vec![f32::NAN; n_movies];
        let last = (0..n_movies).rev().find(|row| split.is_candidate[*row]).unwrap();
        scores[last] = -3.0;
        for (list, user) in rank_lists(&Fixed(scores), &split.held_out, &split.is_candidate, 2)
            .into_iter()
            .zip(&split.held_out)
        {
            let known = user.history.iter().any(|rated| rated.movie.row() == last);
            assert_eq!(list.len(), usize::from(!known));
        }
    }
}
