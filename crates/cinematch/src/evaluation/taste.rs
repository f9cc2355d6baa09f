//! Taste metrics: how well a list matches the kind of movies that its user likes, beside its accuracy.
//!
//! Held-out movies are mostly popular ones, so accuracy rewards lists of popular movies even for users who
//! like others. These metrics show the difference, for users with niche, mixed and mainstream taste
//! (Abdollahpouri et al. 2021).

use super::attributes::{Miscalibration, MovieAttributes};
use super::lists::TOP_K;
use super::metrics::{recall_at, weighted_ndcg_at};
use super::split::is_liked;
use crate::catalog::Interactions;
use crate::ids::{MovieIdx, UserIdx};

/// Names of the groups of users, by the popularity of the movies that they like. Each has a third of the
/// users.
pub(crate) const TASTE_GROUPS: [&str; 3] = ["niche", "mixed", "mainstream"];

/// The head consists of the most popular candidates that together received this share of all likes. The
/// other candidates are the tail.
const HEAD_SHARE: f64 = 0.8;

/// Exponent of the propensity that a user has rated a movie they like: (popularity / maximum)^0.5 (Saito et
/// al. 2020).
const PROPENSITY_EXPONENT: f64 = 0.5;

/// Taste metrics of one user's list. A metric is `None` if the user's history or relevant movies do not
/// define it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TasteMetrics {
    /// Popularity lift at 10: the mean log₂ popularity of the list minus that of the liked movies in the
    /// history. At 2, the list is four times as popular as what the user likes.
    pub lift: Option<f64>,
    /// NDCG at 10 with inverse-propensity gains: a hit counts more if fewer users like the movie.
    pub ips_ndcg_10: f64,
    /// Recall at 100 of the relevant movies in the tail.
    pub tail_recall_100: Option<f64>,
    /// Miscalibration of the top 10 to the genres of the liked movies; see [`super::miscalibration`].
    pub miscalibration: Option<f64>,
    /// Miscalibration to the decades of the liked movies.
    pub decade_miscalibration: Option<f64>,
    /// Miscalibration to the languages of the liked movies.
    pub language_miscalibration: Option<f64>,
}

impl TasteMetrics {
    /// Metric names used in reports, in the order of [`TasteMetrics::values`].
    pub const NAMES: [&str; 6] = [
        "lift@10",
        "ips_ndcg@10",
        "tail_recall@100",
        "miscalibration@10",
        "decade_miscalibration@10",
        "language_miscalibration@10",
    ];

    /// Returns the metric values, in the order of [`TasteMetrics::NAMES`].
    pub fn values(&self) -> [Option<f64>; 6] {
        [
            self.lift,
            Some(self.ips_ndcg_10),
            self.tail_recall_100,
            self.miscalibration,
            self.decade_miscalibration,
            self.language_miscalibration,
        ]
    }
}

/// Popularity of movies in the training data of a split: the number of training users who like a movie.
#[derive(Clone, Debug)]
pub(crate) struct LikeCounts {
    log2: Vec<f64>,
    inverse_propensity: Vec<f64>,
    is_tail: Vec<bool>,
}

impl LikeCounts {
    /// Counts the likes of `users`. O(ratings + movies · log movies).
    pub(super) fn new(
        interactions: &Interactions,
        users: &[UserIdx],
        is_candidate: &[bool],
    ) -> Self {
        let mut counts = vec![0_u32; interactions.n_movies()];
        for user in users {
            for rated in interactions.user_ratings(*user).filter(is_liked) {
                counts[rated.movie.row()] += 1;
            }
        }
        Self::from_counts(&counts, is_candidate)
    }

    fn from_counts(counts: &[u32], is_candidate: &[bool]) -> Self {
        let popularity: Vec<f64> = counts.iter().map(|count| f64::from((*count).max(1))).collect();
        let most = popularity.iter().copied().fold(1.0, f64::max);
        let mut by_popularity: Vec<usize> =
            (0..counts.len()).filter(|row| is_candidate[*row]).collect();
        by_popularity.sort_by_key(|row| std::cmp::Reverse(counts[*row]));
        let n_likes: f64 = by_popularity.iter().map(|row| f64::from(counts[*row])).sum();
        let mut is_tail = vec![false; counts.len()];
        let mut n_before = 0.0;
        for row in by_popularity {
            is_tail[row] = n_before >= HEAD_SHARE * n_likes;
            n_before += f64::from(counts[row]);
        }
        Self {
            log2: popularity.iter().map(|count| count.log2()).collect(),
            inverse_propensity: popularity
                .iter()
                .map(|count| (most / count).powf(PROPENSITY_EXPONENT))
                .collect(),
            is_tail,
        }
    }

    /// Returns the inverse of the propensity that a user has rated a movie they like, relative to the most popular movie.
    pub(super) fn inverse_propensity(&self, movie: MovieIdx) -> f64 {
        self.inverse_propensity[movie.row()]
    }

    /// Returns the mean log₂ popularity; `None` without movies.
    fn mean_log2(&self, movies: &[MovieIdx]) -> Option<f64> {
        let sum: f64 = movies.iter().map(|movie| self.log2[movie.row()]).sum();
        (!movies.is_empty()).then(|| sum / movies.len() as f64)
    }

    /// Computes the metrics of the list for a user who likes the movies `liked` and should find `relevant`.
    pub(super) fn metrics(
        &self,
        (liked, relevant): (&[MovieIdx], &[MovieIdx]),
        list: &[MovieIdx],
        attributes: &MovieAttributes,
    ) -> TasteMetrics {
        let top = &list[..list.len().min(TOP_K)];
        let mut tail = relevant.to_vec();
        tail.retain(|movie| self.is_tail[movie.row()]);
        let list_popularity = self.mean_log2(top);
        let Miscalibration { genres, decades, languages } = attributes.miscalibration(liked, top);
        TasteMetrics {
            lift: self.mean_log2(liked).and_then(|liked| Some(list_popularity? - liked)),
            ips_ndcg_10: weighted_ndcg_at(TOP_K, list, relevant, |movie| {
                self.inverse_propensity[movie.row()]
            }),
            tail_recall_100: (!tail.is_empty()).then(|| recall_at(100, list, &tail)),
            miscalibration: genres,
            decade_miscalibration: decades,
            language_miscalibration: languages,
        }
    }

    /// Divides users into [`TASTE_GROUPS`] by the movies that each likes. Returns each user's group, or `None`
    /// if they like no movie. The earlier user wins a tie.
    pub(super) fn groups<'l>(
        &self,
        liked: impl Iterator<Item = &'l [MovieIdx]>,
    ) -> Vec<Option<usize>> {
        let popularity: Vec<Option<f64>> = liked.map(|liked| self.mean_log2(liked)).collect();
        let mut known: Vec<usize> =
            (0..popularity.len()).filter(|user| popularity[*user].is_some()).collect();
        let order = |user: &usize| popularity[*user].unwrap_or_default();
        known.sort_by(|a, b| order(a).total_cmp(&order(b)));
        let mut groups = vec![None; popularity.len()];
        for (rank, user) in known.iter().enumerate() {
            groups[*user] = Some(rank * TASTE_GROUPS.len() / known.len());
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn movies(rows: &[u32]) -> Vec<MovieIdx> {
        rows.iter().copied().map(MovieIdx).collect()
    }

    /// Likes 64, 16, 4, 1 and 0; the first two are the head, with 80 of 85 likes.
    fn counts() -> LikeCounts {
        LikeCounts::from_counts(&[64, 16, 4, 1, 0], &[true; 5])
    }

    #[test]
    fn lift_is_the_difference_in_powers_of_two() {
        let attributes = MovieAttributes::unknown(5);
        let of = |liked: &[u32], list: &[u32]| {
            counts().metrics((&movies(liked), &movies(&[1])), &movies(list), &attributes).lift
        };
        // The list has 6 and 4, the history 2.
        assert_close(of(&[2], &[0, 1]).unwrap(), 3.0);
        assert_close(of(&[0], &[2]).unwrap(), -4.0);
        // A movie without likes counts as one with a single like.
        assert_close(of(&[3], &[4]).unwrap(), 0.0);
        assert_eq!((of(&[], &[0]), of(&[0], &[])), (None, None));
    }

    #[test]
    fn rare_hits_count_more() {
        let attributes = MovieAttributes::unknown(5);
        let of = |list: &[u32]| {
            let (liked, relevant) = (movies(&[1]), movies(&[0, 3]));
            counts().metrics((&liked, &relevant), &movies(list), &attributes)
        };
        // Gains are √(64 / 64) = 1 and √(64 / 1) = 8.
        let ideal = 8.0 + 1.0 / 3_f64.log2();
        assert_close(of(&[3, 0]).ips_ndcg_10, 1.0);
        assert_close(of(&[0, 2]).ips_ndcg_10, 1.0 / ideal);
        assert_close(of(&[2, 3]).ips_ndcg_10, 8.0 / 3_f64.log2() / ideal);
        // Only one of the relevant movies, 3, is in the tail.
        assert_close(of(&[0, 2]).tail_recall_100.unwrap(), 0.0);
        assert_close(of(&[2, 3]).tail_recall_100.unwrap(), 1.0);
    }

    #[test]
    fn users_are_divided_into_thirds_by_popularity() {
        let liked = [movies(&[0]), movies(&[3]), movies(&[]), movies(&[1, 2])];
        let groups = counts().groups(liked.iter().map(Vec::as_slice));
        assert_eq!(groups, [Some(2), Some(0), None, Some(1)]);
    }
}
