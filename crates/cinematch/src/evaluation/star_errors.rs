//! Accuracy of rating predictions and coverage of their prediction intervals.

use std::ops::RangeInclusive;

use serde::Serialize;

/// Errors of rating predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StarErrors {
    /// Root mean squared error, in stars.
    pub rmse: f64,
    /// Mean absolute error, in stars.
    pub mae: f64,
}

/// Computes the errors of (predicted, actual) pairs. Returns `None` if there are no pairs.
pub fn star_errors(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<StarErrors> {
    let (mut n, mut squares, mut absolutes) = (0_u64, 0.0, 0.0);
    for (predicted, actual) in pairs {
        let error = predicted - actual;
        n += 1;
        squares += error * error;
        absolutes += error.abs();
    }
    let n = n as f64;
    (n > 0.0).then(|| StarErrors { rmse: (squares / n).sqrt(), mae: absolutes / n })
}

/// Returns the share of actual ratings that lie within their prediction interval, bounds included, or
/// `None` if there are none. Well-calibrated 90 % intervals have a coverage of 0.9.
pub fn interval_coverage(
    pairs: impl IntoIterator<Item = (RangeInclusive<f64>, f64)>,
) -> Option<f64> {
    let (mut n, mut inside) = (0_u64, 0_u64);
    for (range, actual) in pairs {
        n += 1;
        inside += u64::from(range.contains(&actual));
    }
    (n > 0).then(|| inside as f64 / n as f64)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn star_errors_match_hand_computed_values() {
        let errors = star_errors([(4.0, 3.0), (2.0, 4.0), (5.0, 5.0), (1.5, 1.0)]).unwrap();
        assert_close(errors.rmse, (5.25_f64 / 4.0).sqrt());
        assert_close(errors.mae, 3.5 / 4.0);
        assert_eq!(star_errors([]), None);
    }

    #[test]
    fn interval_coverage_includes_the_bounds() {
        let range = 2.0..=4.0;
        let pairs = [1.5, 2.0, 3.0, 4.0, 4.5].map(|given| (range.clone(), given));
        assert_close(interval_coverage(pairs).unwrap(), 3.0 / 5.0);
        assert_eq!(interval_coverage([]), None);
    }
}
