//! Tests for group recommendations.

use std::collections::BTreeMap;

use proptest::strategy::Strategy as _;

use super::*;
use crate::ranking::Strategy;

fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
    prop_oneof![
        Just(Strategy::Average),
        Just(Strategy::LeastMisery),
        prop_oneof![Just(0.0), Just(0.5), Just(1.0), 0_f32..=1.0]
            .prop_map(|below| Strategy::Veto { below }),
    ]
}

/// Returns a member's score for each movie, by movie index, from a list for that member alone.
fn scores(recommender: &Recommender, request: &Request) -> Vec<f32> {
    let filter = Filter::default();
    let all = Group { filter, limit: 12, ..Group::default() };
    let alone = Request { filter: Filter::default(), ..request.clone() };
    let mut scores = vec![f32::NAN; 12];
    for item in recommender.recommend_group(&[alone], &all).unwrap().items {
        assert_eq!(item.score.to_bits(), item.members[0].score.to_bits());
        scores[item.movie.row()] = item.score;
    }
    scores
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn returns_k_allowed_movies_with_exact_reasons(
        queries in proptest::collection::vec(queries(), 1..5),
        common in queries(),
        strategy in strategies(),
        blended in proptest::bool::ANY,
    ) {
        let recommender = with_models(if blended { models() } else { Vec::new() });
        let without_model = |query: &Query| Query { model: None, ..query.clone() };
        let queries: Vec<Query> = queries.iter().map(without_model).collect();
        let resolve = |query: &Query| recommender.resolve(query).unwrap().0;
        let members: Vec<Request> = queries.iter().map(resolve).collect();
        let common = without_model(&common);
        let group = Group::new(resolve(&common), strategy);
        let ranked = recommender.recommend_group(&members, &group).unwrap();

        // Determine the eligible movies without the code under test.
        let passes = |row: usize| {
            let movie = &recommender.movies()[row];
            queries.iter().chain([&common]).all(|query| may_be_shown(movie, query))
        };
        let passing: Vec<usize> = (0..12).filter(|row| passes(*row)).collect();
        let of_members: Vec<Vec<f32>> =
            members.iter().map(|request| scores(&recommender, request)).collect();
        let vetoes = |scores: &Vec<f32>, row: usize| {
            let Strategy::Veto { below } = strategy else { return false };
            let worse = passing.iter().filter(|other| scores[**other] <= scores[row]).count();
            // `worse` includes the movie itself and movies with the same score.
            let unwanted = (f64::from(below) * passing.len() as f64).floor() as usize;
            worse <= unwanted.min(passing.len() - 1)
        };
        let wanted: Vec<usize> = passing
            .iter()
            .copied()
            .filter(|row| !of_members.iter().any(|scores| vetoes(scores, *row)))
            .collect();

        // The list has exactly k movies if k remain, and a shortfall accounts for every movie.
        let left = wanted.len().saturating_sub(common.offset);
        prop_assert_eq!(ranked.items.len(), common.limit.min(left));
        prop_assert_eq!(ranked.shortfall.is_some(), ranked.items.len() < common.limit);
        if let Some(Shortfall { removed_by, .. }) = &ranked.shortfall {
            prop_assert_eq!(removed_by.values().sum::<usize>() + wanted.len(), 12);
            let vetoed = removed_by.get(&FilterKind::Veto).copied().unwrap_or(0);
            prop_assert_eq!(vetoed, passing.len() - wanted.len());
        }

        // The list contains the remaining movies with the highest mean or minimum.
        let of_group = |row: usize| {
            let scores = of_members.iter().map(|scores| scores[row]);
            match strategy {
                Strategy::LeastMisery => scores.fold(f32::INFINITY, f32::min),
                _ => scores.sum::<f32>() / members.len() as f32,
            }
        };
        let mut expected = wanted.clone();
        expected.sort_by(|a, b| of_group(*b).total_cmp(&of_group(*a)).then(a.cmp(b)));
        let expected = expected.iter().skip(common.offset).take(common.limit);
        for (item, expected) in ranked.items.iter().zip(expected) {
            prop_assert!(wanted.contains(&item.movie.row()));
            let rounding = 1e-5 * item.score.abs().max(1.0);
            prop_assert!((item.score - of_group(item.movie.row())).abs() < rounding);
            // Scores that differ only by rounding may be in either order.
            prop_assert!((item.score - of_group(*expected)).abs() < rounding);
            for (scores, member) in of_members.iter().zip(&item.members) {
                prop_assert_eq!(member.score.to_bits(), scores[item.movie.row()].to_bits());
                let sum: f32 = member.reasons.iter().map(Reason::contribution).sum();
                prop_assert!((sum - member.score).abs() < 1e-5 * member.score.abs().max(1.0), "{} {}", sum, member.score);
            }
        }

        // Satisfaction is at most 1, and exactly 1 for a group with one member.
        let all_of_it = ranked.items.len() + common.offset;
        let of_members = of_members.iter().zip(&ranked.best);
        for ((scores, alone), satisfaction) in of_members.zip(&ranked.satisfaction) {
            let mut own: Vec<f32> = passing.iter().map(|row| scores[*row]).collect();
            own.sort_by(|a, b| b.total_cmp(a));
            prop_assert_eq!(alone.map(f32::to_bits), own.first().map(|score| score.to_bits()));
            let best: f32 = own.iter().take(all_of_it.min(wanted.len())).sum();
            prop_assert_eq!(satisfaction.is_some(), best > 0.0);
            let Some(satisfaction) = satisfaction else { continue };
            prop_assert!((0.0..=1.0 + 1e-5).contains(satisfaction), "{satisfaction}");
            if members.len() == 1 && !matches!(strategy, Strategy::Veto { .. }) {
                prop_assert!((satisfaction - 1.0).abs() < 1e-5);
            }
            if common.offset == 0 {
                let got: f32 = ranked.items.iter().map(|item| scores[item.movie.row()]).sum();
                prop_assert!((satisfaction - (got / best).max(0.0)).abs() < 1e-4);
            }
        }

        // The order of the members has no effect.
        let mut reversed = members.clone();
        reversed.reverse();
        let mut other = recommender.recommend_group(&reversed, &group).unwrap();
        other.satisfaction.reverse();
        other.best.reverse();
        other.items.iter_mut().for_each(|item| item.members.reverse());
        prop_assert_eq!(other, ranked);
    }
}

fn liker_of(recommender: &Recommender, liked: &[u32], disliked: &[u32]) -> Request {
    let ids = |ids: &[u32]| ids.iter().copied().map(MovieId).collect();
    let query = Query { liked: ids(liked), disliked: ids(disliked), ..query() };
    recommender.resolve(&query).unwrap().0
}

/// One member likes heists, one likes musicals, and one dislikes westerns.
#[test]
fn each_strategy_reaches_its_objective() {
    let recommender = recommender();
    let members = [
        liker_of(&recommender, &[100, 103], &[]),
        liker_of(&recommender, &[101, 104], &[]),
        liker_of(&recommender, &[106, 107], &[102]),
    ];
    let list = |strategy, limit| {
        let group = Group { strategy, limit, explain: true, ..Group::default() };
        recommender.recommend_group(&members, &group).unwrap()
    };
    let kinds = |ranked: &GroupRanked<'_>| {
        let mut kinds = BTreeMap::new();
        ranked.items.iter().for_each(|item| *kinds.entry(item.movie.0 % 3).or_insert(0) += 1);
        kinds
    };
    // Seven movies are in at least one member's history.
    let all = list(Strategy::Average, 12);
    assert_eq!(all.items.len(), 5);
    let removed = all.shortfall.as_ref().unwrap().removed_by.clone();
    assert_eq!(removed, [(FilterKind::Seen, 7)].into());
    assert!(all.satisfaction.iter().all(|share| (share.unwrap() - 1.0).abs() < 1e-5));
    // One member vetoes all westerns.
    let vetoed = list(Strategy::Veto { below: 0.4 }, 12);
    assert!(!kinds(&vetoed).contains_key(&2), "{:?}", kinds(&vetoed));
    let removed = vetoed.shortfall.unwrap().removed_by;
    assert_eq!(removed.values().sum::<usize>() + vetoed.items.len(), 12);
    let lowest = |ranked: &GroupRanked<'_>| {
        let scores = ranked.items[0].members.iter().map(|member| member.score);
        scores.fold(f32::INFINITY, f32::min)
    };
    assert!(lowest(&list(Strategy::LeastMisery, 1)) >= lowest(&list(Strategy::Average, 1)));
    for satisfaction in list(Strategy::Average, 2).satisfaction {
        assert!(satisfaction.unwrap() < 1.0 + 1e-6);
    }
}

#[test]
fn rejects_empty_and_oversized_groups() {
    let recommender = recommender();
    let one = liker_of(&recommender, &[100], &[]);
    let refused = |members: usize, strategy| {
        let group = Group { strategy, limit: 3, ..Group::default() };
        let members = vec![one.clone(); members];
        recommender.recommend_group(&members, &group).unwrap_err().to_string()
    };
    assert_eq!(refused(0, Strategy::Average), "expected 1 to 20 members, got 0");
    assert_eq!(refused(21, Strategy::Average), "expected 1 to 20 members, got 21");
    let share = Strategy::Veto { below: f32::NAN };
    assert_eq!(refused(1, share), "expected a veto share from 0 to 1, got NaN");
}
