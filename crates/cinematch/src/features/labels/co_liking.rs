//! Co-liking of the movies that share a keyword.
//!
//! Draw a user's like and then another like of the same user. The lift of a keyword is the number of draws in which
//! both movies have it, divided by the number expected if users chose among all liked movies independently:
//!
//! ```text
//!          Σᵤ nᵤ(nᵤ − 1) / (Lᵤ − 1) + 2s
//! ─────────────────────────────────────────
//!  Σᵤ Lᵤ · Σ_{i≠j} pᵢpⱼ / Σ_{all i≠j} pᵢpⱼ + 2s
//! ```
//!
//! Lᵤ is the number of movies that user u likes, nᵤ the number of them with the keyword, and pᵢ movie i's share of
//! all likes. s shrinks the lift of rare keywords to 1.

use rayon::prelude::*;

use crate::catalog::Interactions;
use crate::features::matrix::CsrMatrix;
use crate::ids::{MovieIdx, UserIdx};
use crate::rating::Stars;

/// Number of pairs, as many as expected, that every keyword is assumed to have: s.
const PRIOR_PAIRS: f64 = 1.0;
/// Minimum rating that counts as a like, in half stars.
const MIN_LIKE_HALVES: u8 = 8;
/// Number of groups of users that are counted independently. Fixed, so that sums don't depend on the threads.
const N_GROUPS: usize = 16;

/// Returns the lift of each of `columns`, which must be in ascending order. O(ratings · columns per movie).
pub(super) fn lifts(
    rows: &CsrMatrix<f32>,
    columns: &[u32],
    interactions: &Interactions,
    users: &[UserIdx],
) -> Vec<f64> {
    let keywords: Vec<Vec<u32>> =
        (0..rows.n_rows()).map(|row| keywords_of(rows, row, columns)).collect();
    let group_size = users.len().div_ceil(N_GROUPS).max(1);
    let groups: Vec<Counts> = users
        .par_chunks(group_size)
        .map(|users| Counts::of(users, interactions, &keywords, columns.len()))
        .collect();
    let mut total = Counts::new(keywords.len(), columns.len());
    for group in &groups {
        total.add(group);
    }
    total.lifts(&keywords)
}

/// Returns the positions in `columns` of a row's columns.
fn keywords_of(rows: &CsrMatrix<f32>, row: usize, columns: &[u32]) -> Vec<u32> {
    let found = rows.row(row).0.iter().filter_map(|column| columns.binary_search(column).ok());
    found.map(|index| index as u32).collect()
}

/// Likes of a group of users with at least two likes each.
struct Counts {
    /// Number of likes per movie.
    likes: Vec<u32>,
    /// Σᵤ nᵤ(nᵤ − 1) / (Lᵤ − 1) for each keyword.
    pairs: Vec<f64>,
}

impl Counts {
    fn new(n_movies: usize, n_keywords: usize) -> Self {
        Self { likes: vec![0; n_movies], pairs: vec![0.0; n_keywords] }
    }

    fn of(
        users: &[UserIdx],
        interactions: &Interactions,
        keywords: &[Vec<u32>],
        n_keywords: usize,
    ) -> Self {
        let mut counts = Self::new(keywords.len(), n_keywords);
        let mut liked_with = vec![0_u32; n_keywords];
        let mut touched: Vec<u32> = Vec::new();
        for user in users {
            let ratings = interactions.user_ratings(*user);
            let is_like = |stars: Stars| stars.halves() >= MIN_LIKE_HALVES;
            let liked: Vec<MovieIdx> =
                ratings.filter_map(|rated| is_like(rated.stars).then_some(rated.movie)).collect();
            if liked.len() < 2 {
                continue;
            }
            for movie in &liked {
                counts.likes[movie.row()] += 1;
                for keyword in &keywords[movie.row()] {
                    if liked_with[*keyword as usize] == 0 {
                        touched.push(*keyword);
                    }
                    liked_with[*keyword as usize] += 1;
                }
            }
            for keyword in touched.drain(..) {
                let n = f64::from(std::mem::take(&mut liked_with[keyword as usize]));
                counts.pairs[keyword as usize] += n * (n - 1.0) / (liked.len() as f64 - 1.0);
            }
        }
        counts
    }

    fn add(&mut self, other: &Self) {
        for (likes, more) in self.likes.iter_mut().zip(&other.likes) {
            *likes += more;
        }
        for (pairs, more) in self.pairs.iter_mut().zip(&other.pairs) {
            *pairs += more;
        }
    }

    fn lifts(&self, keywords: &[Vec<u32>]) -> Vec<f64> {
        let n_likes: f64 = self.likes.iter().map(|likes| f64::from(*likes)).sum();
        // Σ pᵢ and Σ pᵢ² of each keyword and of the catalog. Σ_{i≠j} pᵢpⱼ = (Σ pᵢ)² − Σ pᵢ².
        let mut sums = vec![(0.0, 0.0); self.pairs.len()];
        let mut squares = 0.0;
        for (likes, keywords) in self.likes.iter().zip(keywords) {
            let share = f64::from(*likes) / n_likes.max(1.0);
            squares += share * share;
            for keyword in keywords {
                let (sum, squares) = &mut sums[*keyword as usize];
                *sum += share;
                *squares += share * share;
            }
        }
        let per_chance = n_likes / (1.0 - squares).max(f64::MIN_POSITIVE);
        let lift = |(pairs, (sum, squares)): (&f64, &(f64, f64))| {
            let expected = per_chance * (sum * sum - squares);
            (pairs + 2.0 * PRIOR_PAIRS) / (expected + 2.0 * PRIOR_PAIRS)
        };
        self.pairs.iter().zip(&sums).map(lift).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    use crate::ids::{MovieId, Vocabulary};
    use crate::sources::ratings;

    /// 24 movies: the even ones have keyword 0, the first half has keyword 1, and one movie has keyword 2.
    fn rows() -> CsrMatrix<f32> {
        let mut rows = CsrMatrix::new(3);
        for movie in 0..24 {
            let has = [movie % 2 == 0, movie < 12, movie == 5];
            rows.push_row((0..3).zip(has).filter(|(_, has)| *has).map(|(column, _)| (column, 1.0)));
        }
        rows
    }

    #[test]
    fn users_who_like_movies_of_a_keyword_raise_its_lift() {
        // Half of the users like the first half of the catalog, half of them the rest: keyword 1, but not 0.
        let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
        for (user, movie) in (0..40).flat_map(|user| (0..12).map(move |movie| (user, movie))) {
            writeln!(csv, "{},{},5.0,1", user + 1, movie + user % 2 * 12).unwrap();
        }
        let movies = Vocabulary::new((0..24).map(MovieId));
        let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
        let interactions = Interactions::new("ratings.csv", movies, &mut read);
        let users: Vec<UserIdx> = interactions.users().collect();
        let lifts = lifts(&rows(), &[0, 1, 2], &interactions, &users);
        assert!((lifts[0] - 1.0).abs() < 0.1, "{lifts:?}");
        assert!(lifts[1] > 1.8, "{lifts:?}");
        assert!((lifts[2] - 1.0).abs() < 1e-6, "{lifts:?}");
    }
}
