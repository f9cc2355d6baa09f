//! Tests for the order of sequels in lists.

use super::*;
use crate::ranking::Strategy;

/// Returns the catalog with series: heists 0, 3 and 6, musicals 4 and 7, and westerns 2 and 5.
fn movies_of_series() -> Vec<Movie> {
    let mut movies = catalog();
    for (row, title) in [
        (0, "Heist"),
        (3, "Heist 2"),
        (6, "Heist III"),
        (4, "On Stage"),
        (7, "On Stage: Part Two"),
        (2, "Duel"),
        (5, "Duel 2"),
    ] {
        title.clone_into(&mut movies[row].title);
    }
    movies
}

const SERIES: [&[u32]; 3] = [&[2, 5], &[0, 3, 6], &[4, 7]];

/// Reorders a ranking without the code under test: the places of each series are filled in order.
fn in_order(ranking: &[u32]) -> Vec<u32> {
    let mut expected = ranking.to_vec();
    for parts in SERIES {
        let places: Vec<usize> =
            (0..ranking.len()).filter(|place| parts.contains(&ranking[*place])).collect();
        let listed = parts.iter().filter(|part| ranking.contains(part));
        for (place, part) in places.into_iter().zip(listed) {
            expected[place] = *part;
        }
    }
    expected
}

#[test]
fn finds_the_series_of_the_catalog() {
    let recommender = with_movies(movies_of_series(), Vec::new());
    let rows = |parts: &Vec<MovieIdx>| parts.iter().map(|movie| movie.0).collect::<Vec<_>>();
    let mut series: Vec<Vec<u32>> = recommender.series().all().iter().map(rows).collect();
    series.sort_unstable();
    let mut expected = SERIES.map(<[u32]>::to_vec);
    expected.sort_unstable();
    assert_eq!(series, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_fill_the_places_of_their_series_in_order(query in queries(), blended in proptest::bool::ANY) {
        let plain = for_query(&query, blended);
        let learned = plain.blend().models.clone();
        let recommender = with_movies(movies_of_series(), learned);
        let list = |recommender: &Recommender, limit, offset| {
            let (request, _) = recommender.resolve(&Query { limit, offset, ..query.clone() }).unwrap();
            let items = recommender.recommend(&request).items;
            items.iter().map(|item| (item.movie.0, item.score)).collect::<Vec<_>>()
        };
        let rows = |list: &[(u32, f32)]| list.iter().map(|item| item.0).collect::<Vec<_>>();
        let ranking = list(&plain, 12, 0);
        let whole = list(&recommender, 12, 0);
        prop_assert_eq!(rows(&whole), in_order(&rows(&ranking)));
        // Scores are those of the listed movies, and pages are parts of the whole list.
        for (movie, score) in &whole {
            let (_, expected) = ranking.iter().find(|(other, _)| other == movie).unwrap();
            prop_assert_eq!(score.to_bits(), expected.to_bits());
        }
        let page = list(&recommender, query.limit, query.offset);
        let expected: Vec<_> = whole.iter().skip(query.offset).take(query.limit).copied().collect();
        prop_assert_eq!(page, expected);

        let (request, _) = recommender.resolve(&query).unwrap();
        for movie in (0..12).map(MovieIdx) {
            let place = whole.iter().position(|item| item.0 == movie.0).map(|place| place + 1);
            prop_assert_eq!(recommender.place(&request, movie), place);
        }
    }

    #[test]
    fn parts_are_in_order_in_lists_for_groups(
        queries in proptest::collection::vec(queries(), 1..4),
        common in queries(),
    ) {
        let rows = |recommender: &Recommender| {
            let resolve = |query: &Query| {
                recommender.resolve(&Query { model: None, ..query.clone() }).unwrap().0
            };
            let members: Vec<Request> = queries.iter().map(resolve).collect();
            let group = Group { limit: 12, offset: 0, ..Group::new(resolve(&common), Strategy::Average) };
            let ranked = recommender.recommend_group(&members, &group).unwrap();
            prop_assert!(ranked.satisfaction.iter().flatten().all(|share| *share <= 1.0 + 1e-5));
            Ok(ranked.items.iter().map(|item| item.movie.0).collect::<Vec<_>>())
        };
        let ranking = rows(&recommender())?;
        let listed = rows(&with_movies(movies_of_series(), Vec::new()))?;
        prop_assert_eq!(listed, in_order(&ranking));
    }
}

#[test]
fn a_sequel_is_listed_alone_only_if_the_first_part_is_seen_or_filtered() {
    let recommender = with_movies(movies_of_series(), Vec::new());
    let first = |query: Query| {
        let query = Query { liked: vec![MovieId(109)], limit: 1, ..query };
        let (request, _) = recommender.resolve(&query).unwrap();
        recommender.recommend(&request).items[0].movie.0
    };
    assert_eq!(first(query()), 0);
    assert_eq!(first(Query { seen: vec![MovieId(100)], ..query() }), 3);
    assert_eq!(first(Query { exclude: vec![MovieId(100)], ..query() }), 3);
    let recent = Filters { year_min: Some(1981), ..Filters::default() };
    assert_eq!(first(Query { filters: recent, ..query() }), 3);
}
