//! One suite for all models, and what single ones promise of their own.

use std::fmt::Write as _;

use super::biased_mf::BiasedMfParams;
use super::content::ContentAlone;
use super::ease::{EaseError, EaseParams};
use super::hybrid::Hybrid;
use super::ials::{IalsParams, Solver};
use super::knn::{ItemKnnParams, UserKnnParams};
use super::popular::Popularity;
use super::*;
use crate::catalog::Interactions;
use crate::features::CsrMatrix;
use crate::features::ranking::{Block, BlockKind, FeatureSet, RankingFeatures};
use crate::ids::{MovieId, UserIdx, Vocabulary};
use crate::rating::Stars;
use crate::sources::ratings;

pub(super) const N_MOVIES: usize = 41;
const N_USERS: usize = 90;

/// More users than films, so that swapped axes are caught; the last film has no rating.
pub(super) fn interactions() -> Interactions {
    let mut csv = "userId,movieId,rating,timestamp\n".to_owned();
    for user in 0..N_USERS {
        for movie in 0..N_MOVIES - 1 {
            // Two tastes, the evens and the odds, and some that watch anything.
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

/// A feature that every third film has, and one for all.
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

fn models() -> Vec<(&'static str, Box<dyn Model>)> {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let popular = |kind: Popularity| Box::new(kind.fit(&interactions, &users));
    let fit_ease = || Box::new(ease().check().unwrap().fit(&implicit, &mut |_| ()).unwrap());
    let fit = |params: IalsParams| Box::new(params.check().unwrap().fit(&implicit, &mut |_| ()));
    let fit_ials = || fit(ials());
    let biased_mf = BiasedMfParams::default().check().unwrap();
    vec![
        ("popular", popular(Popularity::Liked)),
        ("average stars", popular(Popularity::AverageStars { prior: 5.0 })),
        ("recent", popular(Popularity::Recent { half_life_days: 10.0 })),
        ("item-knn", Box::new(ItemKnnParams::default().fit(&implicit))),
        ("user-knn", Box::new(UserKnnParams::default().fit(&implicit))),
        ("edlae", fit_ease()),
        ("ials", fit_ials()),
        ("ials-cg", fit(ials_cg())),
        ("biased-mf", Box::new(biased_mf.fit(&interactions, &users, &mut |_| ()))),
        ("content", Box::new(ContentAlone::fit(features()))),
        (
            "hybrid",
            Box::new(Hybrid::new(vec![
                (Fitted::ItemItem(*fit_ease()), 1.0),
                (Fitted::Ials(*fit_ials()), 0.5),
                (Fitted::Content(ContentAlone::fit(features())), 0.3),
                (Fitted::Popular(*popular(Popularity::Liked)), 0.1),
            ])),
        ),
    ]
}

pub(super) fn rated(movie: u32, halves: u8) -> Rated {
    Rated { movie: MovieIdx(movie), stars: Stars::from_halves(halves).unwrap(), time: 0 }
}

#[test]
fn every_model_keeps_the_promises_of_models() {
    let histories = [
        vec![],
        vec![rated(0, 10)],
        vec![rated(2, 9), rated(5, 6), rated(8, 1), rated(30, 10)],
        // A film that nobody rated.
        vec![rated(N_MOVIES as u32 - 1, 10), rated(4, 10)],
    ];
    for (name, model) in models() {
        assert_eq!(model.n_movies(), N_MOVIES, "{name}");
        for history in &histories {
            // What is left from another history must not matter.
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
fn every_model_finds_a_taste() {
    let history = [rated(0, 10), rated(6, 9), rated(12, 10), rated(18, 9)];
    for (name, model) in models() {
        // These know nobody, and content was given a taste of its own.
        if ["popular", "average stars", "recent", "content"].contains(&name) {
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
fn the_same_bytes_at_any_number_of_threads() {
    let history = [rated(2, 9), rated(5, 6), rated(30, 10)];
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let of = |(_, model): &(&str, Box<dyn Model>)| {
                let mut scores = vec![0.0; N_MOVIES];
                model.score(&history, &mut scores);
                scores.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
            };
            models().iter().map(of).collect::<Vec<_>>()
        })
    };
    assert_eq!(bits(1), bits(3));
}

/// (G + diagonal)⁻¹ by Gauss and Jordan in f64, from the ratings themselves.
#[test]
fn ease_is_the_closed_form() {
    let interactions = interactions();
    let users: Vec<UserIdx> = interactions.users().collect();
    let implicit = Implicit::new(&interactions, &users, Confidence::default());
    let params = EaseParams { regularization: 20.0, dropout: 0.33, ..EaseParams::default() };
    let model = params.check().unwrap().fit(&implicit, &mut |_| ()).unwrap();
    // The last film, which nobody rated, is not part of it.
    let n = N_MOVIES - 1;
    let mut left = vec![vec![0.0_f64; n]; n];
    for user in users {
        let weight = |rated: Rated| f64::from(Confidence::default().of(rated.stars));
        for a in interactions.of_user(user) {
            for b in interactions.of_user(user) {
                left[a.movie.row()][b.movie.row()] += weight(a) * weight(b);
            }
        }
    }
    for (at, row) in left.iter_mut().enumerate() {
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
fn the_loss_of_ials_falls_at_every_half_step() {
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
    // Few steps from where the factors are end nearly where exact solutions do.
    assert!((ends[1] / ends[0] - 1.0).abs() < 0.01, "{ends:?}");
}

#[test]
fn many_steps_of_conjugate_gradients_solve_exactly() {
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
fn parameters_out_of_range_are_named() {
    let refused = EaseParams { dropout: 1.0, ..ease() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "dropout is 1; expected 0 to below 1");
    assert!(matches!(refused, EaseError::OutOfRange { .. }));
    let refused = IalsParams { factors: 0, ..ials() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "factors is 0; expected 1 to 4096");
    let solver = Solver::ConjugateGradients { steps: 0 };
    let refused = IalsParams { solver, ..ials() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "solver's steps is 0; expected 1 to 1000");
    let nan = IalsParams { regularization: f32::NAN, ..ials() }.check();
    assert!(nan.is_err());
}
