//! Feedback stored under the ID of a duplicate entry.

use std::sync::Arc;

use cinematch::ids::{MovieId, Vocabulary};
use cinematch_store::UserHistory;

/// Lists the feedback and the watchlist under the IDs that the catalog keeps. If a user gave feedback on several
/// entries of a film, the latest is kept. IDs that the catalog does not contain are unchanged. O(n log n) for a
/// history of n movies with duplicates, O(n) otherwise.
pub(crate) fn history(history: Arc<UserHistory>, catalog: &Vocabulary) -> Arc<UserHistory> {
    let canonical = |id: MovieId| catalog.index_of(id).map_or(id, |movie| catalog.id_of(movie));
    let mut ids = history.movies.iter().map(|movie| &movie.movie_id).chain(&history.watchlist);
    if ids.all(|id| canonical(*id) == *id) {
        return history;
    }
    let mut history = Arc::unwrap_or_clone(history);
    for movie in &mut history.movies {
        movie.movie_id = canonical(movie.movie_id);
    }
    history.movies.sort_by_key(|movie| (movie.movie_id, std::cmp::Reverse(movie.updated_at)));
    history.movies.dedup_by_key(|movie| movie.movie_id);
    history.watchlist.iter_mut().for_each(|id| *id = canonical(*id));
    history.watchlist.sort_unstable();
    history.watchlist.dedup();
    Arc::new(history)
}

#[cfg(test)]
mod tests {
    use cinematch::ids::MovieIdx;
    use cinematch::rating::Stars;
    use cinematch_store::MovieFeedback;

    use super::*;

    #[test]
    fn feedback_on_duplicates_is_listed_under_the_canonical_id() {
        let catalog = Vocabulary::new([6003, 9].map(MovieId))
            .with_duplicates([(MovieId(144_606), MovieIdx(0))]);
        let feedback = |id, stars, updated_at| MovieFeedback {
            movie_id: MovieId(id),
            reaction: None,
            stars: Stars::from_halves(stars),
            watched: true,
            updated_at,
            import_id: None,
        };
        let stored = UserHistory {
            movies: vec![feedback(9, 2, 5), feedback(6003, 8, 1), feedback(144_606, 3, 7)],
            watchlist: vec![MovieId(777), MovieId(144_606)],
            ..UserHistory::default()
        };
        let listed = history(Arc::new(stored), &catalog);
        assert_eq!(listed.movies, [feedback(9, 2, 5), feedback(6003, 3, 7)]);
        assert_eq!(listed.watchlist, [777, 6003].map(MovieId));
    }
}
