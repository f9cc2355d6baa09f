//! Tests for diversity and calibration.

use super::super::calibrate::GenreMix;
use super::super::diversify::Diversity;
use super::*;
use crate::evaluation::miscalibration;

/// Returns the weight of each genre, splitting each movie's weight evenly among its genres.
fn spread(index: &FilterIndex, movies: impl Iterator<Item = (MovieIdx, f64)>) -> Vec<f64> {
    let mut weights = vec![0.0; index.genres.names().len()];
    for (movie, weight) in movies {
        let genres = index.genres_of(movie.row())[0];
        for (genre, sum) in weights.iter_mut().enumerate() {
            if genres >> genre & 1 == 1 {
                *sum += weight / f64::from(genres.count_ones());
            }
        }
    }
    weights
}

fn history_of(signals: &[(u32, f32)]) -> Vec<HistoryItem> {
    let item = |(movie, weight): &(u32, f32)| HistoryItem {
        signal: Signal { movie: MovieIdx(*movie), weight: *weight },
        feedback: Feedback::Liked,
    };
    signals.iter().map(item).collect()
}

/// Returns the order chosen by an exhaustive greedy algorithm.
fn greedy(
    recommender: &Recommender,
    candidates: &[Candidate],
    diversity: f32,
    history: &[HistoryItem],
) -> Vec<MovieIdx> {
    let index = recommender.index();
    let liked = history.iter().filter(|item| item.signal.weight > 0.0);
    let liked = liked.map(|item| (item.signal.movie, f64::from(item.signal.weight)));
    let mix = spread(index, liked);
    let is_calibrated = mix.iter().any(|weight| *weight > 0.0);
    let (best, worst) = (candidates[0].score, candidates.last().unwrap().score);
    let mut similarity_pool = recommender.model().similarity_pool();
    for candidate in candidates {
        similarity_pool.push(candidate.movie);
    }
    let alike: Vec<Vec<f32>> = candidates
        .iter()
        .map(|candidate| similarity_pool.similarities_to(candidate.movie).to_vec())
        .collect();
    let mut waiting: Vec<usize> = (0..candidates.len()).collect();
    let mut list: Vec<usize> = Vec::new();
    while !waiting.is_empty() {
        let negative_distance: Vec<f32> = waiting
            .iter()
            .map(|at| {
                let with = list.iter().chain([at]).map(|at| (candidates[*at].movie, 1.0));
                miscalibration(&mix, &spread(index, with)).map_or(0.0, |far| -far as f32)
            })
            .collect();
        let least = negative_distance.iter().copied().fold(f32::INFINITY, f32::min);
        let range = negative_distance.iter().copied().fold(f32::NEG_INFINITY, f32::max) - least;
        let value = |place: usize| {
            let at = waiting[place];
            let relevance = (candidates[at].score - worst) / (best - worst);
            let above = list.iter().map(|above| alike[at][*above]).fold(0.0, f32::max);
            let near = if range > 1e-5 { (negative_distance[place] - least) / range } else { 0.0 };
            let near = if is_calibrated { near } else { 0.0 };
            (1.0 - diversity) * relevance - diversity * above + diversity * 0.3 * near
        };
        let pick = (1..waiting.len())
            .fold(0, |pick, place| if value(place) > value(pick) + 1e-5 { place } else { pick });
        list.push(waiting.remove(pick));
    }
    list.into_iter().map(|at| candidates[at].movie).collect()
}

/// Returns a diversity that matches don't limit.
fn unlimited<'a>(
    recommender: &'a Recommender,
    history: &[HistoryItem],
    strength: f32,
) -> Diversity<'a> {
    let mix = GenreMix::new(recommender.index(), history);
    Diversity { strength, mix, match_scale: None }
}

#[test]
fn lazy_greedy_agrees_with_exhaustive_greedy() {
    // Give one movie in the catalog no genres and one movie three.
    let mut movies = catalog();
    movies[4].genres.clear();
    movies[7].genres = ["crime", "musical", "western"].map(str::to_owned).into();
    let features = model(FeatureSet::Full).features().clone();
    let recommender = Recommender::new(movies, features, Blend::CONTENT, Votes::Count);
    let candidates: Vec<Candidate> = (0..12)
        .map(|row| Candidate { movie: MovieIdx(row * 5 % 12), score: 1.0 - row as f32 * 0.031 })
        .collect();
    for signals in [&[][..], &[(0, -0.5)], &[(0, 1.0), (3, 0.7), (1, 0.4), (2, -1.0)], &[(7, 0.2)]]
    {
        let history = history_of(signals);
        for strength in [0.05, 0.3, 0.6, 1.0] {
            let expected = greedy(&recommender, &candidates, strength, &history);
            for wanted in [12, 5] {
                let model = recommender.model();
                let diversity = unlimited(&recommender, &history, strength);
                let lazy = diversify::rerank(model, candidates.clone(), wanted, diversity);
                let lazy: Vec<MovieIdx> = lazy.iter().map(|item| item.movie).collect();
                assert_eq!(lazy[..wanted], expected[..wanted], "{signals:?} {strength}");
            }
        }
        let none = unlimited(&recommender, &history, 0.0);
        let unchanged = diversify::rerank(recommender.model(), candidates.clone(), 12, none);
        assert_eq!(unchanged, candidates);
    }
}

/// A user who likes two kinds of movies gets both, roughly in the same proportions.
#[test]
fn calibrated_list_has_the_genre_shares_of_the_history() {
    let kinds: Vec<Movie> = (0..90)
        .map(|id| Movie {
            genres: vec![["crime", "musical", "western"][id as usize % 3].to_owned()],
            ..movie(id, &format!("Film {id}"))
        })
        .collect();
    let plain = PlainFeatures::fit(&kinds, TfidfParams::default()).unwrap();
    let tags = TagCounts::default();
    let features = RankingFeatures::fit(FeatureSet::Full, &kinds, &plain, &tags).unwrap();
    let recommender = Recommender::new(kinds, features, Blend::CONTENT, Votes::Count);
    let crime = (0..8).map(|at| MovieId(at * 3));
    let musicals = (0..2).map(|at| MovieId(at * 3 + 1));
    let liked: Vec<MovieId> = crime.chain(musicals).collect();
    let shares = |diversity| {
        let query = Query { liked: liked.clone(), limit: 20, diversity, ..query() };
        let (request, _) = recommender.resolve(&query).unwrap();
        let mut shares = [0; 3];
        for item in recommender.recommend(&request).items {
            shares[item.movie.row() % 3] += 1;
        }
        shares
    };
    assert_eq!(shares(Some(0.0)), [20, 0, 0]);
    assert_eq!(shares(Some(0.95)), [16, 4, 0]);
}
