//! The popularity of movies, and how popular the movies are that users like.

use std::borrow::Cow;
use std::io;

use crate::ids::MovieIdx;
use crate::models::archive::{DenseArray, ReadArchive};
use crate::models::implicit::Implicit;
use crate::models::log_scale::LogScale;

/// Names of the arrays in the archive.
const POPULARITY: &str = "popularity";
const SCALE: &str = "popularity_scale";
const LEVELS: &str = "popularity_levels";

/// Number of intervals between the levels.
const N_INTERVALS: usize = 10;
/// Popularity of movies on a logarithmic scale, and its distribution among users.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PopularityScale {
    /// Popularity of each movie: the sum of the weights of its ratings.
    popularity: Vec<f32>,
    /// log₂(popularity + c) of each movie.
    log: Vec<f32>,
    scale: LogScale,
    /// Deciles of the users' mean logarithm, from the most niche to the most mainstream user.
    levels: Vec<f32>,
}

impl PopularityScale {
    /// Computes the scale from the training data. O(ratings + movies · log movies).
    pub(super) fn fit(implicit: &Implicit) -> Self {
        let sum = |movie| implicit.movie_users().row(movie).1.iter().sum();
        let popularity: Vec<f32> = (0..implicit.n_movies()).map(sum).collect();
        let log_scale = LogScale::fit(&popularity);
        let mut scale = Self::new(popularity, log_scale, Vec::new());
        let mut means: Vec<f32> = (0..implicit.n_users())
            .filter_map(|user| {
                let entries = implicit.user_movies().entries(user);
                let liked: Vec<(MovieIdx, f32)> =
                    entries.map(|(movie, weight)| (MovieIdx(movie), weight)).collect();
                scale.mean_log(&liked)
            })
            .collect();
        means.sort_unstable_by(f32::total_cmp);
        if let Some(last) = means.len().checked_sub(1) {
            let level = |index| means[last * index / N_INTERVALS];
            scale.levels = (0..=N_INTERVALS).map(level).collect();
        }
        scale
    }

    fn new(popularity: Vec<f32>, scale: LogScale, levels: Vec<f32>) -> Self {
        let log = popularity.iter().map(|count| scale.log(*count)).collect();
        Self { popularity, log, scale, levels }
    }

    /// Returns the mean logarithm over a user's liked movies, or `None` if there are none.
    fn mean_log(&self, liked: &[(MovieIdx, f32)]) -> Option<f32> {
        let total: f32 = liked.iter().map(|(_, weight)| weight).sum();
        let sum: f32 = liked.iter().map(|(movie, weight)| weight * self.log[movie.row()]).sum();
        (total > 0.0).then(|| sum / total)
    }

    /// Returns the share of training users whose likes are more popular on average: 0 to 1.
    fn niche_degree(&self, mean_log: f32) -> f32 {
        let n_below = self.levels.partition_point(|level| *level <= mean_log);
        match (n_below.checked_sub(1), self.levels.get(n_below)) {
            (None, _) => 1.0,
            (Some(_), None) => 0.0,
            (Some(below), Some(above)) => {
                let fraction = (mean_log - self.levels[below]) / (above - self.levels[below]);
                1.0 - (below as f32 + fraction) / N_INTERVALS as f32
            }
        }
    }

    /// Returns the factor and the reference of a user's popularity term, which is factor · (reference −
    /// logarithm). Returns zeros without liked movies.
    pub(super) fn term_of(&self, liked: &[(MovieIdx, f32)]) -> (f32, f32) {
        match self.mean_log(liked) {
            Some(mean) if self.scale.deviation > 0.0 => {
                (self.niche_degree(mean) / self.scale.deviation, mean)
            }
            _ => (0.0, 0.0),
        }
    }

    /// Returns the popularity of each movie: its number of likes, where a neutral rating counts as a fraction.
    pub(super) fn counts(&self) -> &[f32] {
        &self.popularity
    }

    /// Returns log₂(popularity + c) of each movie.
    pub(super) fn log(&self) -> &[f32] {
        &self.log
    }

    /// Returns the scale with new movies appended to the first `n_learned`.
    pub(super) fn extended(&self, n_learned: usize, new: impl Iterator<Item = f32>) -> Self {
        let popularity = self.popularity[..n_learned].iter().copied().chain(new).collect();
        Self::new(popularity, self.scale, self.levels.clone())
    }

    /// Returns the arrays to store.
    pub(super) fn arrays(&self) -> [DenseArray<'_>; 3] {
        let array = |name, values: Cow<'static, [f32]>| DenseArray {
            name,
            n_rows: values.len().max(1),
            values,
        };
        [
            DenseArray {
                name: POPULARITY,
                n_rows: self.popularity.len(),
                values: Cow::Borrowed(&self.popularity),
            },
            array(
                SCALE,
                Cow::Owned(vec![self.scale.smoothing, self.scale.mean, self.scale.deviation]),
            ),
            array(LEVELS, Cow::Owned(self.levels.clone())),
        ]
    }

    /// Restores the scale from its arrays.
    pub(super) fn restore(archive: &dyn ReadArchive) -> io::Result<Self> {
        let [smoothing, mean, deviation] = archive.dense(SCALE)?[..] else {
            return Err(io::Error::other(format!("`{SCALE}` does not have three values")));
        };
        let scale = LogScale { smoothing, mean, deviation };
        Ok(Self::new(archive.dense(POPULARITY)?, scale, archive.dense(LEVELS)?))
    }
}
