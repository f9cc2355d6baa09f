use proptest::collection::vec;
use proptest::prelude::*;

use super::super::assert_close;
use super::*;

/// Compares one model with a baseline that is 0 for every user.
fn compare_one(bootstrap: Bootstrap, differences: &[f64]) -> Comparison {
    bootstrap.compare(&vec![0.0; differences.len()], &[differences], 1).unwrap()[0]
}

/// Returns `n` uniform random numbers in [-1, 1], whose expected mean is 0.
fn noise(seed: u64, n: usize) -> Vec<f64> {
    let mut generator = ChaCha8Rng::from_seed([7; 32]);
    generator.set_stream(seed);
    (0..n).map(|_| f64::from(generator.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0).collect()
}

#[test]
fn interval_and_p_match_hand_computed_values() {
    // With 79 sorted means, the second from each end bounds the 95 % interval. Three of the means are ≤ 0.
    let means: Vec<f64> = (-2..77).map(f64::from).rev().collect();
    let comparison = Comparison::new(37.0, means);
    assert_close(comparison.low, -1.0);
    assert_close(comparison.high, 75.0);
    assert_close(comparison.p, 2.0 * (3.0 + 1.0) / 80.0);
    // The mirrored distribution has the same p-value.
    let comparison = Comparison::new(-37.0, (-76..3).map(f64::from).collect());
    assert_close(comparison.low, -75.0);
    assert_close(comparison.high, 1.0);
    assert_close(comparison.p, 2.0 * (3.0 + 1.0) / 80.0);
}

#[test]
fn resampled_means_of_two_users_follow_the_binomial_distribution() {
    // The resampled mean of {0, 1} is 0 in a quarter of the resamples, ½ in half of them, and 1 in a
    // quarter.
    let comparison = compare_one(Bootstrap::default(), &[0.0, 1.0]);
    assert_close(comparison.difference, 0.5);
    assert_close(comparison.low, 0.0);
    assert_close(comparison.high, 1.0);
    assert!((comparison.p - 0.5).abs() < 0.03, "{comparison:?}");
}

#[test]
fn interval_matches_the_normal_approximation_for_many_users() {
    let differences = noise(0, 2_000);
    let comparison = compare_one(Bootstrap::default(), &differences);
    let (mean, standard_error) = mean_and_standard_error(&differences).unwrap();
    assert_close(comparison.difference, mean);
    for (end, expected) in [(comparison.low, -1.96), (comparison.high, 1.96)] {
        let deviations = (end - mean) / standard_error;
        assert!((deviations - expected).abs() < 0.1, "{deviations} {expected}");
    }
}

#[test]
fn false_positive_rate_is_about_5_percent_and_power_is_high() {
    let bootstrap = Bootstrap { resamples: 199, seed: 3 };
    let found = |shift: f64| {
        let trial = |seed| noise(seed, 60).iter().map(|noise| noise + shift).collect::<Vec<_>>();
        (0..400).filter(|seed| compare_one(bootstrap, &trial(*seed)).p <= 0.05).count()
    };
    let (equal, better, worse) = (found(0.0), found(0.3), found(-0.3));
    assert!((10..36).contains(&equal), "{equal}");
    assert!(better > 380 && worse > 380, "{better} {worse}");
}

#[test]
fn resamples_are_independent_of_thread_count_and_other_models() {
    let bootstrap = Bootstrap { resamples: 500, seed: 11 };
    let baseline = noise(1, 80);
    let models = [noise(2, 80), noise(3, 80), noise(4, 80)];
    let models = models.each_ref().map(Vec::as_slice);
    let in_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| bootstrap.compare(&baseline, &models, 0).unwrap())
    };
    let together = in_threads(1);
    assert_eq!(together, in_threads(5));
    for (model, comparison) in models.iter().zip(&together) {
        let alone = bootstrap.compare(&baseline, &[model], 0).unwrap()[0];
        assert_eq!(alone, Comparison { adjusted_p: alone.p, ..*comparison });
    }
    let p = together.iter().map(|comparison| comparison.p).collect::<Vec<_>>();
    let adjusted = together.iter().map(|comparison| comparison.adjusted_p).collect::<Vec<_>>();
    assert_eq!(adjusted, holm(&p, 0));
    let other_seed = Bootstrap { seed: 12, ..bootstrap };
    assert_ne!(together, other_seed.compare(&baseline, &models, 0).unwrap());
}

#[test]
fn p_is_1_for_equal_models_and_minimal_for_a_constant_difference() {
    let bootstrap = Bootstrap { resamples: 999, seed: 1 };
    assert_close(compare_one(bootstrap, &[0.0; 20]).p, 1.0);
    assert_close(compare_one(bootstrap, &[0.25; 20]).p, 2.0 / 1000.0);
    assert_close(compare_one(bootstrap, &[-0.25; 20]).p, 2.0 / 1000.0);
}

#[test]
fn compare_rejects_invalid_input() {
    let bootstrap = Bootstrap::default();
    let none = Bootstrap { resamples: 0, ..bootstrap };
    for (expect, result) in [
        ("resamples must be at least 1, got 0", none.compare(&[1.0], &[&[1.0]], 0)),
        (
            "a comparison needs the values of at least one user, got none",
            bootstrap.compare(&[], &[&[]], 0),
        ),
        (
            "model 1 needs the values of the baseline's 2 users, got 1",
            bootstrap.compare(&[1.0, 2.0], &[&[1.0, 2.0], &[1.0]], 0),
        ),
        (
            "model 0 and the baseline must have finite values for user 1",
            bootstrap.compare(&[1.0, 2.0], &[&[1.0, f64::NAN]], 0),
        ),
    ] {
        assert_eq!(result.unwrap_err().to_string(), expect);
    }
    assert_eq!(bootstrap.compare(&[1.0], &[], 0), Ok(Vec::new()));
}

#[test]
fn holm_matches_hand_computed_values() {
    // 0.005 × 4, 0.01 × 3, 0.03 × 2, and 0.04 × 1, which is raised to the value before it.
    let adjusted = holm(&[0.01, 0.04, 0.03, 0.005], 4);
    for (got, expected) in adjusted.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert_close(got, expected);
    }
    assert!(holm(&[], 0).is_empty());
    // Two of the six pairwise comparisons between four models.
    for (adjusted, expected) in holm(&[0.02, 0.001], 6).into_iter().zip([0.1, 0.006]) {
        assert_close(adjusted, expected);
    }
}

#[test]
fn mean_and_standard_error_match_hand_computed_values() {
    let (mean, standard_error) = mean_and_standard_error(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_close(mean, 2.5);
    assert_close(standard_error, (5.0_f64 / 12.0).sqrt());
    assert_eq!(mean_and_standard_error(&[1.0]), None);
    assert_eq!(mean_and_standard_error(&[]), None);
}

proptest! {
    #[test]
    fn interval_contains_the_difference_and_excludes_0_exactly_when_p_is_small(
        differences in vec(-1.0..2.0_f64, 1..40),
        resamples in 39_u32..400,
        seed in any::<u64>(),
    ) {
        let comparison = compare_one(Bootstrap { resamples, seed }, &differences);
        let Comparison { difference, low, high, p, .. } = comparison;
        prop_assert!(low <= difference && difference <= high, "{comparison:?}");
        prop_assert_eq!(p <= 0.05, low > 0.0 || high < 0.0, "{:?}", comparison);
        prop_assert!(0.0 < p && p <= 1.0, "{comparison:?}");
    }

    #[test]
    fn holm_preserves_order_and_stays_between_raw_and_bonferroni(
        p in vec(0.0..=1.0_f64, 1..12),
    ) {
        let adjusted = holm(&p, 0);
        for (raw, value) in p.iter().zip(&adjusted) {
            let bonferroni = (raw * p.len() as f64).min(1.0);
            prop_assert!(raw <= value && *value <= bonferroni, "{p:?} {adjusted:?}");
            for (other_raw, other) in p.iter().zip(&adjusted) {
                prop_assert!(raw > other_raw || value <= other, "{p:?} {adjusted:?}");
            }
        }
    }
}
