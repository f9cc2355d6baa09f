//! Tests for the taste wall.

use super::*;

/// Requests walls of five movies until none are left. Returns the indices of the movies.
fn all_walls(recommender: &Recommender) -> Vec<u32> {
    let mut shown: Vec<MovieIdx> = Vec::new();
    loop {
        let wall = recommender.taste_wall(&[], &shown, Filter::default(), 5);
        assert!(wall.len() <= 5 && shown.len() <= 12);
        if wall.is_empty() {
            return shown.iter().map(|movie| movie.0).collect();
        }
        shown.extend(wall);
    }
}

fn n_votes(recommender: &Recommender, row: u32) -> f32 {
    match recommender.blend.models.iter().find(|learned| learned.name == "popular") {
        Some(WeightedModel { model: Fitted::Popular(popular), .. }) => {
            popular.scores()[row as usize]
        }
        _ => recommender.movie(MovieIdx(row)).vote_count.unwrap_or(0) as f32,
    }
}

/// Returns a recommender for movies with the given genres and numbers of votes.
fn with_genres(movies: &[(&str, u32)]) -> Recommender {
    let movies: Vec<Movie> = movies
        .iter()
        .zip(0..)
        .map(|((genre, votes), id)| Movie {
            genres: vec![(*genre).to_owned()],
            vote_count: Some(*votes),
            ..movie(id, &format!("Film {id}"))
        })
        .collect();
    let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
    let tags = TagCounts::default();
    let features = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
    Recommender::new(movies, features, Blend::CONTENT, Votes::Count)
}

#[test]
fn walls_show_every_known_movie_once() {
    for models in [Vec::new(), models()] {
        let recommender = with_models(models);
        let mut shown = all_walls(&recommender);
        assert_eq!(shown, all_walls(&recommender), "walls must be deterministic");
        shown.sort_unstable();
        let known: Vec<u32> = (0..12).filter(|row| n_votes(&recommender, *row) > 0.0).collect();
        assert_eq!(shown, known);
    }
}

#[test]
fn the_first_wall_has_the_best_known_movies_of_every_taste() {
    let mut movies = vec![("drama", 1000); 20];
    movies.extend([("western", 40), ("western", 50), ("western", 45)]);
    movies.extend([("documentary", 7), ("documentary", 6), ("documentary", 8)]);
    let recommender = with_genres(&movies);
    let wall = recommender.taste_wall(&[], &[], Filter::default(), 3);
    let [drama, western, documentary] = [0, 21, 25].map(MovieIdx);
    assert!([drama, western, documentary].iter().all(|movie| wall.contains(movie)), "{wall:?}");
}

#[test]
fn the_order_of_the_shown_movies_and_repetitions_have_no_effect() {
    let recommender = with_models(models());
    let mut shown = [3, 7, 5].map(MovieIdx).to_vec();
    let wall = recommender.taste_wall(&[], &shown, Filter::default(), 5);
    assert!(wall.len() == 5 && shown.iter().all(|movie| !wall.contains(movie)), "{wall:?}");
    shown.reverse();
    shown.push(shown[0]);
    assert_eq!(recommender.taste_wall(&[], &shown, Filter::default(), 5), wall);
}

/// All movies are equally well known, so only the models trained on ratings distinguish them.
#[test]
fn most_movies_are_those_that_users_with_the_same_history_watched() {
    let mut weights = CsrMatrix::new(12);
    for row in 0..12_u32 {
        let fits = |column: &u32| *column != row && column % 3 == row % 3;
        weights.push_row((0..12).filter(fits).map(|column| (column, 1.0)));
    }
    let model = Fitted::ItemItem(ItemItem::from_weights(Confidence::default(), weights));
    let popular = Fitted::Popular(Popular::from_scores(vec![1.0; 12]));
    let recommender = with_models(vec![
        WeightedModel { name: "edlae", model, weight: 1.0 },
        WeightedModel { name: "popular", model: popular, weight: 0.1 },
    ]);
    for liked in 0..12_u32 {
        let query = Query { liked: vec![MovieId(100 + liked)], ..query() };
        let (request, _) = recommender.resolve(&query).unwrap();
        let wall = recommender.taste_wall(&request.history, &[], Filter::default(), 3);
        let fits: Vec<bool> = wall.iter().map(|movie| movie.0 % 3 == liked % 3).collect();
        // The last movie explores what the liked movie is not.
        assert_eq!(fits, [true, true, false]);
    }
}

#[test]
fn a_catalog_without_votes_has_no_wall() {
    let recommender = with_genres(&[("drama", 0), ("western", 0)]);
    assert_eq!(recommender.taste_wall(&[], &[], Filter::default(), 24), []);
}
