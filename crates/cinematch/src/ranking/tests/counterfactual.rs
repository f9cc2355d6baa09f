//! Tests for counterfactuals and for positions in a list.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Compares each counterfactual with a ranking of the whole catalog, computed without the feedback that the
    /// counterfactual removes.
    #[test]
    fn places_agree_with_ranking_without_the_feedback(query in queries(), blended in proptest::bool::ANY) {
        let recommender = for_query(&query, blended);
        let (request, _) = recommender.resolve(&query).unwrap();
        let ranked = recommender.recommend(&request);
        let without = recommender.counterfactuals(&request, &ranked);
        prop_assert_eq!(without.len(), ranked.items.len());
        for (at, (item, without)) in ranked.items.iter().zip(without).enumerate() {
            let parts: Vec<f32> = (0..request.history.len())
                .map(|position| recommender.contribution_of(&request, position, item.movie))
                .collect();
            let most = parts.iter().copied().fold(0.0, f32::max);
            let Some(without) = without else {
                prop_assert!(most <= 0.0, "{parts:?}");
                continue;
            };
            let of_movie = |item: &HistoryItem| recommender.movie(item.signal.movie).movie_id;
            let source = request.history.iter().position(|item| of_movie(item) == without.movie_id);
            prop_assert_eq!(parts[source.unwrap()].to_bits(), most.to_bits());
            prop_assert_eq!(without.place, query.offset + at + 1);

            let mut changed = Request { limit: 12, offset: 0, ..request.clone() };
            let item_of_history = changed.history.remove(source.unwrap());
            prop_assert_eq!(without.feedback, item_of_history.feedback);
            let list = recommender.recommend(&changed).items;
            let place = list.iter().position(|other| other.movie == item.movie).unwrap();
            prop_assert_eq!(without.counterfactual_place, place + 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn place_agrees_with_the_whole_list(query in queries(), blended in proptest::bool::ANY) {
        let recommender = for_query(&query, blended);
        let (request, _) = recommender.resolve(&query).unwrap();
        let whole = Request { limit: 12, offset: 0, ..request.clone() };
        let list = recommender.recommend(&whole).items;
        for movie in (0..12).map(MovieIdx) {
            let place = list.iter().position(|item| item.movie == movie).map(|place| place + 1);
            prop_assert_eq!(recommender.place(&request, movie), place);
        }
    }
}

/// Diversification reorders only the top of the list; the movies below it are sorted by score.
#[test]
fn reports_places_below_the_diversified_pool() {
    let kind = |id: u32| ["crime", "western"][usize::from(id >= 150)];
    let movies: Vec<Movie> = (0..300)
        .map(|id| Movie {
            genres: vec![kind(id).to_owned()],
            keywords: vec![format!("of group {}", id % 7), kind(id).to_owned()],
            ..movie(id, &format!("Film {id}"))
        })
        .collect();
    let plain = PlainFeatures::fit(&movies, TfidfParams::default()).unwrap();
    let tags = TagCounts::default();
    let features = RankingFeatures::fit(FeatureSet::Full, &movies, &plain, &tags).unwrap();
    let recommender = Recommender::new(movies, features, Blend::CONTENT, Votes::Count);
    let rating = |id, rating| Rating { movie_id: MovieId(id), rating };
    let ratings = vec![rating(1, 5.0), rating(2, 3.5), rating(160, 4.5)];
    let query = Query { ratings, limit: 60, ..query() };
    let (request, _) = recommender.resolve(&query).unwrap();
    let ranked = recommender.recommend(&request);
    let mut below = 0;
    for (item, without) in ranked.items.iter().zip(recommender.counterfactuals(&request, &ranked)) {
        let without = without.unwrap();
        let mut changed = Request { limit: 300, ..request.clone() };
        changed
            .history
            .retain(|item| recommender.movie(item.signal.movie).movie_id != without.movie_id);
        let list = recommender.recommend(&changed).items;
        let place = list.iter().position(|other| other.movie == item.movie).unwrap();
        assert_eq!(without.counterfactual_place, place + 1);
        below += usize::from(place >= 100);
    }
    assert!(below > 5, "{below}");
    let line = recommender.counterfactuals(&request, &ranked)[0].as_ref().unwrap().to_string();
    assert!(line.starts_with("Without your 5★ rating of Film 1, this would fall from "), "{line}");
}
