use super::*;
use crate::catalog::Rated;
use crate::ids::Vocabulary;
use crate::models::spec::Kind;
use crate::models::tests::{N_MOVIES, features, interactions, rated};
use crate::models::{Fitted, Model, Spec, TrainingSet};

/// Fits every registered model that supports extension, using only the first `n_learned` movies.
fn fitted(n_learned: usize) -> Vec<(Kind, Fitted)> {
    let all = interactions();
    let learned = all.filtered(|rated| rated.movie.row() < n_learned);
    let movies = Vocabulary::new(learned.movies().ids()[..n_learned].iter().copied());
    let learned = learned.restricted_to(&movies);
    let users: Vec<UserIdx> = learned.users().collect();
    let rows = features();
    let data = TrainingSet { interactions: &learned, users: &users, features: &rows };
    crate::models::spec::NAMES
        .into_iter()
        .filter(|name| !["hybrid", "content"].contains(name))
        .map(|name| {
            let spec = Spec::named(name).unwrap();
            let fitted = spec.fit(data, &mut |_, _| ()).unwrap();
            (spec.model, fitted)
        })
        .collect()
}

const N_LEARNED: usize = 36;

fn score(model: &Fitted, history: &[Rated]) -> Vec<f32> {
    let mut scores = vec![0.0; model.n_movies()];
    model.score(history, &mut scores);
    scores
}

/// Returns neighbors that make each new movie similar to the trained movies of the same parity.
fn neighbors_by_parity() -> Vec<Vec<(MovieIdx, f32)>> {
    let of = |new_movie: usize| {
        let same = (0..N_LEARNED as u32).filter(move |movie| movie % 2 == new_movie as u32 % 2);
        same.map(|movie| (MovieIdx(movie), 0.8)).collect()
    };
    (N_LEARNED..N_MOVIES).map(of).collect()
}

#[test]
fn keeps_learned_scores_and_maps_new_movies_from_their_neighbors() {
    let neighbors = neighbors_by_parity();
    let map = FeatureMap::default();
    let features = features();
    let new_movies = NewMovies {
        n_learned: N_LEARNED,
        neighbors: &neighbors,
        features: &features,
        ratings: None,
        map,
    };
    let even = [rated(0, 10), rated(2, 10), rated(4, 9)];
    for (kind, model) in fitted(N_LEARNED) {
        let name = kind.name();
        let extended = kind.extended(&model, &new_movies);
        assert_eq!(extended.n_movies(), N_MOVIES, "{name}");
        let (before, after) = (score(&model, &even), score(&extended, &even));
        assert_eq!(before, after[..N_LEARNED], "{name}");
        if ["edlae", "ease", "item-knn", "ials", "svd", "biased-mf"].contains(&name) {
            let [even, odd] = [36, 37].map(|movie| after[movie]);
            assert!(even > odd, "{name}: {even} {odd}");
        }
        if ["edlae", "ease", "item-knn", "ials", "svd"].contains(&name) {
            assert!(extended.has_learned(MovieIdx(36)), "{name}");
            // A new movie in the history raises the scores of movies of the same parity.
            let of_new_movie = score(&extended, &[rated(36, 10)]);
            assert!(of_new_movie[0] > of_new_movie[1], "{name}");
        }
        // A second extension replaces the movies appended by the first.
        let twice = kind.extended(&extended, &new_movies);
        assert_eq!(score(&twice, &even), after, "{name}");
    }
}

#[test]
fn scores_rated_new_movies_by_their_ratings() {
    let neighbors = vec![Vec::new(); N_MOVIES - N_LEARNED];
    let all = interactions();
    let users: Vec<UserIdx> = all.users().collect();
    let map = FeatureMap::default();
    let ratings = Some((&all, users.as_slice()));
    let features = features();
    let new_movies = NewMovies {
        n_learned: N_LEARNED,
        neighbors: &neighbors,
        features: &features,
        ratings,
        map,
    };
    // The last movie has no ratings.
    assert_eq!(new_movies.n_rated(), N_MOVIES - N_LEARNED - 1);
    let even = [rated(0, 10), rated(2, 10), rated(4, 9)];
    for (kind, model) in fitted(N_LEARNED) {
        let extended = kind.extended(&model, &new_movies);
        let scores = score(&extended, &even);
        match kind {
            Kind::Popular(_) => {
                let liked = |movie: u32| {
                    let rated = all.movie_ratings(MovieIdx(movie));
                    rated.filter(|(_, stars)| stars.halves() >= 8).count() as f32
                };
                assert_eq!(scores[38..], [liked(38), liked(39), 0.0]);
            }
            Kind::Ials(_) | Kind::Svd(_) | Kind::BiasedMf(_) => {
                assert!(scores[38] > scores[39], "{}: {scores:?}", kind.name());
            }
            _ => {}
        }
    }
}

#[test]
fn finds_the_most_similar_known_movies() {
    let rows = features().matrix;
    let found = nearest_movies(&rows, 30, |movie| movie.0 % 2 == 0);
    assert_eq!(found.len(), rows.n_rows() - 30);
    for (new_movie, similar) in (30..).zip(&found) {
        let expected: Vec<u32> =
            (0..30).filter(|movie| movie % 2 == 0 && movie % 3 == new_movie % 3).collect();
        let movies: Vec<u32> = similar.iter().map(|(movie, _)| movie.0).collect();
        assert_eq!(movies, expected);
    }
}

#[test]
fn weights_sum_to_less_than_one_and_shrink_with_similarity() {
    let neighbors = vec![vec![(MovieIdx(3), 0.9), (MovieIdx(5), 0.3)], vec![(MovieIdx(3), 0.01)]];
    let map = FeatureMap::default();
    let features = features();
    let new_movies =
        NewMovies { n_learned: 9, neighbors: &neighbors, features: &features, ratings: None, map };
    let mapped = new_movies.mapped(|_| true);
    let sums: Vec<f32> =
        mapped.iter().map(|movies| movies.iter().map(|(_, weight)| weight).sum()).collect();
    assert!(sums[0] > 0.9 && sums[0] < 1.0 && sums[1] < 0.1, "{sums:?}");
    assert_eq!(new_movies.mapped(|movie| movie.0 == 5)[1], []);
}
