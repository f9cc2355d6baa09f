use super::*;
use crate::catalog::Rated;
use crate::ids::Vocabulary;
use crate::models::tests::{N_MOVIES, features, interactions, rated};
use crate::models::{Model, Spec, TrainingSet};

/// Every model that is no hybrid, fitted on all but the last newcomers, and on all.
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

/// Films of which each is like those of its own parity alone.
fn parity() -> Vec<Vec<(MovieIdx, f32)>> {
    let of = |newcomer: usize| {
        let same = (0..N_LEARNED as u32).filter(move |movie| movie % 2 == newcomer as u32 % 2);
        same.map(|movie| (MovieIdx(movie), 0.8)).collect()
    };
    (N_LEARNED..N_MOVIES).map(of).collect()
}

#[test]
fn what_was_learned_stays_and_newcomers_are_like_their_neighbours() {
    let neighbours = parity();
    let map = FeatureMap::default();
    let newcomers = Newcomers { n_learned: N_LEARNED, neighbours: &neighbours, ratings: None, map };
    let even = [rated(0, 10), rated(2, 10), rated(4, 9)];
    for (kind, model) in fitted(N_LEARNED) {
        let name = kind.name();
        let extended = kind.extended(&model, &newcomers);
        assert_eq!(extended.n_movies(), N_MOVIES, "{name}");
        let (before, after) = (score(&model, &even), score(&extended, &even));
        assert_eq!(before, after[..N_LEARNED], "{name}");
        if ["edlae", "ease", "item-knn", "ials", "biased-mf"].contains(&name) {
            let [even, odd] = [36, 37].map(|movie| after[movie]);
            assert!(even > odd, "{name}: {even} {odd}");
        }
        if ["edlae", "ease", "item-knn", "ials"].contains(&name) {
            assert!(extended.knows(MovieIdx(36)), "{name}");
            // And what a newcomer in a history says.
            let of_newcomer = score(&extended, &[rated(36, 10)]);
            assert!(of_newcomer[0] > of_newcomer[1], "{name}");
        }
        // Made anew, not on top of what was made before.
        let twice = kind.extended(&extended, &newcomers);
        assert_eq!(score(&twice, &even), after, "{name}");
    }
}

#[test]
fn ratings_of_newcomers_count_like_those_of_others() {
    let neighbours = vec![Vec::new(); N_MOVIES - N_LEARNED];
    let all = interactions();
    let users: Vec<UserIdx> = all.users().collect();
    let map = FeatureMap::default();
    let ratings = Some((&all, users.as_slice()));
    let newcomers = Newcomers { n_learned: N_LEARNED, neighbours: &neighbours, ratings, map };
    // The last film has no rating.
    assert_eq!(newcomers.n_rated(), N_MOVIES - N_LEARNED - 1);
    let even = [rated(0, 10), rated(2, 10), rated(4, 9)];
    for (kind, model) in fitted(N_LEARNED) {
        let extended = kind.extended(&model, &newcomers);
        let scores = score(&extended, &even);
        match kind {
            Kind::Popular => {
                let liked = |movie: u32| {
                    let rated = all.of_movie(MovieIdx(movie));
                    rated.filter(|(_, stars)| stars.halves() >= 8).count() as f32
                };
                assert_eq!(scores[38..], [liked(38), liked(39), 0.0]);
            }
            Kind::Ials(_) | Kind::BiasedMf(_) => {
                assert!(scores[38] > scores[39], "{}: {scores:?}", kind.name());
            }
            _ => {}
        }
    }
}

#[test]
fn neighbours_are_the_most_alike_that_are_known() {
    let rows = features().matrix;
    let found = neighbours(&rows, 30, |movie| movie.0 % 2 == 0);
    assert_eq!(found.len(), rows.n_rows() - 30);
    for (newcomer, alike) in (30..).zip(&found) {
        let expected: Vec<u32> =
            (0..30).filter(|film| film % 2 == 0 && film % 3 == newcomer % 3).collect();
        let movies: Vec<u32> = alike.iter().map(|(film, _)| film.0).collect();
        assert_eq!(movies, expected);
    }
}

#[test]
fn weights_add_up_to_less_than_one_and_less_where_nothing_is_alike() {
    let neighbours = vec![vec![(MovieIdx(3), 0.9), (MovieIdx(5), 0.3)], vec![(MovieIdx(3), 0.01)]];
    let map = FeatureMap::default();
    let newcomers = Newcomers { n_learned: 9, neighbours: &neighbours, ratings: None, map };
    let mapped = newcomers.mapped(|_| true);
    let sums: Vec<f32> =
        mapped.iter().map(|movies| movies.iter().map(|(_, weight)| weight).sum()).collect();
    assert!(sums[0] > 0.9 && sums[0] < 1.0 && sums[1] < 0.1, "{sums:?}");
    assert_eq!(newcomers.mapped(|movie| movie.0 == 5)[1], []);
}
