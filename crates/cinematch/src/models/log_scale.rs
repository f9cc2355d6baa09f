//! A logarithmic scale for the popularity of movies.

/// Fraction of all likes that go to movies with fewer than c likes.
const TAIL_SHARE: f64 = 0.2;

/// Maps a popularity to log₂(popularity + c), where differences below c hardly matter, and provides its standard
/// deviation as the unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LogScale {
    /// c; see [`smoothing`].
    pub smoothing: f32,
    /// Standard deviation of the logarithm over all likes.
    pub deviation: f32,
}

impl LogScale {
    /// Fits the scale to the popularity of each movie. O(movies · log movies).
    pub(super) fn fit(popularity: &[f32]) -> Self {
        let scale = Self { smoothing: smoothing(popularity), deviation: 0.0 };
        let mean_of = |value: &dyn Fn(f64) -> f64| {
            let total: f64 = popularity.iter().map(|count| f64::from(*count)).sum();
            let values =
                popularity.iter().map(|count| f64::from(*count) * value(scale.log(*count).into()));
            if total > 0.0 { values.sum::<f64>() / total } else { 0.0 }
        };
        let mean = mean_of(&|log| log);
        Self { deviation: mean_of(&|log| (log - mean).powi(2)).sqrt() as f32, ..scale }
    }

    /// Returns log₂(popularity + c).
    pub(super) fn log(self, popularity: f32) -> f32 {
        (popularity + self.smoothing).log2()
    }
}

/// Returns c, at least 1: the popularity at which movies of at most this popularity have a fifth of all likes.
pub(super) fn smoothing(popularity: &[f32]) -> f32 {
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
