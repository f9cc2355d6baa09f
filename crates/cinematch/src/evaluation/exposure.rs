//! What all users' lists together show of the catalogue.

use std::cmp::Reverse;

use super::ratio;
use crate::ids::MovieIdx;

/// How often each film stands in the first k places of users' lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    places: Vec<u32>,
}

impl Exposure {
    /// Counts the first `k` of each list; `n_movies` is the number of rows films can have.
    /// O(lists × k).
    ///
    /// # Panics
    /// When a list has a film outside these rows.
    pub fn at(
        k: usize,
        lists: impl IntoIterator<Item: AsRef<[MovieIdx]>>,
        n_movies: usize,
    ) -> Self {
        let mut places = vec![0; n_movies];
        for list in lists {
            for movie in list.as_ref().iter().take(k) {
                places[movie.row()] += 1;
            }
        }
        Self { places }
    }

    /// Catalogue coverage: the share of the candidates that stand in at least one list (Ge et al.
    /// 2010). Without candidates, 0.
    pub fn coverage(&self, is_candidate: &[bool]) -> f64 {
        let candidates = candidates(is_candidate);
        let shown = candidates.iter().filter(|movie| self.places[movie.row()] > 0).count();
        ratio(shown as f64, candidates.len() as f64)
    }

    /// Popularity share: of all filled places, those that hold a film of the short head, the most
    /// rated hundredth of the candidates. Its size is rounded up, and among equals the lower row is
    /// in it. `n_ratings` has every film's ratings before the cut, by row. If nothing is shown, 0.
    ///
    /// Where every list has k films, it is 1 − the average percentage of long-tail items
    /// (Abdollahpouri et al. 2019). To compare it with what users watched, count that as lists too.
    pub fn popularity_share(&self, is_candidate: &[bool], n_ratings: &[u32]) -> f64 {
        let mut head = candidates(is_candidate);
        head.sort_by_key(|movie| Reverse(n_ratings[movie.row()]));
        head.truncate(head.len().div_ceil(100));
        let of_head: f64 = head.iter().map(|movie| f64::from(self.places[movie.row()])).sum();
        ratio(of_head, self.places.iter().copied().map(f64::from).sum())
    }
}

/// The candidates, by row.
fn candidates(is_candidate: &[bool]) -> Vec<MovieIdx> {
    let movies = (0..).map(MovieIdx).zip(is_candidate);
    movies.filter_map(|(movie, candidate)| candidate.then_some(movie)).collect()
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
        // Film 5 is shown and no candidate.
        let is_candidate = [true, true, true, true, true, false];
        let coverage = |k| Exposure::at(k, &lists, 6).coverage(&is_candidate);
        assert_close(coverage(0), 0.0);
        assert_close(coverage(2), 2.0 / 5.0);
        assert_close(coverage(100), 4.0 / 5.0);
        assert_close(Exposure::at(2, &lists, 6).coverage(&[false; 6]), 0.0);
    }

    #[test]
    fn popularity_share_is_that_of_the_most_rated_hundredth() {
        // The two most rated of 101 candidates are 7 and, the lower of two equals, 4. Film 101 is
        // rated more than all and no candidate.
        let is_candidate: Vec<bool> = (0..102).map(|row| row < 101).collect();
        let mut n_ratings = vec![1; 102];
        for (row, n) in [(4, 50), (7, 90), (30, 50), (101, 99)] {
            n_ratings[row] = n;
        }
        let lists = [movies([7, 4, 30, 1]), movies([7, 2, 4]), movies([101])];
        let share = |k| Exposure::at(k, &lists, 102).popularity_share(&is_candidate, &n_ratings);
        assert_close(share(0), 0.0);
        assert_close(share(2), 3.0 / 5.0);
        assert_close(share(3), 4.0 / 7.0);
        assert_close(share(100), 4.0 / 8.0);
    }
}
