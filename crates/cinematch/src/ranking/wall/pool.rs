//! The movies that onboarding can show, and the choice among them.

use rustc_hash::FxHashMap;

use super::tastes::Tastes;
use crate::catalog::Movie;
use crate::ids::MovieIdx;

/// Maximum number of movies in the pool, which holds the best-known ones.
const POOL: usize = 4000;
/// κ: share of a taste that is explored by a movie that stands fully for it.
const EXPLORED: f32 = 0.6;
/// β: exponent of a movie's popularity in the probability that the user knows it.
const KNOWN_EXPONENT: f32 = 0.4;
/// Among this many consecutive movies, all but the last fit the history, and the last explores.
const EXPLORE_EVERY: usize = 3;

/// The movies that onboarding can show.
#[derive(Clone, Debug)]
pub(in crate::ranking) struct WallPool {
    /// Movies, best-known first.
    pub movies: Vec<MovieIdx>,
    /// Index of each movie in the pool.
    index_of: FxHashMap<MovieIdx, usize>,
    /// Probability that a user knows each movie, up to a factor: (popularity / highest popularity)^β.
    known: Vec<f32>,
    tastes: Tastes,
}

impl WallPool {
    /// Selects the best-known movies and finds their tastes. `popularity` holds the number of users who know
    /// each movie in the catalog. O(catalog).
    pub(in crate::ranking) fn new(catalog: &[Movie], popularity: &[f32]) -> Self {
        let mut movies: Vec<MovieIdx> = (0..popularity.len() as u32).map(MovieIdx).collect();
        movies.retain(|movie| popularity[movie.row()] > 0.0);
        movies.sort_by(|a, b| popularity[b.row()].total_cmp(&popularity[a.row()]).then(a.cmp(b)));
        movies.truncate(POOL);
        let highest = movies.first().map_or(1.0, |movie| popularity[movie.row()]);
        let shares: Vec<f32> =
            movies.iter().map(|movie| popularity[movie.row()] / highest).collect();
        let tastes = Tastes::find(catalog, &movies, &shares);
        let known = shares.iter().map(|share| share.powf(KNOWN_EXPONENT)).collect();
        let index_of = movies.iter().enumerate().map(|(index, movie)| (*movie, index)).collect();
        Self { movies, index_of, known, tastes }
    }

    /// Chooses up to `n` movies that are not in `shown` and for which `passes` returns true. `fits` holds how well each movie in the pool fits the
    /// user's history, all 0 without a history. O(n · tastes of the pool).
    pub(in crate::ranking) fn choose(
        &self,
        shown: impl Iterator<Item = MovieIdx>,
        passes: impl Fn(MovieIdx) -> bool,
        fits: &[f32],
        n: usize,
    ) -> Vec<MovieIdx> {
        let mut unexplored = vec![1.0_f32; self.tastes.weights.len()];
        // Movies that fail the filter are not chosen either, but they do not count as explored.
        let mut is_shown: Vec<bool> = self.movies.iter().map(|movie| !passes(*movie)).collect();
        // Sorted, so that the order of the movies does not matter.
        let mut shown: Vec<usize> =
            shown.filter_map(|movie| self.index_of.get(&movie).copied()).collect();
        shown.sort_unstable();
        shown.dedup();
        for index in shown {
            is_shown[index] = true;
            self.explore(index, &mut unexplored);
        }
        let mut wall = Vec::with_capacity(n);
        while wall.len() < n {
            // The blend itself prefers movies that users know, so half the exponent suffices.
            let fitting = (wall.len() % EXPLORE_EVERY < EXPLORE_EVERY - 1)
                .then(|| best(&is_shown, |index| self.known[index].sqrt() * fits[index]))
                .flatten()
                .filter(|index| fits[*index] > 0.0);
            let exploring = || {
                best(&is_shown, |index| self.known[index] * self.exploration(index, &unexplored))
            };
            let Some(index) = fitting.or_else(exploring) else { break };
            is_shown[index] = true;
            self.explore(index, &mut unexplored);
            wall.push(self.movies[index]);
        }
        wall
    }

    /// Returns how much showing a movie explores: Σ weightₜ · unexploredₜ · standing(movie, t) over its tastes.
    fn exploration(&self, index: usize, unexplored: &[f32]) -> f32 {
        let entries = self.tastes.standings.entries(index);
        entries.fold(0.0, |sum, (taste, standing)| {
            sum + self.tastes.weights[taste as usize] * unexplored[taste as usize] * standing
        })
    }

    /// Marks the tastes of a movie as explored.
    fn explore(&self, index: usize, unexplored: &mut [f32]) {
        for (taste, standing) in self.tastes.standings.entries(index) {
            unexplored[taste as usize] *= 1.0 - EXPLORED * standing;
        }
    }
}

/// Returns the index with the highest value among those not shown. The better-known movie wins a tie.
fn best(is_shown: &[bool], value: impl Fn(usize) -> f32) -> Option<usize> {
    let mut best: Option<(f32, usize)> = None;
    for index in (0..is_shown.len()).filter(|index| !is_shown[*index]) {
        let value = value(index);
        if best.is_none_or(|(highest, _)| value > highest) {
            best = Some((value, index));
        }
    }
    best.map(|(_, index)| index)
}
