//! Catalog coverage and popularity bias across all users' lists.

use std::cmp::Reverse;

use super::ratio;
use crate::ids::MovieIdx;

/// Counts of how often each movie appears in the first k positions of users' lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    n_lists: Vec<u32>,
}

impl Exposure {
    /// Counts the first `k` movies of each list. `n_movies` is the number of movies in the catalog.
    /// O(lists × k).
    ///
    /// # Panics
    /// Panics if a list contains a movie index of `n_movies` or higher.
    pub fn new(
        k: usize,
        lists: impl IntoIterator<Item: AsRef<[MovieIdx]>>,
        n_movies: usize,
    ) -> Self {
        let mut n_lists = vec![0; n_movies];
        for list in lists {
            for movie in list.as_ref().iter().take(k) {
                n_lists[movie.row()] += 1;
            }
        }
        Self { n_lists }
    }

    /// Returns the number of movies that appear in at least one list.
    pub fn n_shown(&self) -> usize {
        self.n_lists.iter().filter(|n_lists| **n_lists > 0).count()
    }

    /// Returns the catalog coverage: the share of candidates that appear in at least one list (Ge et al.
    /// 2010), or 0 if there are no candidates.
    pub fn coverage(&self, is_candidate: &[bool]) -> f64 {
        let candidates = candidates(is_candidate);
        let shown = candidates.iter().filter(|movie| self.n_lists[movie.row()] > 0).count();
        ratio(shown as f64, candidates.len() as f64)
    }

    /// Returns the popularity share: the share of filled positions held by the short head, which is the 1
    /// % of candidates with the most ratings. The size of the head is rounded up, and the lower index
    /// wins a tie. `n_ratings` holds the number of training ratings of each movie, by index. Returns 0 if
    /// all lists are empty.
    ///
    /// If every list has k movies, this equals 1 − the average percentage of long-tail items
    /// (Abdollahpouri et al. 2019). To get a reference value, pass the movies that users rated as their
    /// lists.
    pub fn popularity_share(&self, is_candidate: &[bool], n_ratings: &[u32]) -> f64 {
        let mut head = candidates(is_candidate);
        head.sort_by_key(|movie| Reverse(n_ratings[movie.row()]));
        head.truncate(head.len().div_ceil(100));
        let n_head: f64 = head.iter().map(|movie| f64::from(self.n_lists[movie.row()])).sum();
        ratio(n_head, self.n_lists.iter().copied().map(f64::from).sum())
    }
}

/// Returns the candidates in ascending order.
fn candidates(is_candidate: &[bool]) -> Vec<MovieIdx> {
    let movies = (0..).map(MovieIdx).zip(is_candidate);
    movies.filter_map(|(movie, is_candidate)| is_candidate.then_some(movie)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn movies<const N: usize>(rows: [u32; N]) -> Vec<MovieIdx> {
        rows.map(MovieIdx).to_vec()
    }

    #[test]
    fn coverage_counts_candidates_within_the_first_k_once() {
        let lists = [movies([0, 1, 2]), movies([1, 0, 3]), movies([5]), movies([])];
        // Movie 5 appears in a list but is not a candidate.
        let is_candidate = [true, true, true, true, true, false];
        let coverage = |k| Exposure::new(k, &lists, 6).coverage(&is_candidate);
        assert_close(coverage(0), 0.0);
        assert_close(coverage(2), 2.0 / 5.0);
        assert_close(coverage(100), 4.0 / 5.0);
        assert_close(Exposure::new(2, &lists, 6).coverage(&[false; 6]), 0.0);
    }

    #[test]
    fn popularity_share_counts_the_most_rated_one_percent() {
        // The head of 101 candidates has two movies: 7, and 4, which wins its tie with 30 because its
        // index is lower. Movie 101 has the most ratings but is not a candidate.
        let is_candidate: Vec<bool> = (0..102).map(|row| row < 101).collect();
        let mut n_ratings = vec![1; 102];
        for (row, n) in [(4, 50), (7, 90), (30, 50), (101, 99)] {
            n_ratings[row] = n;
        }
        let lists = [movies([7, 4, 30, 1]), movies([7, 2, 4]), movies([101])];
        let share = |k| Exposure::new(k, &lists, 102).popularity_share(&is_candidate, &n_ratings);
        assert_close(share(0), 0.0);
        assert_close(share(2), 3.0 / 5.0);
        assert_close(share(3), 4.0 / 7.0);
        assert_close(share(100), 4.0 / 8.0);
    }
}
