//! Tests for assessing given movies.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn assess_agrees_with_the_list(
        query in queries(),
        rows in proptest::collection::vec(0_u32..12, 0..6),
        blended in proptest::bool::ANY,
    ) {
        let recommender = for_query(&query, blended);
        let (request, _) = recommender.resolve(&query).unwrap();
        let listed = recommender.recommend(&request).items;
        let movies: Vec<MovieIdx> = listed.iter().map(|item| item.movie).collect();
        prop_assert_eq!(recommender.score_movies(&request, &movies), listed.as_slice());

        // The given movies may be in any order, repeated, or absent from the list.
        let given: Vec<MovieIdx> = rows.into_iter().map(MovieIdx).collect();
        let assessed = recommender.score_movies(&request, &given);
        prop_assert_eq!(assessed.len(), given.len());
        for (item, movie) in assessed.iter().zip(&given) {
            prop_assert_eq!(item.movie, *movie);
            if let Some(place) = movies.iter().position(|other| other == movie) {
                prop_assert_eq!(item, &listed[place]);
            }
            let sum: f32 = item.reasons.iter().map(Reason::contribution).sum();
            let rounding = 1e-5 * item.score.abs().max(1.0);
            prop_assert!((sum - item.score).abs() < rounding, "{} {}", sum, item.score);
        }

        // Filters have no effect on assessments.
        let anything = Request { filter: Filter::default(), ..request };
        prop_assert_eq!(recommender.score_movies(&anything, &given), assessed);
    }
}
