use super::super::LIST_LENGTH;
use super::super::testing::ratings;
use super::posterior::Posterior;
use super::*;
use crate::catalog::Rated;
use crate::features::ranking::FeatureSet;
use crate::ids::MovieIdx;
use crate::models::Scaling;
use crate::models::TrainingSet;
use crate::models::content::tests::model as content_model;
use crate::rating::Stars;

const N_MOVIES: usize = 150;

fn noise(seed: usize) -> f32 {
    let bits = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / (1 << 24) as f32
}

/// A user with three terms, whose three hidden movies are the best ones by `truth`.
fn choice(user: usize, truth: [f32; 3]) -> Choice {
    let term = |place: usize| -> Vec<f32> {
        (0..N_MOVIES).map(|movie| noise((user * 3 + place) * N_MOVIES + movie)).collect()
    };
    let terms = [
        (Scaling::RootMeanSquare, term(0)),
        (Scaling::RootMeanSquare, term(1)),
        (Scaling::Best, term(2)),
    ];
    let score = |movie: usize| -> f32 {
        terms.iter().zip(truth).map(|((_, values), weight)| weight * values[movie]).sum()
    };
    let mut movies: Vec<usize> = (0..N_MOVIES).collect();
    movies.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
    let mut best = movies[..3].to_vec();
    best.sort_unstable();
    let stars = Stars::from_halves(10).unwrap();
    let rated = |movie: &usize| Rated { movie: MovieIdx(*movie as u32), stars, time: 0 };
    let hidden: Vec<Rated> = best.iter().map(rated).collect();
    Choice::new(&terms, &[], &hidden, |_| 1.0).unwrap()
}

fn choices(n: usize, truth: [f32; 3]) -> Vec<Choice> {
    (0..n).map(|user| choice(user, truth)).collect()
}

fn fitted(choices: &[Choice]) -> Vec<f64> {
    posterior::fit(&choices.iter().collect::<Vec<_>>())
}

#[test]
fn weights_move_toward_those_that_explain_the_hidden_movies() {
    let many = choices(400, [1.0, 3.0, 0.3]);
    let factors = fitted(&many);
    assert!(factors[1] > 1.5 && factors[2] < 0.9, "{factors:?}");
    let (plain, debiased) = cross_validated(&many);
    assert!(plain.gain() > 0.02 && debiased.gain() > 0.02, "{plain:?} {debiased:?}");
    // A few users change the weights less.
    let few = fitted(&choices(5, [1.0, 3.0, 0.3]));
    assert!(few[1] > 1.0 && few[1] < factors[1], "{few:?}");
}

#[test]
fn given_weights_are_a_fixed_point_if_they_explain_the_movies() {
    let factors = fitted(&choices(400, [1.0, 1.0, 1.0]));
    // The third term is relative to the best movie, which scores about 1.8.
    assert!((factors[1] - 1.0).abs() < 0.1, "{factors:?}");
}

#[test]
fn fit_is_deterministic_at_any_number_of_threads() {
    let choices = choices(60, [1.0, 2.0, 0.5]);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (fitted(&choices), cross_validated(&choices)))
    };
    assert_eq!(with(1), with(3));
}

/// A hybrid that is dominated by popularity, although only EASE knows the two tastes of the users.
fn popular_hybrid() -> Spec {
    let json = r#"{"model": {"name": "hybrid", "parts": [
        {"weight": 1.0, "model": {"name": "popular"}},
        {"weight": 0.3, "model": {"name": "ease", "regularization": 10.0}}
    ]}}"#;
    serde_json::from_str(json).unwrap()
}

#[test]
fn weights_fitted_to_the_holdout_are_used_if_they_rank_better() {
    let interactions = ratings();
    let holdout = Holdout::from_share(0.5).unwrap();
    let users = holdout.training_users(&interactions);
    let content = content_model(FeatureSet::Full);
    let features = content.features();
    let data = TrainingSet { interactions: &interactions, users: &users, features };
    let spec = popular_hybrid();
    let model = spec.fit(data, &mut |_, _| ()).unwrap();
    let weights = BlendWeights::fit(&spec, &model, &interactions, holdout).unwrap();
    let fitted: Vec<(&str, f32, bool)> = weights
        .weights
        .iter()
        .map(|it| (it.name.as_str(), it.given, it.fitted > 1.1 * it.given))
        .collect();
    assert_eq!(fitted, [("popular", 1.0, false), ("ease", 0.3, true)], "{weights}");
    assert!(weights.is_used && weights.ndcg_10.gain() > 0.0, "{weights}");
    let text = weights.to_string();
    assert!(
        text.starts_with("fitted to ") && text.contains(": popular 1.000 instead of 1.000, ease"),
        "{text}"
    );
    let mut applied = BlendWeights::applied(Some(&weights), &spec);
    let values: Vec<f32> = applied.blend_weights().into_iter().map(|(_, weight)| *weight).collect();
    assert_eq!(values, [1.0, weights.weights[1].fitted]);
    let unused = BlendWeights { is_used: false, ..weights.clone() };
    assert!(unused.to_string().starts_with("unchanged; weights fitted to "), "{unused}");
    for without in [None, Some(&unused)] {
        assert_eq!(BlendWeights::applied(without, &spec), spec);
    }

    // There is nothing to fit without a hybrid, and too little with a few users.
    let few = Holdout::from_share(0.05).unwrap();
    assert_eq!(BlendWeights::fit(&spec, &model, &interactions, few), None);
    let alone = Spec::named("popular").unwrap();
    let model = alone.fit(data, &mut |_, _| ()).unwrap();
    assert_eq!(BlendWeights::fit(&alone, &model, &interactions, holdout), None);
}

#[test]
fn derivatives_equal_finite_differences() {
    let choice = choice(7, [1.0, 2.0, 0.5]);
    let terms = choice.relative_terms(&[1.0; 3]);
    let of = |parameters: &[f64]| {
        let mut sum = Posterior::prior(parameters);
        sum.add(&Posterior::of_user(&terms, &choice.chosen, parameters));
        sum
    };
    let at = [1.2, 0.1, -0.2];
    let gradient = of(&at).gradient;
    for place in 0..3 {
        let moved = |by: f64| {
            let mut parameters = at;
            parameters[place] += by;
            of(&parameters).loss
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((gradient[place] - difference).abs() < 1e-6, "{place}: {gradient:?} {difference}");
    }
}

#[test]
fn candidates_exclude_the_history_and_users_need_a_hidden_one() {
    let terms = [
        (Scaling::RootMeanSquare, (0..N_MOVIES).map(|movie| movie as f32).collect()),
        (Scaling::Best, vec![0.0; N_MOVIES]),
    ];
    let stars = Stars::from_halves(10).unwrap();
    let rated = |movie: u32| Rated { movie: MovieIdx(movie), stars, time: 0 };
    let of = |hidden: u32| Choice::new(&terms, &[rated(149)], &[rated(hidden)], |_| 1.0);
    let choice = of(148).unwrap();
    assert_eq!((choice.movies[0], choice.movies.len()), (MovieIdx(148), LIST_LENGTH));
    assert_eq!(choice.chosen, [(0, 1.0)]);
    assert_eq!(choice.metrics(&[1.0, 1.0]), (1.0, 1.0));
    assert!(of(3).is_none(), "movie 3 is not among the 100 best");
}
