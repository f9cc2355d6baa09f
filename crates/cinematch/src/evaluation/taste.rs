//! Taste metrics: how well a list matches the kind of movies that its user likes, beside its accuracy.
//!
//! Held-out movies are mostly popular ones, so accuracy rewards lists of popular movies even for users who
//! like others. These metrics show the difference, for users with niche, mixed and mainstream taste
//! (Abdollahpouri et al. 2021).

use super::attributes::{Miscalibration, MovieAttributes};
use super::lists::TOP_K;
use super::metrics::{recall_at, weighted_ndcg_at};
use super::split::{HeldOut, Split, is_liked};
use crate::ids::MovieIdx;

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
    /// Counts the likes of the training users. O(ratings + movies · log movies).
    pub(super) fn new(split: &Split<'_>) -> Self {
        let mut counts = vec![0_u32; split.interactions.n_movies()];
        for user in &split.training {
            let ratings = split.interactions.user_ratings(*user);
            for rated in ratings.filter(is_liked) {
                counts[rated.movie.row()] += 1;
            }
        }
        Self::from_counts(&counts, &split.is_candidate)
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

    /// Returns the mean log₂ popularity; `None` without movies.
    fn mean_log2(&self, movies: &[MovieIdx]) -> Option<f64> {
        let sum: f64 = movies.iter().map(|movie| self.log2[movie.row()]).sum();
        (!movies.is_empty()).then(|| sum / movies.len() as f64)
    }

    /// Computes the metrics of a user's list.
    pub(super) fn metrics(
        &self,
        held: &HeldOut,
        list: &[MovieIdx],
        attributes: &MovieAttributes,
    ) -> TasteMetrics {
        let (liked, relevant) = (liked(held), held.relevant_movies());
        let top = &list[..list.len().min(TOP_K)];
        let mut tail = relevant.clone();
        tail.retain(|movie| self.is_tail[movie.row()]);
        let list_popularity = self.mean_log2(top);
        let Miscalibration { genres, decades, languages } = attributes.miscalibration(&liked, top);
        TasteMetrics {
            lift: self.mean_log2(&liked).and_then(|liked| Some(list_popularity? - liked)),
            ips_ndcg_10: weighted_ndcg_at(TOP_K, list, &relevant, |movie| {
                self.inverse_propensity[movie.row()]
            }),
            tail_recall_100: (!tail.is_empty()).then(|| recall_at(100, list, &tail)),
            miscalibration: genres,
            decade_miscalibration: decades,
            language_miscalibration: languages,
        }
    }

    /// Divides users into [`TASTE_GROUPS`]. Returns each user's group, or `None` if their history has no
    /// liked movie. The earlier user wins a tie.
    pub(super) fn groups(&self, users: &[HeldOut]) -> Vec<Option<usize>> {
        let popularity: Vec<Option<f64>> =
            users.iter().map(|held| self.mean_log2(&liked(held))).collect();
        let mut known: Vec<usize> =
            (0..users.len()).filter(|user| popularity[*user].is_some()).collect();
        let order = |user: &usize| popularity[*user].unwrap_or_default();
        known.sort_by(|a, b| order(a).total_cmp(&order(b)));
        let mut groups = vec![None; users.len()];
        for (rank, user) in known.iter().enumerate() {
            groups[*user] = Some(rank * TASTE_GROUPS.len() / known.len());
        }
        groups
    }
}

/// Returns the movies in the user's history that they liked.
fn liked(held: &HeldOut) -> Vec<MovieIdx> {
    held.history.iter().filter(|rated| is_liked(rated)).map(|rated| rated.movie).collect()
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use crate::Stars;
    use crate::catalog::Rated;
    use crate::ids::UserIdx;

    fn held(user: u32, liked: &[u32], relevant: &[u32]) -> HeldOut {
        let rated = |movie: &u32| Rated {
            movie: MovieIdx(*movie),
            stars: Stars::from_value(4.5).unwrap(),
            time: 0,
        };
        HeldOut {
            user: UserIdx(user),
            history: liked.iter().map(rated).collect(),
            relevant: relevant.iter().map(rated).collect(),
        }
    }

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
            counts().metrics(&held(0, liked, &[1]), &movies(list), &attributes).lift
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
        let of =
            |list: &[u32]| counts().metrics(&held(0, &[1], &[0, 3]), &movies(list), &attributes);
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
        let users =
            [held(0, &[0], &[1]), held(1, &[3], &[1]), held(2, &[], &[1]), held(3, &[1, 2], &[0])];
        assert_eq!(counts().groups(&users), [Some(2), Some(0), None, Some(1)]);
    }
}
