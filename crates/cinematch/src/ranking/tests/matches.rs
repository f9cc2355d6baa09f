//! Tests for matches: their conditions, and the order of lists.

use super::*;

fn with_scale() -> Recommender {
    let [sample_low, sample_high] = [(0.1, false), (0.9, true)].map(|(score, is_liked)| {
        MatchSample { history: HistoryCounts { n_movies: 50, n_liked: 25 }, score, is_liked }
    });
    let samples = [vec![sample_low; 300], vec![sample_high; 300]].concat();
    let scale = MatchScale::fit(&samples).expect("likes grow with the score");
    with_models(models()).with_match_scale(Some(scale))
}

fn matches(query: &Query) -> Vec<Option<f32>> {
    let recommender = with_scale();
    let (request, _) = recommender.resolve(query).unwrap();
    let items = recommender.recommend(&request).items;
    items.iter().map(|item| item.match_probability).collect()
}

fn liked() -> Query {
    Query { liked: vec![MovieId(100), MovieId(103)], limit: 12, ..query() }
}

#[test]
fn only_lists_ranked_by_the_taste_of_a_user_with_a_history_have_matches() {
    let has_matches = |query| matches(&query).iter().all(Option::is_some);
    assert!(has_matches(liked()));
    let none = |query| matches(&query).iter().all(Option::is_none);
    assert!(none(Query { limit: 12, ..query() }));
    assert!(none(Query { order: Order::Popularity, ..liked() }));
    assert!(none(Query { model: Some("ials".to_owned()), ..liked() }));
    let unscaled = with_models(models());
    let (request, _) = unscaled.resolve(&liked()).unwrap();
    assert!(unscaled.recommend(&request).items.iter().all(|it| it.match_probability.is_none()));
}

#[test]
fn without_diversity_matches_fall_along_the_list() {
    let matches = matches(&Query { diversity: Some(0.0), ..liked() });
    assert!(matches.is_sorted_by(|a, b| a >= b), "{matches:?}");
    assert!(matches[0] > matches[9], "{matches:?}");
}

#[test]
fn diversity_changes_the_order_only_within_five_points() {
    let recommender = with_scale();
    let of = |diversity| {
        let query = Query { diversity: Some(diversity), ..liked() };
        let (request, _) = recommender.resolve(&query).unwrap();
        recommender.recommend(&request).items
    };
    let (plain, diverse) = (of(0.0), of(1.0));
    let order = |items: &[Recommendation<'_>]| -> Vec<MovieIdx> {
        items.iter().map(|item| item.movie).collect()
    };
    assert_ne!(order(&plain), order(&diverse));
    for (place, item) in diverse.iter().enumerate() {
        for later in &diverse[place..] {
            let gap = later.match_probability.unwrap() - item.match_probability.unwrap();
            assert!(gap <= 0.05 + 1e-6, "{gap} at place {place}");
        }
    }
}

#[test]
fn novelty_changes_the_order_and_not_the_matches() {
    let recommender = with_scale();
    let of = |novelty| {
        let (request, _) = recommender.resolve(&Query { novelty, ..liked() }).unwrap();
        let mut items = recommender.recommend(&request).items;
        items.sort_by_key(|item| item.movie);
        items
    };
    let mut changes = 0;
    for (plain, novel) in of(0.0).iter().zip(of(1.0)) {
        let gap = plain.match_probability.unwrap() - novel.match_probability.unwrap();
        assert!(plain.movie == novel.movie && gap.abs() < 1e-5, "{gap}");
        changes += usize::from((plain.score - novel.score).abs() > 1e-3);
    }
    assert!(changes > 0);
}
