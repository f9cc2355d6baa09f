//! Onboarding: movies for a new user to pick from, and the effect of each pick on the list.

use cinematch::ids::{MovieId, MovieIdx};
use cinematch::retrieval::Filter;

use crate::error::ServiceError;
use crate::user_view::UserView;

/// Chooses up to `limit` movies for the user's next wall. Movies with feedback, on the watchlist or in `passed`, the
/// movies of earlier walls, are not chosen, and neither are movies above the user's age limit.
pub fn next_wall(
    view: &UserView,
    passed: &[MovieId],
    limit: usize,
) -> Result<Vec<MovieId>, ServiceError> {
    let request = view.resolve(&view.query(1))?;
    let known = view.history.movie_ids().chain(view.history.watchlist.iter().copied());
    let shown: Vec<MovieIdx> =
        known.chain(passed.iter().copied()).filter_map(|movie| view.find(movie)).collect();
    let recommender = view.recommender();
    let (max_age, region) = (request.filter.max_age, request.filter.region);
    let filter = Filter { max_age, region, ..Filter::default() };
    let wall = recommender.taste_wall(&request.history, &shown, filter, limit);
    Ok(wall.into_iter().map(|movie| recommender.movie(movie).movie_id).collect())
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
