//! Ranking metrics for a single user's list, with binary relevance.
//!
//! `ranked` is ordered best first and has no duplicates, and `relevant` is in ascending order. All values
//! are in [0, 1]. If a list is shorter than k, its empty positions count as misses. A user with no
//! relevant movies scores 0 for any list, so exclude such users from means. Each metric takes O(k log
//! relevant) time and doesn't allocate.

use super::ratio;
use crate::ids::MovieIdx;

/// Returns the normalized discounted cumulative gain (Järvelin & Kekäläinen 2002). A hit at rank r
/// (1-based) contributes 1 / log₂(r + 1). The sum is divided by that of an ideal list, which has min(k,
/// relevant) hits at the top.
pub fn ndcg_at(k: usize, ranked: &[MovieIdx], relevant: &[MovieIdx]) -> f64 {
    let ideal = discounted_gain(1..=k.min(relevant.len()));
    ratio(discounted_gain(hit_ranks(k, ranked, relevant)), ideal)
}

/// Returns the NDCG with a gain for each relevant movie: a hit on a movie at rank r contributes its gain
/// / log₂(r + 1). The ideal list has the relevant movies in descending order of gain.
pub(crate) fn weighted_ndcg_at(
    k: usize,
    ranked: &[MovieIdx],
    relevant: &[MovieIdx],
    gain: impl Fn(MovieIdx) -> f64,
) -> f64 {
    let discounted = |gains: &mut dyn Iterator<Item = (usize, f64)>| -> f64 {
        gains.map(|(rank, gain)| gain / (rank as f64 + 1.0).log2()).sum()
    };
    let mut gains: Vec<f64> = relevant.iter().map(|movie| gain(*movie)).collect();
    gains.sort_by(|a, b| b.total_cmp(a));
    let ideal = discounted(&mut (1..=k).zip(gains));
    let mut hits = hit_ranks(k, ranked, relevant).map(|rank| (rank, gain(ranked[rank - 1])));
    ratio(discounted(&mut hits), ideal)
}

/// Returns the recall: the number of hits in the first k positions, divided by min(k, relevant). Since
/// that is the maximum possible, a perfect list scores 1 for every k (Liang et al. 2018).
pub fn recall_at(k: usize, ranked: &[MovieIdx], relevant: &[MovieIdx]) -> f64 {
    ratio(hit_ranks(k, ranked, relevant).count() as f64, k.min(relevant.len()) as f64)
}

/// Returns the precision: the number of hits in the first k positions, divided by k.
pub fn precision_at(k: usize, ranked: &[MovieIdx], relevant: &[MovieIdx]) -> f64 {
    ratio(hit_ranks(k, ranked, relevant).count() as f64, k as f64)
}

/// Returns 1 if there is a hit in the first k positions, and 0 otherwise.
pub fn hit_at(k: usize, ranked: &[MovieIdx], relevant: &[MovieIdx]) -> f64 {
    f64::from(hit_ranks(k, ranked, relevant).next().is_some())
}

/// Returns the reciprocal rank of the first hit in the whole list, or 0 if there is no hit.
pub fn reciprocal_rank(ranked: &[MovieIdx], relevant: &[MovieIdx]) -> f64 {
    hit_ranks(ranked.len(), ranked, relevant).next().map_or(0.0, |rank| 1.0 / rank as f64)
}

/// Returns the 1-based ranks of the relevant movies in the first k positions.
fn hit_ranks(k: usize, ranked: &[MovieIdx], relevant: &[MovieIdx]) -> impl Iterator<Item = usize> {
    debug_assert!(relevant.is_sorted(), "relevant movies must ascend");
    let hit = |(rank, movie)| relevant.binary_search(movie).is_ok().then_some(rank);
    (1..=k).zip(ranked).filter_map(hit)
}

fn discounted_gain(ranks: impl Iterator<Item = usize>) -> f64 {
    ranks.map(|rank| 1.0 / (rank as f64 + 1.0).log2()).sum()
}

/// A user's metrics, which reports average over all users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserMetrics {
    /// NDCG at 10; see [`ndcg_at`].
    pub ndcg_10: f64,
    /// NDCG at 100; see [`ndcg_at`].
    pub ndcg_100: f64,
    /// Recall at 20; see [`recall_at`].
    pub recall_20: f64,
    /// Recall at 50; see [`recall_at`].
    pub recall_50: f64,
    /// Precision at 10; see [`precision_at`].
    pub precision_10: f64,
    /// Hit rate at 10, which is 0 or 1; see [`hit_at`].
    pub hit_10: f64,
    /// Reciprocal rank of the first hit, or 0 if there is none; see [`reciprocal_rank`].
    pub reciprocal_rank: f64,
}

impl UserMetrics {
    /// Metric names used in reports, in the order of [`UserMetrics::values`].
    pub const NAMES: [&str; 7] = [
        "ndcg@10",
        "ndcg@100",
        "recall@20",
        "recall@50",
        "precision@10",
        "hit@10",
        "reciprocal_rank",
    ];

    /// Computes the metrics for a user's list of 100 movies, or of all candidates if there are fewer.
    pub fn new(ranked: &[MovieIdx], relevant: &[MovieIdx]) -> Self {
        Self {
            ndcg_10: ndcg_at(10, ranked, relevant),
            ndcg_100: ndcg_at(100, ranked, relevant),
            recall_20: recall_at(20, ranked, relevant),
            recall_50: recall_at(50, ranked, relevant),
            precision_10: precision_at(10, ranked, relevant),
            hit_10: hit_at(10, ranked, relevant),
            reciprocal_rank: reciprocal_rank(ranked, relevant),
        }
    }

    /// Returns the metric values, in the order of [`UserMetrics::NAMES`].
    pub fn values(&self) -> [f64; 7] {
        [
            self.ndcg_10,
            self.ndcg_100,
            self.recall_20,
            self.recall_50,
            self.precision_10,
            self.hit_10,
            self.reciprocal_rank,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    type AtK = fn(usize, &[MovieIdx], &[MovieIdx]) -> f64;
    const AT_K: [AtK; 4] = [ndcg_at, recall_at, precision_at, hit_at];

    fn movies(rows: impl IntoIterator<Item = u32>) -> Vec<MovieIdx> {
        rows.into_iter().map(MovieIdx).collect()
    }

    #[test]
    fn matches_hand_computed_values() {
        // Hits at ranks 2, 4 and 6. The fourth relevant movie, 4, isn't in the list.
        let (ranked, relevant) = (movies([9, 3, 7, 1, 8, 5]), movies([1, 3, 4, 5]));
        let (second, fourth, sixth) = (1.0 / 3_f64.log2(), 1.0 / 5_f64.log2(), 1.0 / 7_f64.log2());
        let ideal_three = 1.0 + second + 0.5;
        assert_close(ndcg_at(3, &ranked, &relevant), second / ideal_three);
        let ideal_four = ideal_three + fourth;
        assert_close(ndcg_at(4, &ranked, &relevant), (second + fourth) / ideal_four);
        assert_close(ndcg_at(100, &ranked, &relevant), (second + fourth + sixth) / ideal_four);
        assert_close(recall_at(2, &ranked, &relevant), 1.0 / 2.0);
        assert_close(recall_at(5, &ranked, &relevant), 2.0 / 4.0);
        assert_close(precision_at(5, &ranked, &relevant), 2.0 / 5.0);
        assert_close(precision_at(10, &ranked, &relevant), 3.0 / 10.0);
        assert_close(hit_at(1, &ranked, &relevant), 0.0);
        assert_close(hit_at(2, &ranked, &relevant), 1.0);
        assert_close(reciprocal_rank(&ranked, &relevant), 1.0 / 2.0);
    }

    #[test]
    fn empty_lists_empty_relevance_and_k_0_score_0() {
        let some = movies([1, 2]);
        for (k, ranked, relevant) in [(10, &[][..], &some[..]), (10, &some, &[]), (0, &some, &some)]
        {
            for metric in AT_K {
                assert_close(metric(k, ranked, relevant), 0.0);
            }
        }
        assert_close(reciprocal_rank(&[], &some), 0.0);
        assert_close(reciprocal_rank(&some, &[]), 0.0);
    }

    #[test]
    fn user_metrics_fields_match_their_names() {
        // Hits at ranks 4, 15, 40 and 80. The other 36 relevant movies aren't in the list.
        let relevant = movies([3, 14, 39, 79].into_iter().chain(100..136));
        let metrics = UserMetrics::new(&movies(0..100), &relevant);
        let gain = |ranks: &[u32]| ranks.iter().map(|r| 1.0 / f64::from(r + 1).log2()).sum::<f64>();
        let ideal = |n: u32| gain(&(1..=n).collect::<Vec<_>>());
        for (name, expected) in [
            ("ndcg@10", gain(&[4]) / ideal(10)),
            ("ndcg@100", gain(&[4, 15, 40, 80]) / ideal(40)),
            ("recall@20", 2.0 / 20.0),
            ("recall@50", 3.0 / 40.0),
            ("precision@10", 1.0 / 10.0),
            ("hit@10", 1.0),
            ("reciprocal_rank", 1.0 / 4.0),
        ] {
            let at = UserMetrics::NAMES.iter().position(|other| *other == name).unwrap();
            assert_close(metrics.values()[at], expected);
        }
    }

    /// Generates a list with no duplicates and a set of relevant movies that may overlap it.
    fn list_and_relevant() -> impl Strategy<Value = (Vec<MovieIdx>, Vec<MovieIdx>)> {
        let films = || movies(0..40);
        let ranked = subsequence(films(), 0..=30).prop_shuffle();
        (ranked, subsequence(films(), 1..=30))
    }

    proptest! {
        #[test]
        fn values_stay_in_0_to_1_and_never_drop_when_a_hit_moves_up(
            (mut ranked, relevant) in list_and_relevant(),
            k in 1_usize..40,
        ) {
            let judge = |ranked: &[MovieIdx]| -> Vec<f64> {
                let at_k = AT_K.iter().map(|metric| metric(k, ranked, &relevant));
                at_k.chain([reciprocal_rank(ranked, &relevant)]).collect()
            };
            let before = judge(&ranked);
            prop_assert!(before.iter().all(|value| (0.0..=1.0).contains(value)), "{before:?}");
            let is_hit = |movie: &MovieIdx| relevant.contains(movie);
            let rise = ranked.windows(2).position(|pair| !is_hit(&pair[0]) && is_hit(&pair[1]));
            if let Some(at) = rise {
                ranked.swap(at, at + 1);
                let after = judge(&ranked);
                prop_assert!(before.iter().zip(&after).all(|(before, after)| before <= after));
                prop_assert!(at + 1 >= k || before[0] < after[0], "{before:?} {after:?}");
            }
        }

        #[test]
        fn relevant_movies_ranked_first_score_1(
            (others, relevant) in list_and_relevant(),
            k in 1_usize..40,
        ) {
            let others = others.iter().filter(|movie| !relevant.contains(movie));
            let ranked: Vec<MovieIdx> = relevant.iter().rev().chain(others).copied().collect();
            for metric in [ndcg_at, recall_at, hit_at] {
                assert_close(metric(k, &ranked, &relevant), 1.0);
            }
            let most = k.min(relevant.len()) as f64;
            assert_close(precision_at(k, &ranked, &relevant), most / k as f64);
            assert_close(reciprocal_rank(&ranked, &relevant), 1.0);
        }
    }
}
