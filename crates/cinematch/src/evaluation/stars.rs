//! How good predicted stars are, and the ranges given with them.

use std::ops::RangeInclusive;

use serde::Serialize;

/// How far predicted stars are from those given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StarErrors {
    /// The root of the mean squared error, in stars.
    pub rmse: f64,
    /// The mean absolute error, in stars.
    pub mae: f64,
}

/// The errors of pairs of predicted and given stars; `None` if there are none.
pub fn star_errors(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<StarErrors> {
    let (mut n, mut squares, mut absolutes) = (0_u64, 0.0, 0.0);
    for (predicted, given) in pairs {
        let error = predicted - given;
        n += 1;
        squares += error * error;
        absolutes += error.abs();
    }
    let n = n as f64;
    (n > 0.0).then(|| StarErrors { rmse: (squares / n).sqrt(), mae: absolutes / n })
}

/// The share of given stars that lie in the range predicted for them, ends included; `None` if
/// there are none. Ranges that promise 90 % should have a share of 0.9.
pub fn interval_coverage(
    pairs: impl IntoIterator<Item = (RangeInclusive<f64>, f64)>,
) -> Option<f64> {
    let (mut n, mut inside) = (0_u64, 0_u64);
    for (range, given) in pairs {
        n += 1;
        inside += u64::from(range.contains(&given));
    }
    (n > 0).then(|| inside as f64 / n as f64)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn errors_by_hand() {
        let errors = star_errors([(4.0, 3.0), (2.0, 4.0), (5.0, 5.0), (1.5, 1.0)]).unwrap();
        assert_close(errors.rmse, (5.25_f64 / 4.0).sqrt());
        assert_close(errors.mae, 3.5 / 4.0);
        assert_eq!(star_errors([]), None);
    }

    #[test]
    fn the_ends_of_a_range_are_inside() {
        let range = 2.0..=4.0;
        let pairs = [1.5, 2.0, 3.0, 4.0, 4.5].map(|given| (range.clone(), given));
        assert_close(interval_coverage(pairs).unwrap(), 3.0 / 5.0);
        assert_eq!(interval_coverage([]), None);
    }
}
