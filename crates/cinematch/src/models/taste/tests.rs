use super::*;
use crate::catalog::Rated;
use crate::features::CsrMatrix;
use crate::features::labels::Labels;
use crate::features::ranking::{Block, BlockKind, FeatureSet, RankingFeatures};
use crate::ids::MovieIdx;
use crate::models::cold_start::{FeatureMap, NewMovies};
use crate::models::implicit::{Confidence, Implicit};
use crate::models::model::Model;
use crate::models::tests::rated;

const WEIGHTS: TasteTerms = TasteTerms { genres: 1.0, decades: 1.0, popularity: 1.0 };

/// Returns two genres and two decades per movie, as shares that are scaled by a block weight.
fn features(rows: &[[f32; 4]]) -> RankingFeatures {
    let mut matrix = CsrMatrix::new(5);
    for row in rows {
        // The first column belongs to a block that the model ignores.
        let entries = (1..).zip(row).filter(|(_, share)| **share > 0.0);
        matrix.push_row([(0, 9.0)].into_iter().chain(entries.map(|(at, share)| (at, share * 0.3))));
    }
    let block = |kind, start, end| Block { kind, weight: 1.0, start, end };
    RankingFeatures {
        feature_set: FeatureSet::Full,
        blocks: vec![
            block(BlockKind::Keyword, 0, 1),
            block(BlockKind::Genre, 1, 3),
            block(BlockKind::Era, 3, 5),
        ],
        names: ["spy", "crime", "drama", "around 1940", "around 1990"].map(str::to_owned).to_vec(),
        idf: vec![1.0; 5],
        labels: Labels::default(),
        matrix,
    }
}

/// Returns the likes of `users`, each a list of movies.
fn likes(n_movies: usize, users: &[&[u32]]) -> Implicit {
    let mut matrix = CsrMatrix::new(n_movies);
    for user in users {
        matrix.push_row(user.iter().map(|movie| (*movie, 1.0)));
    }
    Implicit::from_weights(matrix, Confidence::default())
}

fn terms(model: &Taste, history: &[Rated], movie: u32) -> TasteTerms {
    model.contributions(history, &[MovieIdx(movie)])[0].taste
}

/// Movies 0 and 1 are crime movies of the 1940s, 2 is a drama of the 1990s, and 3 is both at equal parts,
/// from between the decades.
fn four_movies() -> RankingFeatures {
    features(&[[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0], [0.5; 4]])
}

#[test]
fn genres_and_decades_compare_the_user_with_all_users() {
    // Crime has 3 of 6 likes.
    let implicit = likes(4, &[&[0, 1], &[0, 2], &[2], &[2]]);
    let model = Taste::fit(WEIGHTS, &implicit, &four_movies());
    let history = [rated(0, 10), rated(1, 9), rated(3, 1)];
    // Two likes, both crime, plus five likes, half of them crime.
    let crime = ((2.0 + 2.5) / 7.0 / 0.5_f32).ln();
    let drama = (2.5 / 7.0 / 0.5_f32).ln();
    // With three ratings, the terms count almost three times.
    let emphasis = 3.0 - 2.0 * 9.0 / (9.0 + 64.0);
    let close =
        |got: f32, expected: f32| assert!((got - emphasis * expected).abs() < 1e-6, "{got}");
    for terms_of in [|terms: TasteTerms| terms.genres, |terms: TasteTerms| terms.decades] {
        close(terms_of(terms(&model, &history, 1)), crime);
        close(terms_of(terms(&model, &history, 2)), drama);
        close(terms_of(terms(&model, &history, 3)), f32::midpoint(crime, drama));
    }
    // Without liked movies, all terms are 0.
    for history in [vec![], vec![rated(0, 2)]] {
        let mut scores = vec![f32::NAN; 4];
        model.score(&history, &mut scores);
        assert_eq!(scores, [0.0; 4]);
    }
}

#[test]
fn popular_movies_lose_for_niche_users_only() {
    // Movie 0 has 11 likes, and movie 3 has 1. Users like movie 0 alone, except for the last one.
    let mut users: Vec<&[u32]> = vec![&[0]; 10];
    users.push(&[0, 1, 2, 3]);
    let model = Taste::fit(WEIGHTS, &likes(4, &users), &four_movies());
    let niche = [rated(2, 10), rated(3, 10)];
    let popularity = |history: &[Rated], movie| terms(&model, history, movie).popularity;
    assert!(popularity(&niche, 0) < -1.0);
    // A movie as popular as the user's likes neither gains nor loses.
    assert!(popularity(&niche, 1).abs() < 1e-6);
    let mainstream = [rated(0, 10)];
    assert!((0..4).all(|movie| popularity(&mainstream, movie).abs() < 1e-6));
    // A user in between loses less.
    let mixed = [rated(0, 10), rated(3, 10)];
    assert!(popularity(&mixed, 0) < 0.0 && popularity(&mixed, 0) > popularity(&niche, 0));
}

#[test]
fn weights_scale_the_terms() {
    let implicit = likes(4, &[&[0, 1], &[0, 2], &[2], &[2]]);
    let fit = |weights| Taste::fit(weights, &implicit, &four_movies());
    let history = [rated(1, 10)];
    let whole = terms(&fit(WEIGHTS), &history, 2);
    let weighted =
        terms(&fit(TasteTerms { genres: 0.5, decades: 0.0, popularity: 2.0 }), &history, 2);
    assert!((weighted.genres - whole.genres / 2.0).abs() < 1e-6);
    assert!(weighted.decades.abs() < 1e-6);
    assert!((weighted.popularity - whole.popularity * 2.0).abs() < 1e-6);
}

#[test]
fn new_movies_take_genres_and_decades_from_their_features() {
    let implicit = likes(2, &[&[0], &[0, 1]]);
    let learned = features(&[[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]);
    let model = Taste::fit(WEIGHTS, &implicit, &learned);
    let all = four_movies();
    let new_movies = NewMovies {
        n_learned: 2,
        neighbors: &[Vec::new(), Vec::new()],
        features: &all,
        ratings: None,
        map: FeatureMap::default(),
    };
    let extended = model.extended(&new_movies);
    assert_eq!(extended.n_movies(), 4);
    let history = [rated(0, 10)];
    assert!(terms(&extended, &history, 2).genres < terms(&extended, &history, 3).genres);
    // Movie 1 became a crime movie.
    assert!(terms(&model, &history, 1).genres < terms(&extended, &history, 1).genres);
}
