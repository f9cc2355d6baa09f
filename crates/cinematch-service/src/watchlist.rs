//! Listing, adding, removing and marking movies on a user's watchlist.

use cinematch::catalog::{Movie, ServicesSource};
use cinematch_store::{AddOutcome, NewWatchlistItem, Owner, WatchlistItem, rfc3339};
use serde::{Deserialize, Serialize};

use crate::catalog::{all_ids, find_movie};
use crate::error::{ServiceError, ServiceFuture};
use crate::item::poster_url;
use crate::names::{ShortText, check_text};
use crate::service::Service;

const MAX_SERVICE_LENGTH: usize = 100;

/// A user's watchlist, as returned by the API.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Watchlist {
    user_id: String,
    /// Entries, newest first.
    items: Vec<WatchlistEntry>,
    count: usize,
}

/// A movie on a watchlist. Values missing from the current catalog are `null`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WatchlistEntry {
    /// Equal to `movie_id`; some clients expect this name.
    id: u32,
    movie_id: u32,
    title: String,
    year: Option<u16>,
    /// Runtime in minutes.
    runtime: Option<u32>,
    overview: Option<String>,
    genres: Vec<String>,
    /// Streaming services in the operator's region.
    services: Vec<String>,
    /// Source of the services; `mock` services are generated.
    #[schema(value_type = Option<String>)]
    services_source: Option<ServicesSource>,
    poster_url: Option<String>,
    /// Streaming service on which the user plans to watch the movie.
    service: Option<String>,
    watched: bool,
    /// Time of addition, RFC 3339 in UTC.
    #[schema(example = "2026-01-31T20:15:00Z")]
    added_at: String,
    /// Equal to `added_at`; some clients expect this name.
    created_at: String,
}

impl WatchlistEntry {
    fn new(item: WatchlistItem, movie: Option<&Movie>) -> Self {
        let added_at = rfc3339(item.added_at);
        Self {
            id: item.movie_id.0,
            movie_id: item.movie_id.0,
            title: item.title,
            year: item.year,
            runtime: movie.and_then(|movie| movie.runtime),
            overview: movie.and_then(|movie| movie.overview.clone()),
            genres: movie.map(|movie| movie.genres.clone()).unwrap_or_default(),
            services: movie.map(|movie| movie.services.clone()).unwrap_or_default(),
            services_source: movie.and_then(|movie| movie.services_source),
            poster_url: movie.and_then(poster_url),
            service: item.service,
            watched: item.watched,
            created_at: added_at.clone(),
            added_at,
        }
    }
}

/// A movie to add to a watchlist.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewEntry {
    #[schema(example = 6)]
    movie_id: i64,
    /// Accepted for compatibility and ignored; the title comes from the catalog.
    #[expect(dead_code, reason = "part of the contract; the catalog's value is used")]
    title: Option<String>,
    /// Streaming service on which the user plans to watch the movie.
    #[schema(value_type = Option<ShortText>)]
    service: Option<String>,
}

/// Confirmation of a change to a watchlist.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Done)]
pub struct WatchlistReply {
    message: &'static str,
    movie_id: u32,
    title: String,
}

/// Confirmation of a removal from a watchlist.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Removed)]
pub struct RemovalReply {
    message: &'static str,
    movie_id: u32,
}

impl RemovalReply {
    /// Creates the confirmation that a movie was removed.
    pub fn new(movie_id: u32) -> Self {
        Self { message: "Removed from watchlist", movie_id }
    }
}

/// Returns a user's watchlist as the API presents it.
pub fn list(service: &Service, user_id: String) -> ServiceFuture<'_, Watchlist> {
    Box::pin(async move {
        let bundle = service.bundle();
        let recommender = &bundle.recommender;
        let items = service.store().watchlist(&user_id).await?;
        let items: Vec<WatchlistEntry> = items
            .into_iter()
            .map(|item| {
                let index = recommender.vocabulary().index_of(item.movie_id);
                WatchlistEntry::new(item, index.map(|index| recommender.movie(index)))
            })
            .collect();
        Ok(Watchlist { user_id, count: items.len(), items })
    })
}

/// Adds a movie to a watchlist. A movie that is already listed is left unchanged.
pub fn add(
    service: &Service,
    owner: Owner,
    entry: NewEntry,
) -> ServiceFuture<'_, (AddOutcome, WatchlistReply)> {
    Box::pin(async move {
        if let Some(name) = &entry.service {
            check_text("service", name, MAX_SERVICE_LENGTH)?;
        }
        let bundle = service.bundle();
        let recommender = &bundle.recommender;
        let movie = recommender.movie(find_movie(recommender, entry.movie_id)?);
        let item = NewWatchlistItem {
            movie_id: movie.movie_id,
            title: movie.title.clone(),
            year: movie.year,
            service: entry.service,
        };
        let added = service.store().add_to_watchlist(owner, item, service.now()).await?;
        let message = match added {
            AddOutcome::Added => "Added to watchlist",
            AddOutcome::AlreadyPresent => "Already in watchlist",
        };
        Ok((
            added,
            WatchlistReply { message, movie_id: movie.movie_id.0, title: movie.title.clone() },
        ))
    })
}

/// Removes a movie from a watchlist. Returns [`ServiceError::NotFound`] if the movie is not listed.
pub fn remove<'a>(service: &'a Service, user_id: &'a str, movie_id: u32) -> ServiceFuture<'a, ()> {
    Box::pin(async move {
        let mut is_removed = false;
        for id in all_ids(&service.bundle().recommender, movie_id) {
            is_removed |= service.store().remove_from_watchlist(user_id, id, service.now()).await?;
        }
        if is_removed { Ok(()) } else { Err(not_listed(movie_id)) }
    })
}

/// Marks a movie on a watchlist as watched or not watched.
pub fn set_watched<'a>(
    service: &'a Service,
    user_id: &'a str,
    movie_id: u32,
    watched: bool,
) -> ServiceFuture<'a, WatchlistReply> {
    Box::pin(async move {
        let mut title = None;
        for id in all_ids(&service.bundle().recommender, movie_id) {
            let marked = service.store().set_watched(user_id, id, watched, service.now()).await?;
            title = title.or(marked);
        }
        let title = title.ok_or_else(|| not_listed(movie_id))?;
        let message = if watched { "Marked as watched" } else { "Marked as not watched" };
        Ok(WatchlistReply { message, movie_id, title })
    })
}

fn not_listed(movie_id: u32) -> ServiceError {
    ServiceError::not_found(format!("Movie {movie_id} is not in the watchlist"))
}
