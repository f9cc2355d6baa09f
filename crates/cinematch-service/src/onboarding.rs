//! Onboarding: questions to a new user, and the effect of each answer on the list.

use cinematch::ids::{MovieId, MovieIdx};
use cinematch::ranking::Answer;
use cinematch_store::{Reaction, UserHistory};

use crate::error::ServiceError;
use crate::user_view::UserView;

/// Returns the movie whose rating would tell most about the user, or `None` if no question is left. `not_seen` and
/// `skipped` are earlier answers that are not stored in the user's history.
pub fn next_question(
    view: &UserView,
    not_seen: &[MovieId],
    skipped: &[MovieId],
) -> Result<Option<MovieIdx>, ServiceError> {
    let request = view.resolve(&view.query(1))?;
    let answers = answers(view, not_seen, skipped);
    Ok(view.recommender().next_question(&request.history, &answers))
}

/// Returns all answers: the user's feedback, and the movies that the user has not seen or has skipped.
fn answers(view: &UserView, not_seen: &[MovieId], skipped: &[MovieId]) -> Vec<(MovieIdx, Answer)> {
    let UserHistory { movies, watchlist, .. } = &*view.history;
    let feedback = movies.iter().map(|movie| match movie.reaction {
        Some(Reaction::NotInterested) if movie.stars.is_none() => (movie.movie_id, Answer::Skipped),
        _ => (movie.movie_id, Answer::Seen),
    });
    let not_seen = watchlist.iter().chain(not_seen).map(|movie| (*movie, Answer::NotSeen));
    let skipped = skipped.iter().map(|movie| (*movie, Answer::Skipped));
    feedback
        .chain(not_seen)
        .chain(skipped)
        .filter_map(|(movie, answer)| Some((view.find(movie)?, answer)))
        .collect()
}

/// Returns the IDs of the first `limit` movies that would be recommended without the user's feedback on `movie_id`.
pub fn list_without(
    view: &UserView,
    movie_id: MovieId,
    limit: usize,
) -> Result<Vec<MovieId>, ServiceError> {
    let movies = view.list(&view.query_without(movie_id, limit))?;
    Ok(movies.into_iter().map(|movie| movie.item.movie_id).collect())
}
