//! Tests for the effect of dislikes on similar movies.

use super::*;

/// Returns the rank by score, starting at 0, of each movie without feedback. Movie `x` is excluded, so that its
/// own lower score does not raise the other movies' ranks.
fn ranks(recommender: &Recommender, query: &Query, x: u32) -> Vec<usize> {
    let query = Query { seen: vec![MovieId(100 + x)], limit: 12, ..query.clone() };
    let (request, _) = recommender.resolve(&query).unwrap();
    let mut ranks = vec![0; 12];
    for (rank, item) in recommender.recommend(&request).items.iter().enumerate() {
        ranks[item.movie.row()] = rank;
    }
    ranks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn movies_similar_to_a_disliked_one_fall(
        x in 0_u32..12,
        liked in proptest::collection::btree_set(0_u32..12, 1..5),
        stars in proptest::option::of(prop_oneof![Just(0.5_f32), Just(1.0)]),
        blended in proptest::bool::ANY,
    ) {
        let recommender = with_models(if blended { models() } else { Vec::new() });
        let id = |row: u32| MovieId(100 + row);
        let liked: Vec<u32> = liked.into_iter().filter(|row| *row != x).collect();
        let before = Query {
            liked: liked.iter().copied().map(id).collect(),
            diversity: Some(0.0),
            ..query()
        };
        let mut after = before.clone();
        match stars {
            Some(rating) => after.ratings.push(Rating { movie_id: id(x), rating }),
            None => after.disliked.push(id(x)),
        }
        // Movies of the same kind without feedback.
        let alike: Vec<usize> = (0..12_u32)
            .filter(|row| row % 3 == x % 3 && *row != x && !liked.contains(row))
            .map(|row| row as usize)
            .collect();
        let sum = |query: &Query| {
            let ranks = ranks(&recommender, query, x);
            alike.iter().map(|row| ranks[*row]).sum::<usize>()
        };
        prop_assert!(sum(&after) >= sum(&before), "{} {}", sum(&before), sum(&after));

        // The reasons include the dislike and still add up to the score.
        let (request, _) = recommender.resolve(&Query { limit: 12, ..after }).unwrap();
        for item in recommender.recommend(&request).items {
            let of_x = item.reasons.iter().find_map(|reason| match reason {
                Reason::Movie { movie_id, contribution, .. } if *movie_id == id(x) => {
                    Some(*contribution)
                }
                _ => None,
            });
            if alike.contains(&item.movie.row()) && liked.len() < 3 {
                prop_assert!(of_x.is_some_and(|part| part < 0.0), "{of_x:?}");
            }
            let sum: f32 = item.reasons.iter().map(Reason::contribution).sum();
            prop_assert!((sum - item.score).abs() < 1e-5 * item.score.abs().max(1.0), "{} {}", sum, item.score);
        }
    }
}

/// The models trained on ratings favor movies similar to the disliked one.
#[test]
fn a_dislike_lowers_similar_movies_in_a_blend() {
    let recommender = with_models(models());
    let liked = vec![MovieId(100), MovieId(104)];
    let rank_sum = |disliked: &[u32]| {
        let disliked = disliked.iter().copied().map(MovieId).collect();
        let query = Query { liked: liked.clone(), disliked, diversity: Some(0.0), ..query() };
        let ranks = ranks(&recommender, &query, 3);
        ranks[6] + ranks[9]
    };
    assert!(rank_sum(&[103]) > rank_sum(&[]), "{} {}", rank_sum(&[]), rank_sum(&[103]));
}
