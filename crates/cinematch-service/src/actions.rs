//! User actions on movies. Each can be undone.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use cinematch_store::{FeedbackUpdate, MovieSnapshot, NewWatchlistItem, Profile, Reaction};

use crate::catalog::find_movie;
use crate::error::{ServiceError, ServiceFuture};
use crate::service::Service;

/// An action of a user on a movie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Sets the reaction.
    React(Reaction),
    /// Removes the reaction.
    Unreact,
    /// Sets or removes the watched mark.
    Seen(bool),
    /// Adds the movie to the watchlist or removes it.
    List(bool),
    /// Sets or removes the rating.
    Rate(Option<Stars>),
}

/// A completed action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Performed {
    /// Title of the movie.
    pub title: String,
    /// Argument of [`undo`]: the state before the action and a checksum of the state after it.
    pub undo: String,
}

/// Outcome of [`undo`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Title of the movie.
    pub title: String,
    /// False if the movie's state has changed since the action; nothing was undone then.
    pub is_restored: bool,
}

/// Performs an action.
pub fn perform<'a>(
    service: &'a Service,
    profile: &'a Profile,
    movie_id: MovieId,
    action: Action,
) -> ServiceFuture<'a, Performed> {
    Box::pin(async move {
        let bundle = service.bundle();
        let recommender = &bundle.recommender;
        let movie = recommender.movie(find_movie(recommender, movie_id.0.into())?);
        let (store, key) = (service.store(), profile.key());
        let before = store.movie_snapshot(&key, movie_id).await?;
        match action {
            Action::React(reaction) => {
                let update =
                    FeedbackUpdate { reaction: Some(reaction), ..FeedbackUpdate::default() };
                store.update_feedback(profile.into(), movie_id, update, service.now()).await?;
            }
            Action::Seen(watched) => {
                let update = FeedbackUpdate { watched: Some(watched), ..FeedbackUpdate::default() };
                store.update_feedback(profile.into(), movie_id, update, service.now()).await?;
            }
            Action::Rate(Some(stars)) => {
                let update = FeedbackUpdate { stars: Some(stars), ..FeedbackUpdate::default() };
                store.update_feedback(profile.into(), movie_id, update, service.now()).await?;
            }
            Action::Unreact => {
                let updated = MovieSnapshot { reaction: None, ..before.clone() };
                store.restore_movie(profile.into(), movie_id, updated, service.now()).await?;
            }
            Action::Rate(None) => {
                let updated = MovieSnapshot { stars: None, ..before.clone() };
                store.restore_movie(profile.into(), movie_id, updated, service.now()).await?;
            }
            Action::List(true) => {
                let title = movie.title.clone();
                let item = NewWatchlistItem { movie_id, title, year: movie.year, service: None };
                store.add_to_watchlist(profile.into(), item, service.now()).await?;
            }
            Action::List(false) => {
                store.remove_from_watchlist(&key, movie_id, service.now()).await?;
            }
        }
        let after = store.movie_snapshot(&key, movie_id).await?;
        Ok(Performed { title: movie.title.clone(), undo: format!("{}.{before}", checksum(&after)) })
    })
}

/// Restores the state that a movie had before an action, unless the state has changed since. `before` is
/// [`Performed::undo`]; an error names it `before`.
pub fn undo<'a>(
    service: &'a Service,
    profile: &'a Profile,
    movie_id: MovieId,
    before: &'a str,
) -> ServiceFuture<'a, Undone> {
    Box::pin(async move {
        let bundle = service.bundle();
        let recommender = &bundle.recommender;
        let title = recommender.movie(find_movie(recommender, movie_id.0.into())?).title.clone();
        let (expected, before) = before.split_once('.').unwrap_or_default();
        let before: MovieSnapshot =
            before.parse().map_err(|error: cinematch_store::InvalidSnapshot| {
                ServiceError::field("before", error.to_string())
            })?;
        let current = service.store().movie_snapshot(&profile.key(), movie_id).await?;
        if checksum(&current) != expected {
            return Ok(Undone { title, is_restored: false });
        }
        service.store().restore_movie(profile.into(), movie_id, before, service.now()).await?;
        Ok(Undone { title, is_restored: true })
    })
}

/// Returns a checksum of a movie's state.
fn checksum(state: &MovieSnapshot) -> String {
    format!("{:08x}", crc32fast::hash(state.to_string().as_bytes()))
}
