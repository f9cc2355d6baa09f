//! Whether a list has a user's genres in the proportions of the user's history.

use super::ratio;

/// How much of the history's distribution is mixed into the list's.
const MIXED_IN: f64 = 0.01;

/// Steck's calibration metric (2018): the Kullback–Leibler divergence, in nats, of the genres of a
/// list from those of a history,
///
/// Σ p ln(p / q̃), q̃ = 0.99 q + 0.01 p,
///
/// where p and q are the two weights of a genre, divided by their sums. A film gives each of its
/// genres an equal part of its own weight. 0 is a calibrated list; one with no genre of the history
/// has the most, ln 100, because the history's own part in q̃ keeps it finite. `None` for a history
/// without weight.
///
/// # Panics
/// When the two do not have the same number of genres.
pub fn miscalibration(history: &[f64], list: &[f64]) -> Option<f64> {
    assert_eq!(history.len(), list.len(), "one weight a genre in both");
    let (of_history, of_list): (f64, f64) = (history.iter().sum(), list.iter().sum());
    let divergence = |(history, list): (&f64, &f64)| {
        let (p, q) = (history / of_history, ratio(*list, of_list));
        let mixed = (1.0 - MIXED_IN) * q + MIXED_IN * p;
        // The limit of p ln p at 0 is 0.
        if p > 0.0 { p * (p / mixed).ln() } else { 0.0 }
    };
    let sum: f64 = history.iter().zip(list).map(divergence).sum();
    // Rounding may leave a calibrated list just below 0.
    (of_history > 0.0).then(|| sum.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_by_hand() {
        // Steck's example: 70 romances and 30 action films watched, only romances shown.
        let expected = 0.7 * (0.7_f64 / 0.997).ln() + 0.3 * 100_f64.ln();
        assert_close(miscalibration(&[70.0, 30.0], &[10.0, 0.0]).unwrap(), expected);
        // A genre the history does not have costs only what it takes from the others.
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
        fn proportions_count_and_amounts_do_not(
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
