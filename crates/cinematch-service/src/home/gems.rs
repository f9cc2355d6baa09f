//! Hidden gems: movies with few votes that the user probably likes more than the movies they usually watch.

use std::collections::BTreeMap;

use cinematch::ranking::Query;
use cinematch_store::Reaction;

use super::match_order::match_of;
use crate::error::ServiceError;
use crate::user_view::{MovieCard, UserView};

/// Strength of the penalty for well-known movies, in addition to the user's own setting.
const NOVELTY: f32 = 1.0;
/// Minimum and maximum number of TMDB votes, and minimum TMDB rating.
const MIN_VOTES: u32 = 20;
const MAX_VOTES: u32 = 2_000;
const MIN_RATING: f64 = 6.5;
/// Number of movies from which the gems are chosen.
const N_CANDIDATES: usize = 60;
/// Stars up to which a movie is disliked.
const MAX_DISLIKED_STARS: f32 = 2.5;
/// Minimum number of disliked movies of a genre that the user dislikes.
const MIN_DISLIKED: usize = 2;

/// Returns the query for the candidates: little-known movies with good votes, without the genres that the user
/// dislikes.
pub(super) fn candidates(view: &UserView) -> Query {
    let mut query = view.query(N_CANDIDATES);
    query.novelty = (query.novelty + NOVELTY).min(1.0);
    query.filters.min_votes = query.filters.min_votes.max(MIN_VOTES);
    query.filters.rating_min = Some(query.filters.rating_min.unwrap_or(0.0).max(MIN_RATING));
    query.filters.genres.none.extend(disliked_genres(view));
    query
}

/// Keeps the candidates with few votes whose match exceeds the share of movies that the user likes.
pub(super) fn keep(view: &UserView, movies: &mut Vec<MovieCard<'_>>) -> Result<(), ServiceError> {
    let request = view.resolve(&view.query(1))?;
    let scale = view.recommender().match_scale_for(&request);
    let usual = scale.map_or(0.0, |scale| scale.like_rate as f32);
    movies.retain(|movie| {
        let has_few_votes = movie.item.vote_count.unwrap_or(0) <= MAX_VOTES;
        has_few_votes && match_of(movie).is_none_or(|share| share > usual)
    });
    Ok(())
}

/// Returns the genres of which the user dislikes at least two movies, and more than twice as many as they like.
fn disliked_genres(view: &UserView) -> Vec<String> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for feedback in &view.history.movies {
        let is_disliked = match feedback.stars {
            Some(stars) => stars.value() <= MAX_DISLIKED_STARS,
            None => feedback.reaction == Some(Reaction::Dislike),
        };
        let is_liked = match feedback.stars {
            Some(stars) => stars.is_like(),
            None => feedback.reaction == Some(Reaction::Like),
        };
        let Some(movie) = view.find(feedback.movie_id) else { continue };
        for genre in &view.recommender().movie(movie).genres {
            let (disliked, liked) = counts.entry(genre).or_default();
            *disliked += usize::from(is_disliked);
            *liked += usize::from(is_liked);
        }
    }
    let is_unwanted = |(_, (disliked, liked)): &(&str, (usize, usize))| {
        *disliked >= MIN_DISLIKED && *disliked > 2 * liked
    };
    counts.into_iter().filter(is_unwanted).map(|(genre, _)| genre.to_owned()).collect()
}
