//! What a request says of given films.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_movie_is_assessed_as_the_list_that_has_it_says(
        query in queries(),
        films in proptest::collection::vec(0_u32..12, 0..6),
        blended in proptest::bool::ANY,
    ) {
        let recommender = for_query(&query, blended);
        let (request, _) = recommender.resolve(&query).unwrap();
        let listed = recommender.recommend(&request).items;
        let movies: Vec<MovieIdx> = listed.iter().map(|item| item.movie).collect();
        prop_assert_eq!(recommender.assess(&request, &movies), listed.as_slice());

        // Any films, in any order, again and again, those that no list has among them.
        let films: Vec<MovieIdx> = films.into_iter().map(MovieIdx).collect();
        let assessed = recommender.assess(&request, &films);
        prop_assert_eq!(assessed.len(), films.len());
        for (item, film) in assessed.iter().zip(&films) {
            prop_assert_eq!(item.movie, *film);
            if let Some(place) = movies.iter().position(|movie| movie == film) {
                prop_assert_eq!(item, &listed[place]);
            }
            let sum: f32 = item.reasons.iter().map(Reason::contribution).sum();
            let rounding = 1e-5 * item.score.abs().max(1.0);
            prop_assert!((sum - item.score).abs() < rounding, "{} {}", sum, item.score);
        }

        // Filters change nothing of it.
        let anything = Request { filter: Filter::default(), ..request };
        prop_assert_eq!(recommender.assess(&anything, &films), assessed);
    }
}
