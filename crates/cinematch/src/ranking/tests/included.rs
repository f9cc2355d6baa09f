//! Tests for movies that are listed only if a query includes them.

use super::*;

/// Returns the catalog with an adult movie, a movie that is only planned, and a movie released on 2027-01-01.
fn restricted() -> Recommender {
    let mut movies = catalog();
    movies[0].is_adult = true;
    movies[1].status = Some("Planned".to_owned());
    movies[2].release_date = "2027-01-01".parse().ok();
    with_movies(movies, Vec::new())
}

fn listed(filters: Filters, today: Option<&str>) -> (Vec<u32>, Shortfall) {
    let recommender = restricted();
    let today = today.map(|today| today.parse().unwrap());
    let query = Query { filters, today, limit: 50, ..query() };
    let (request, _) = recommender.resolve(&query).unwrap();
    let ranked = recommender.recommend(&request);
    let mut rows: Vec<u32> = ranked.items.iter().map(|item| item.movie.0).collect();
    rows.sort_unstable();
    (rows, ranked.shortfall.unwrap())
}

#[test]
fn adult_and_unreleased_movies_are_left_out_and_counted() {
    let (rows, shortfall) = listed(Filters::default(), Some("2026-11-29"));
    assert_eq!(rows, (3..12).collect::<Vec<_>>());
    let expected = [(FilterKind::Adult, 1), (FilterKind::Unreleased, 2)];
    assert_eq!(shortfall.removed_by, expected.into());
    // Without a date, only the status counts.
    assert_eq!(listed(Filters::default(), None).0, (2..12).collect::<Vec<_>>());
    assert_eq!(listed(Filters::default(), Some("2027-01-01")).0, (2..12).collect::<Vec<_>>());
}

#[test]
fn an_age_limit_removes_movies_with_a_higher_or_unknown_minimum_age() {
    let mut movies = catalog();
    movies[0].certifications = ["DE:6".to_owned(), "US:PG-13".to_owned()].into();
    movies[1].certifications = vec!["US:G".to_owned()];
    movies[2].genres.push("children".to_owned());
    let recommender = with_movies(movies, Vec::new());
    let listed = |max_age| {
        let filters = Filters { max_age: Some(max_age), ..Filters::default() };
        let (request, _) = recommender.resolve(&Query { filters, limit: 50, ..query() }).unwrap();
        let ranked = recommender.recommend(&request);
        let removed = ranked.shortfall.unwrap().removed_by[&FilterKind::MaxAge];
        let mut rows: Vec<u32> = ranked.items.iter().map(|item| item.movie.0).collect();
        rows.sort_unstable();
        assert_eq!(rows.len() + removed, 12);
        rows
    };
    assert_eq!((listed(0), listed(6)), (vec![1], vec![1, 2]));
    assert_eq!((listed(12), listed(18)), (vec![1, 2], vec![0, 1, 2]));
    let filters = Filters { max_age: Some(19), ..Filters::default() };
    let error = recommender.resolve(&Query { filters, ..query() }).unwrap_err().to_string();
    assert_eq!(error, "filters.max_age: expected 0 to 18, got 19");
}

#[test]
fn a_query_can_include_adult_or_unreleased_movies() {
    let today = Some("2026-11-29");
    let adult = Filters { include_adult: true, ..Filters::default() };
    assert_eq!(listed(adult, today).0, [&[0][..], &(3..12).collect::<Vec<_>>()].concat());
    let unreleased = Filters { include_unreleased: true, ..Filters::default() };
    assert_eq!(listed(unreleased, today).0, (1..12).collect::<Vec<_>>());
    let western = vec!["western".to_owned()];
    let genres = GenreFilter { any: western, ..GenreFilter::default() };
    let westerns = Filters { genres, include_unreleased: true, ..Filters::default() };
    assert_eq!(listed(westerns, today).0, [2, 5, 8, 11]);
}

#[test]
fn a_query_for_certain_movies_lists_no_others() {
    let recommender = restricted();
    let only = [108, 104, 104, 100, 999].map(MovieId).to_vec();
    let query = Query { only, today: Some("2026-11-29".parse().unwrap()), ..query() };
    let (request, _) = recommender.resolve(&query).unwrap();
    let ranked = recommender.recommend(&request);
    let mut rows: Vec<u32> = ranked.items.iter().map(|item| item.movie.0).collect();
    rows.sort_unstable();
    assert_eq!(rows, [4, 8]);
    // The adult movie passes no other condition, and the nine others are not asked for.
    let expected = [(FilterKind::Adult, 1), (FilterKind::Only, 9)];
    assert_eq!(ranked.shortfall.unwrap().removed_by, expected.into());
}
