//! Tests for lists ordered by popularity.

use super::*;

fn list(recommender: &Recommender, query: &Query) -> Vec<(u32, f32, String)> {
    let (request, _) = recommender.resolve(query).unwrap();
    let items = recommender.recommend(&request).items;
    let line = |item: &Recommendation<'_>| explanation(&item.reasons);
    let row = |item: &Recommendation<'_>| (item.movie.0, item.score, line(item));
    items.iter().map(row).collect()
}

#[test]
fn popularity_order_ignores_all_other_options() {
    let recommender = with_models(models());
    let by_popularity = Query { order: Order::Popularity, limit: 12, ..query() };
    let plain = list(&recommender, &by_popularity);
    let votes = |row: u32| recommender.movie(MovieIdx(row)).vote_count.unwrap();
    let mut expected: Vec<u32> = (0..12).collect();
    expected.sort_by_key(|row| (Reverse(votes(*row)), *row));
    assert_eq!(plain.iter().map(|movie| movie.0).collect::<Vec<_>>(), expected);
    for (row, score, line) in &plain {
        let expected = (votes(*row) as f32).ln_1p() / (votes(plain[0].0) as f32).ln_1p();
        assert!((score - expected).abs() < 1e-6);
        assert_eq!(line, "Widely known.");
    }
    let asked = Query {
        preferred_genres: vec!["western".to_owned()],
        novelty: 1.0,
        model: Some("edlae".to_owned()),
        ratings: vec![Rating { movie_id: MovieId(104), rating: 5.0 }],
        disliked: vec![MovieId(109)],
        ..by_popularity.clone()
    };
    let mut rest = plain.clone();
    rest.retain(|movie| movie.0 != 4 && movie.0 != 9);
    assert_eq!(list(&recommender, &asked), rest);
    // Filters do not change scores, and diversity applies if requested.
    let westerns = GenreFilter { any: vec!["western".to_owned()], ..GenreFilter::default() };
    let filters = Filters { genres: westerns, ..Filters::default() };
    let of_genre = list(&recommender, &Query { filters, ..by_popularity.clone() });
    let mut expected = plain.clone();
    expected.retain(|movie| movie.0 % 3 == 2);
    assert_eq!(of_genre, expected);
    let diverse = list(&recommender, &Query { diversity: Some(0.9), ..by_popularity });
    assert_ne!(diverse, plain);
}
