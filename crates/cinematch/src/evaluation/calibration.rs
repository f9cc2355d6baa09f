//! Measures how well a list's genres are calibrated to the user's history.

use super::ratio;

/// Weight of the history distribution in the smoothed list distribution q̃.
const SMOOTHING: f64 = 0.01;

/// Computes Steck's calibration metric (2018), the Kullback–Leibler divergence in nats between the genre
/// distributions of a history and a list,
///
/// Σ p ln(p / q̃), q̃ = 0.99 q + 0.01 p,
///
/// where p and q are a genre's weights in the history and the list, each normalized to sum to 1. The
/// caller splits each movie's weight equally among its genres. A calibrated list scores 0. A list that
/// shares no genre with the history has the maximum score, ln 100, which is finite because q̃ is
/// smoothed. Returns `None` if the history's total weight is 0.
///
/// # Panics
/// Panics if the slices have different lengths.
pub fn miscalibration(history: &[f64], list: &[f64]) -> Option<f64> {
    assert_eq!(history.len(), list.len(), "history and list must have one weight per genre");
    let (history_sum, list_sum): (f64, f64) = (history.iter().sum(), list.iter().sum());
    let divergence = |(history, list): (&f64, &f64)| {
        let (p, q) = (history / history_sum, ratio(*list, list_sum));
        let mixed = (1.0 - SMOOTHING) * q + SMOOTHING * p;
        // The limit of p ln p at 0 is 0.
        if p > 0.0 { p * (p / mixed).ln() } else { 0.0 }
    };
    let sum: f64 = history.iter().zip(list).map(divergence).sum();
    // Rounding can make the sum for a calibrated list slightly negative.
    (history_sum > 0.0).then(|| sum.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn matches_hand_computed_values() {
        // Steck's example: the history has 70 romance and 30 action movies, and the list has only
        // romance.
        let expected = 0.7 * (0.7_f64 / 0.997).ln() + 0.3 * 100_f64.ln();
        assert_close(miscalibration(&[70.0, 30.0], &[10.0, 0.0]).unwrap(), expected);
        // A genre missing from the history costs only the weight it takes from the other genres.
        let expected = (1.0_f64 / (0.99 * 0.5 + 0.01)).ln();
        assert_close(miscalibration(&[3.0, 0.0], &[2.0, 2.0]).unwrap(), expected);
        let most = 100_f64.ln();
        assert_close(miscalibration(&[1.0, 0.0], &[0.0, 1.0]).unwrap(), most);
        assert_close(miscalibration(&[1.0, 1.0], &[0.0, 0.0]).unwrap(), most);
        assert_eq!(miscalibration(&[0.0, 0.0], &[1.0, 0.0]), None);
        assert_eq!(miscalibration(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn miscalibration_is_bounded_and_independent_of_scale(
            genres in proptest::collection::vec((0.0..5.0_f64, 0.0..5.0_f64), 2..20),
            times in 0.1..10.0_f64,
        ) {
            let (mut history, list): (Vec<f64>, Vec<f64>) = genres.into_iter().unzip();
            history[0] += 1.0;
            let more = |weights: &[f64]| weights.iter().map(|w| w * times).collect::<Vec<_>>();
            let value = miscalibration(&history, &list).unwrap();
            prop_assert!((0.0..=100_f64.ln()).contains(&value), "{value}");
            assert_close(miscalibration(&more(&history), &list).unwrap(), value);
            assert_close(miscalibration(&history, &more(&list)).unwrap(), value);
            assert_close(miscalibration(&history, &more(&history)).unwrap(), 0.0);
        }
    }
}
