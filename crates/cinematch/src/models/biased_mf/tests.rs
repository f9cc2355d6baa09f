//! Tests for biased matrix factorization beyond the conformance suite.

use std::fmt::Write as _;

use super::solve::Side;
use super::training::Training;
use super::*;
use crate::catalog::{Interactions, Rated};
use crate::evaluation::interval_coverage;
use crate::ids::{MovieId, MovieIdx, UserIdx, Vocabulary};
use crate::models::factors::Factors;
use crate::sources::ratings;

const N_MOVIES: usize = 70;

/// Generates ratings from biases, one taste dimension and noise, all of known magnitude. The last movie has
/// no ratings.
fn generated(n_users: usize) -> Interactions {
    let normals = Factors::normal(n_users, 2 * N_MOVIES + 2, 1.0, 7);
    let movie_normals = Factors::normal(N_MOVIES, 2, 1.0, 8);
    let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
    for user in 0..n_users {
        let (user_normals, draws) = normals.values(user).split_at(2);
        for (movie, draws) in draws.chunks(2).enumerate().take(N_MOVIES - 1) {
            let traits = movie_normals.values(movie);
            if draws[0] + 0.5 * traits[0] < 0.2 {
                continue;
            }
            let taste = if movie % 2 == 0 { 0.7 } else { -0.7 } * user_normals[1] * traits[1];
            let stars = 3.3 + 0.4 * user_normals[0] + 0.4 * traits[0] + taste + 0.7 * draws[1];
            let stars = (2.0 * stars).round().clamp(1.0, 10.0) / 2.0;
            writeln!(csv, "{},{},{stars:.1},0", user + 1, movie + 1).unwrap();
        }
    }
    let movies = Vocabulary::new((1..=N_MOVIES as u32).map(MovieId));
    let mut read = ratings::read("ratings.csv", csv.as_bytes(), &movies).unwrap();
    Interactions::new("ratings.csv", movies, &mut read)
}

fn params() -> BiasedMfParams {
    BiasedMfParams { factors: 4, prior_ratings: 10.0, ..BiasedMfParams::default() }
}

fn users(range: std::ops::Range<u32>) -> Vec<UserIdx> {
    range.map(UserIdx).collect()
}

fn fit(params: BiasedMfParams, interactions: &Interactions, users: &[UserIdx]) -> BiasedMf {
    params.check().unwrap().fit(interactions, users, &mut |_| ())
}

/// Computes the objective given in the module docs.
fn loss(training: &Training<'_>, users: &[UserIdx]) -> f64 {
    let Training { params, interactions, mean, counts, .. } = training;
    let row_penalty = |side: Side, row: &[f32], n: usize| {
        let square = |value: f32| f64::from(value) * f64::from(value);
        let factors: f64 = row[2..].iter().map(|value| square(*value)).sum();
        let bias = f64::from(params.bias_regularization) * square(row[side.bias()]);
        f64::from(params.ridge(n)) * factors + bias
    };
    let of_user = |user: &UserIdx| {
        let ratings = interactions.user_ratings(*user);
        let row = training.users.row(user.row());
        let error = |rated: Rated| {
            let predicted = mean + training.movies.dot(rated.movie.row(), row);
            f64::from(rated.stars.value() - predicted).powi(2)
        };
        row_penalty(Side::User, training.users.values(user.row()), ratings.len())
            + ratings.map(error).sum::<f64>()
    };
    let of_movie = |movie: usize| {
        row_penalty(Side::Movie, training.movies.values(movie), counts[movie] as usize)
    };
    users.iter().map(of_user).sum::<f64>() + (0..N_MOVIES).map(of_movie).sum::<f64>()
}

#[test]
fn loss_falls_at_every_half_step() {
    let interactions = generated(90);
    let users = users(0..60);
    let mut training = Training::start(params(), &interactions, &users);
    // User factors start at zero, so the losses can't be compared until after the first half-step.
    training.solve_users();
    let mut last = loss(&training, &users);
    for _ in 0..5 {
        training.solve_movies();
        let after_movies = loss(&training, &users);
        training.solve_users();
        let after_users = loss(&training, &users);
        assert!(after_users < after_movies && after_movies < last, "{last} {after_movies}");
        last = after_users;
    }
}

/// Compares a row with the Gauss-Jordan solution of its system, computed in f64.
fn check_row(training: &Training<'_>, side: Side, ratings: &[(&[f32], f32)], got: &[f32]) {
    let n = 1 + training.params.factors;
    let mut system = vec![vec![0.0_f64; n + 1]; n];
    let ridge = f64::from(training.params.ridge(ratings.len()));
    for (at, row) in system.iter_mut().enumerate() {
        let bias = f64::from(training.params.bias_regularization);
        row[at] = if at == 0 { bias } else { ridge };
    }
    for (other, stars) in ratings {
        let mut known: Vec<f64> =
            std::iter::once(1.0).chain(other[2..].iter().map(|value| f64::from(*value))).collect();
        known.push(f64::from(stars - training.mean - other[side.constant()]));
        for i in 0..n {
            for j in 0..=n {
                system[i][j] += known[i] * known[j];
            }
        }
    }
    for at in 0..n {
        let pivot = system[at][at];
        system[at].iter_mut().for_each(|value| *value /= pivot);
        let solved = system[at].clone();
        for (_, row) in system.iter_mut().enumerate().filter(|(row, _)| *row != at) {
            let factor = row[at];
            row.iter_mut().zip(&solved).for_each(|(value, solved)| *value -= factor * solved);
        }
    }
    let got: Vec<f32> = std::iter::once(got[side.bias()]).chain(got[2..].iter().copied()).collect();
    for (row, got) in system.iter().zip(got) {
        assert!((row[n] - f64::from(got)).abs() < 1e-5, "{} {got}", row[n]);
    }
}

/// Only 60 of the 90 users are in the training data. The other users' ratings must be ignored.
#[test]
fn rows_solve_their_ridge_regressions() {
    let interactions = generated(90);
    let mut training = Training::start(params(), &interactions, &users(0..60));
    training.solve_users();
    training.solve_movies();
    training.solve_users();
    let (user, movie) = (UserIdx(7), MovieIdx(12));
    let of_user: Vec<(&[f32], f32)> = interactions
        .user_ratings(user)
        .map(|rated| (training.movies.values(rated.movie.row()), rated.stars.value()))
        .collect();
    check_row(&training, Side::User, &of_user, training.users.values(user.row()));
    let users_before = training.users.clone();
    training.solve_movies();
    let of_movie: Vec<(&[f32], f32)> = interactions
        .movie_ratings(movie)
        .filter(|(user, _)| user.0 < 60)
        .map(|(user, stars)| (users_before.values(user.row()), stars.value()))
        .collect();
    check_row(&training, Side::Movie, &of_movie, training.movies.values(movie.row()));
}

/// Splits a user's ratings into a history and ratings to predict.
fn divided(interactions: &Interactions, user: UserIdx) -> (Vec<Rated>, Vec<Rated>) {
    interactions.user_ratings(user).partition(|rated| rated.movie.0 % 5 != 0)
}

#[test]
fn intervals_have_the_configured_coverage_for_other_users() {
    let interactions = generated(1500);
    for coverage in [0.6, 0.8, 0.9] {
        let params = BiasedMfParams { coverage, calibration_share: 0.3, ..params() };
        let model = fit(params, &interactions, &users(0..900));
        for longest in [3, 12, 100] {
            let mut pairs = Vec::new();
            for user in users(900..1500) {
                let (mut history, asked) = divided(&interactions, user);
                history.truncate(longest);
                let movies: Vec<MovieIdx> = asked.iter().map(|rated| rated.movie).collect();
                for (prediction, rated) in model.predict(&history, &movies).iter().zip(&asked) {
                    let Prediction { stars, low, high } = *prediction;
                    assert!(0.5 <= low && low <= stars && stars <= high && high <= 5.0);
                    let range = f64::from(low)..=f64::from(high);
                    pairs.push((range, f64::from(rated.stars.value())));
                }
            }
            let held = interval_coverage(pairs).unwrap();
            assert!((held - f64::from(coverage)).abs() < 0.04, "{coverage} {longest}: {held}");
        }
    }
}

#[test]
fn predicts_the_mean_and_the_whole_scale_for_an_unrated_movie() {
    let interactions = generated(90);
    let model = fit(params(), &interactions, &users(0..90));
    let unrated = MovieIdx(N_MOVIES as u32 - 1);
    let [prediction] = model.predict(&[], &[unrated])[..] else { panic!("one movie") };
    assert!((prediction.stars - model.mean).abs() < 1e-6);
    assert!((prediction.low, prediction.high) == (0.5, 5.0));
}

#[test]
fn predictions_do_not_depend_on_the_number_of_threads() {
    let interactions = generated(200);
    let (history, _) = divided(&interactions, UserIdx(150));
    let movies: Vec<MovieIdx> = (0..N_MOVIES as u32).map(MovieIdx).collect();
    let predictions = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(params(), &interactions, &users(0..150)).predict(&history, &movies))
    };
    assert_eq!(predictions(1), predictions(3));
}

#[test]
fn predicts_finite_stars_without_training_users() {
    let interactions = generated(3);
    let model = fit(params(), &interactions, &[]);
    let (history, _) = divided(&interactions, UserIdx(0));
    for prediction in model.predict(&history, &[MovieIdx(1)]) {
        assert!(prediction.stars.is_finite());
    }
}

#[test]
fn names_parameters_outside_their_ranges() {
    let check = |params: BiasedMfParams, expect: &str| {
        assert_eq!(params.check().unwrap_err().to_string(), expect);
    };
    check(BiasedMfParams { factors: 257, ..params() }, "factors is 257; expected 1 to 256");
    check(
        BiasedMfParams { coverage: 1.0, ..params() },
        "coverage is 1; expected a number above 0 and below 1",
    );
    check(
        BiasedMfParams { prior_ratings: 0.0, ..params() },
        "prior_ratings is 0; expected 0.001 to 1000000",
    );
    check(
        BiasedMfParams { regularization: f32::NAN, ..params() },
        "regularization is NaN; expected 0.001 to 1000000",
    );
}
