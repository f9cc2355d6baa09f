//! Conformance suite for all models, and tests that compare EASE and iALS with reference solutions.

use std::fmt::Write as _;

use super::content::StandaloneContent;
use super::ease::EaseParams;
use super::hybrid::Hybrid;
use super::ials::{IalsParams, Solver};
use super::popular::Popularity;
use super::spec::{Kind, NAMES};
use super::svd::SvdParams;
use super::*;
use crate::catalog::{Interactions, Rated};
use crate::features::CsrMatrix;
use crate::features::labels::Labels;
use crate::features::ranking::{Block, BlockKind, FeatureSet, RankingFeatures};
use crate::ids::{MovieId, MovieIdx, UserIdx, Vocabulary};
use crate::rating::Stars;
use crate::sources::ratings;

pub(super) const N_MOVIES: usize = 41;
const N_USERS: usize = 90;

/// Generates ratings by more users than there are movies, to catch swapped axes. The last movie has no
/// ratings.
pub(super) fn interactions() -> Interactions {
    let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
    for user in 0..N_USERS {
        for movie in 0..N_MOVIES - 1 {
            // Users prefer movies whose index has the same parity as theirs, with some noise.
            let draw = (user * 7919 + movie * 104_729 + user * movie * 31) % 97;
            let fits = user % 2 == movie % 2;
            if draw < if fits { 40 } else { 6 } {
                let halves = if fits { 7 + draw % 4 } else { 2 + draw % 6 };
                let stars = halves as f32 / 2.0;
                writeln!(csv, "{},{},{stars:.1},{}", user + 1, movie + 1, draw * 86_400).unwrap();
            }
        }
    }
    let movies = Vocabulary::new((1..=N_MOVIES as u32).map(MovieId));
    let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
    Interactions::new("ratings.csv", movies, &mut read)
}

/// Returns one feature for each movie, shared by every third movie.
pub(super) fn features() -> RankingFeatures {
    let mut matrix = CsrMatrix::new(3);
    for movie in 0..N_MOVIES as u32 {
        matrix.push_row([(movie % 3, 0.8)]);
    }
    RankingFeatures {
        feature_set: FeatureSet::Full,
        blocks: vec![Block { kind: BlockKind::Keyword, weight: 1.0, start: 0, end: 3 }],
        names: ["a", "b", "c"].map(str::to_owned).to_vec(),
        idf: vec![1.0; 3],
        labels: Labels::default(),
        matrix,
    }
}

fn ease() -> EaseParams {
    EaseParams { regularization: 20.0, ..EaseParams::default() }
}

fn ials() -> IalsParams {
    IalsParams { factors: 20, iterations: 4, regularization: 0.05, ..IalsParams::default() }
}

fn ials_cg() -> IalsParams {
    IalsParams { solver: Solver::ConjugateGradients { steps: 3 }, ..ials() }
}

/// Fits every registered model, plus small models with parameters suited to this little data.
fn models() -> Vec<(&'static str, Fitted)> {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let features = features();
    let data = TrainingSet { interactions: &interactions, users: &users, features: &features };
    let registered = |name| (name, Spec::named(name).unwrap().fit(data, &mut |_, _| ()).unwrap());
    let fit_ials =
        |params: IalsParams| Fitted::Ials(params.check().unwrap().fit(&implicit, &mut |_| ()));
    let ease = Fitted::ItemItem(ease().check().unwrap().fit(&implicit, None, &mut |_| ()).unwrap());
    let popular = Fitted::Popular(Popularity::Liked.fit(&interactions, &users));
    let svd = Spec {
        model: Kind::Svd(SvdParams { factors: 4, ..SvdParams::default() }),
        ..Spec::default()
    };
    let mut models: Vec<(&'static str, Fitted)> = NAMES.into_iter().map(registered).collect();
    models.extend([
        ("small edlae", ease.clone()),
        ("small ials", fit_ials(ials())),
        ("small ials-cg", fit_ials(ials_cg())),
        ("small svd", svd.fit(data, &mut |_, _| ()).unwrap()),
        (
            "weighted sum",
            Fitted::Hybrid(Hybrid::new(vec![
                (ease, 1.0),
                (fit_ials(ials()), 0.5),
                (Fitted::Content(StandaloneContent::fit(features.clone())), 0.3),
                (popular, 0.1),
            ])),
        ),
    ]);
    models
}

pub(super) fn rated(movie: u32, halves: u8) -> Rated {
    Rated { movie: MovieIdx(movie), stars: Stars::from_halves(halves).unwrap(), time: 0 }
}

#[test]
fn every_model_scores_and_explains_consistently() {
    let histories = [
        vec![],
        vec![rated(0, 10)],
        vec![rated(2, 9), rated(5, 6), rated(8, 1), rated(30, 10)],
        // The first movie in this history has no ratings.
        vec![rated(N_MOVIES as u32 - 1, 10), rated(4, 10)],
    ];
    for (name, model) in models() {
        assert_eq!(model.n_movies(), N_MOVIES, "{name}");
        for history in &histories {
            // The previous contents of the buffer must not affect the scores.
            let mut scores = vec![f32::NAN; N_MOVIES];
            model.score(history, &mut scores);
            let largest = scores.iter().fold(1e-3_f32, |most, score| most.max(score.abs()));
            let mut again = vec![f32::NAN; N_MOVIES];
            model.score_many(&[history], &mut [&mut again]);
            assert_eq!(again, scores, "{name}");
            let movies: Vec<MovieIdx> = (0..N_MOVIES as u32).map(MovieIdx).collect();
            let contributions = model.contributions(history, &movies);
            assert_eq!(contributions.len(), N_MOVIES, "{name}");
            for (contributions, score) in contributions.iter().zip(&scores) {
                assert_eq!(contributions.parts.len(), history.len(), "{name}");
                let off = (contributions.total() - score).abs();
                assert!(off <= 1e-4 * largest, "{name}: {off} of {score}");
            }
        }
    }
}

#[test]
fn every_personal_model_ranks_the_preferred_parity_first() {
    let history = [rated(0, 10), rated(6, 9), rated(12, 10), rated(18, 9)];
    for (name, model) in models() {
        // These models are either not personalized or use features unrelated to parity. The recommended
        // parameters for iALS, SVD and the hybrid overfit on this little data; `small ials`, `small svd` and
        // `weighted sum` replace them.
        const EXCLUDED: [&str; 9] = [
            "popular",
            "top-rated",
            "popular-recent",
            "content",
            "hybrid",
            "ials",
            "svd",
            "taste",
            "trend",
        ];
        if EXCLUDED.contains(&name) {
            continue;
        }
        let mut scores = vec![0.0; N_MOVIES];
        model.score(&history, &mut scores);
        let mut movies: Vec<usize> =
            (0..N_MOVIES).filter(|movie| !movie.is_multiple_of(6)).collect();
        movies.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let even = movies[..8].iter().filter(|movie| movie.is_multiple_of(2)).count();
        assert!(even >= 7, "{name}: {even} of 8");
    }
}

#[test]
fn scores_do_not_depend_on_the_number_of_threads() {
    let history = [rated(2, 9), rated(5, 6), rated(30, 10)];
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let of = |(_, model): &(&str, Fitted)| {
                let mut scores = vec![0.0; N_MOVIES];
                model.score(&history, &mut scores);
                scores.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
            };
            models().iter().map(of).collect::<Vec<_>>()
        })
    };
    assert_eq!(bits(1), bits(3));
}

/// Compares EASE with (G + μ·`FFᵀ` + diagonal)⁻¹, computed by Gauss-Jordan elimination in f64.
fn assert_ease_equals_the_closed_form(feature_weight: f32) {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let features = features().matrix;
    let params = EaseParams { regularization: 20.0, feature_weight, ..EaseParams::default() };
    let model = params.check().unwrap().fit(&implicit, Some(&features), &mut |_| ()).unwrap();
    // The last movie has no ratings and is not part of the model.
    let n = N_MOVIES - 1;
    let mut left = vec![vec![0.0_f64; n]; n];
    for user in users {
        let weight = |rated: Rated| f64::from(Confidence::default().weight(rated.stars));
        for a in interactions.user_ratings(user) {
            for b in interactions.user_ratings(user) {
                left[a.movie.row()][b.movie.row()] += weight(a) * weight(b);
            }
        }
    }
    for (at, row) in left.iter_mut().enumerate() {
        // Every third movie has the same feature, with the value 0.8.
        for value in row.iter_mut().skip(at % 3).step_by(3) {
            *value += f64::from(feature_weight) * 0.8 * 0.8;
        }
        row[at] += 20.0 + row[at] * 0.33 / 0.67;
    }
    let mut right: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    for at in 0..n {
        let pivot = left[at][at];
        for side in [&mut left, &mut right] {
            side[at].iter_mut().for_each(|value| *value /= pivot);
        }
        for other in (0..n).filter(|other| *other != at) {
            let factor = left[other][at];
            for side in [&mut left, &mut right] {
                for place in 0..n {
                    side[other][place] -= factor * side[at][place];
                }
            }
        }
    }
    for i in 0..n {
        for j in 0..n {
            let expected = if i == j { 0.0 } else { -right[i][j] / right[j][j] };
            let (columns, values) = model.weights().row(i);
            let got = columns.binary_search(&(j as u32)).map_or(0.0, |at| f64::from(values[at]));
            assert!((got - expected).abs() < 1e-5, "{i} {j}: {got} {expected}");
        }
    }
}

#[test]
fn ease_equals_the_closed_form() {
    assert_ease_equals_the_closed_form(0.0);
}

#[test]
fn ease_with_features_equals_the_closed_form() {
    assert_ease_equals_the_closed_form(7.0);
}

#[test]
fn loss_of_ials_falls_at_every_half_step() {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let ends = [ials(), ials_cg()].map(|params| {
        let mut training = params.check().unwrap().start(&implicit);
        let mut last = training.loss();
        for _ in 0..6 {
            training.solve_users();
            let after_users = training.loss();
            training.solve_movies();
            let after_movies = training.loss();
            assert!(after_users < last && after_movies < after_users, "{last} {after_users}");
            last = after_movies;
        }
        last
    });
    // A few conjugate gradient steps from the current factors come close to the exact loss.
    assert!((ends[1] / ends[0] - 1.0).abs() < 0.01, "{ends:?}");
}

#[test]
fn conjugate_gradients_converge_to_the_exact_solution() {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let solver = Solver::ConjugateGradients { steps: 40 };
    let [exact, near] = [ials(), IalsParams { solver, ..ials() }].map(|params| {
        let mut training = params.check().unwrap().start(&implicit);
        training.solve_users();
        training.users
    });
    for user in 0..exact.n_rows() {
        for (exact, near) in exact.values(user).iter().zip(near.values(user)) {
            assert!((exact - near).abs() < 1e-4, "{user}: {exact} {near}");
        }
    }
}

#[test]
fn names_parameters_outside_their_ranges() {
    let refused = EaseParams { dropout: 1.0, ..ease() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "dropout is 1; expected 0 to below 1");
    let refused = IalsParams { factors: 0, ..ials() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "factors is 0; expected 1 to 4096");
    let solver = Solver::ConjugateGradients { steps: 0 };
    let refused = IalsParams { solver, ..ials() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "solver.steps is 0; expected 1 to 1000");
    let nan = IalsParams { regularization: f32::NAN, ..ials() }.check();
    assert!(nan.is_err());
}
