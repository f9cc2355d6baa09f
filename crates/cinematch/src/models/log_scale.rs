//! A logarithmic scale for the popularity of movies.

/// Fraction of all likes that go to movies with fewer than c likes.
const TAIL_SHARE: f64 = 0.2;

/// Maps a popularity to log₂(popularity + c), where differences below c hardly matter, and provides its mean and its
/// standard deviation as origin and unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LogScale {
    /// c; see [`smoothing`].
    pub smoothing: f32,
    /// Mean of the logarithm over all likes.
    pub mean: f32,
    /// Standard deviation of the logarithm over all likes.
    pub deviation: f32,
}

impl LogScale {
    /// Fits the scale to the popularity of each movie. O(movies · log movies).
    pub(super) fn fit(popularity: &[f32]) -> Self {
        let scale = Self { smoothing: smoothing(popularity), mean: 0.0, deviation: 0.0 };
        let mean_of = |value: &dyn Fn(f64) -> f64| {
            let total: f64 = popularity.iter().map(|count| f64::from(*count)).sum();
            let values =
                popularity.iter().map(|count| f64::from(*count) * value(scale.log(*count).into()));
            if total > 0.0 { values.sum::<f64>() / total } else { 0.0 }
        };
        let mean = mean_of(&|log| log);
        let deviation = mean_of(&|log| (log - mean).powi(2)).sqrt() as f32;
        Self { mean: mean as f32, deviation, ..scale }
    }

    /// Returns log₂(popularity + c).
    pub(super) fn log(self, popularity: f32) -> f32 {
        (popularity + self.smoothing).log2()
    }

    /// Returns the difference of the logarithm from the mean, in standard deviations. It is 0 if all likes go to
    /// equally popular movies.
    pub(super) fn standardized(self, popularity: f32) -> f32 {
        /// Below this deviation, the differences are rounding errors.
        const MIN_DEVIATION: f32 = 1e-4;
        if self.deviation > MIN_DEVIATION {
            (self.log(popularity) - self.mean) / self.deviation
        } else {
            0.0
        }
    }
}

/// Returns c, at least 1: the popularity at which movies of at most this popularity have a fifth of all likes.
fn smoothing(popularity: &[f32]) -> f32 {
    let mut ascending = popularity.to_vec();
    ascending.sort_unstable_by(f32::total_cmp);
    let total: f64 = ascending.iter().map(|count| f64::from(*count)).sum();
    let mut sum = 0.0;
    let tail = ascending.into_iter().find(|count| {
        sum += f64::from(*count);
        sum >= total * TAIL_SHARE
    });
    tail.unwrap_or(0.0).max(1.0)
}
