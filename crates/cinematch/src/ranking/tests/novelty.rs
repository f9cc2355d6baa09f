//! The novelty term.

use super::*;

/// Returns the score of the movie with the most votes without its quality, which depends on novelty too, and the
/// contribution and description of its novelty reason.
fn best_known(recommender: &Recommender, novelty: f32) -> (f32, Option<(f32, String)>) {
    let votes = |movie: &Movie| movie.vote_count.unwrap_or(0);
    let known = recommender.movies().iter().max_by_key(|movie| votes(movie)).unwrap();
    let index = recommender.vocabulary().index_of(known.movie_id).unwrap();
    let (request, _) = recommender.resolve(&Query { novelty, ..query() }).unwrap();
    let scored = recommender.score_movies(&request, &[index]).remove(0);
    let text = |reason: &Reason<'_>| {
        let sentence = wording::describe(reason).sentence;
        sentence.iter().map(ToString::to_string).collect::<String>()
    };
    let is_novelty = |reason: &&Reason<'_>| matches!(reason, Reason::Novelty { .. });
    let reason = scored.reasons.iter().find(is_novelty);
    let is_quality = |reason: &&Reason<'_>| matches!(reason, Reason::Quality { .. });
    let quality = scored.reasons.iter().find(is_quality).map_or(0.0, Reason::contribution);
    (scored.score - quality, reason.map(|reason| (reason.contribution(), text(reason))))
}

#[test]
fn penalizes_or_favors_the_best_known_movie_and_states_which() {
    for recommender in [recommender(), with_models(models())] {
        let (neutral, reason) = best_known(&recommender, 0.0);
        assert_eq!(reason, None);
        for (novelty, sign, expected) in
            [(1.0, -1.0, "Already widely known"), (-1.0, 1.0, "Widely known")]
        {
            let (score, reason) = best_known(&recommender, novelty);
            let (contribution, text) = reason.unwrap();
            assert_eq!((contribution.signum(), &*text), (sign, expected));
            assert!((score - neutral - contribution).abs() < 1e-5, "{score} {neutral}");
        }
    }
}
