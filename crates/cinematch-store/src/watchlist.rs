//! Watchlists: movies that users want to see, most recently added first.

use cinematch::ids::MovieId;

use crate::error::StoreError;
use crate::feedback;
use crate::records::feedback::FeedbackUpdate;
use crate::rows::movie_id;
use crate::store::{Store, StoreFuture};
use crate::users::Owner;

/// A movie to add to a watchlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWatchlistItem {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Title, stored so that the list remains readable if the movie leaves the catalog.
    pub title: String,
    /// Release year.
    pub year: Option<u16>,
    /// Streaming service that the user chose for the movie.
    pub service: Option<String>,
}

/// A movie on a watchlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchlistItem {
    /// MovieLens ID of the movie.
    pub movie_id: MovieId,
    /// Title when the movie was added.
    pub title: String,
    /// Release year when the movie was added.
    pub year: Option<u16>,
    /// Streaming service that the user chose for the movie.
    pub service: Option<String>,
    /// True if the user has watched the movie.
    pub watched: bool,
    /// Time when the movie was added, in milliseconds since the Unix epoch.
    pub added_at: i64,
}

/// Outcome of adding a movie to a watchlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// The movie was added.
    Added,
    /// The movie was already on the watchlist; nothing changed.
    AlreadyPresent,
}

type ItemRow = (i64, String, Option<i64>, Option<String>, Option<i64>, i64);

impl WatchlistItem {
    fn from_row(
        (id, title, year, service, watched, added_at): ItemRow,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            movie_id: movie_id(id)?,
            title,
            year: year.and_then(|year| u16::try_from(year).ok()),
            service,
            watched: watched == Some(1),
            added_at,
        })
    }
}

impl Store {
    /// Adds a movie to a user's watchlist. Does nothing if the movie is already on it.
    pub fn add_to_watchlist(
        &self,
        owner: Owner,
        item: NewWatchlistItem,
        now: i64,
    ) -> StoreFuture<'_, AddOutcome> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(async move {
                let inserted = sqlx::query(
                    "INSERT INTO watchlist (user_id, movie_id, title, year, service, added_at)
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, movie_id) DO NOTHING",
                )
                .bind(id)
                .bind(i64::from(item.movie_id.0))
                .bind(item.title)
                .bind(item.year.map(i64::from))
                .bind(item.service)
                .bind(now)
                .execute(&mut **transaction)
                .await?;
                Ok(if inserted.rows_affected() == 0 {
                    AddOutcome::AlreadyPresent
                } else {
                    AddOutcome::Added
                })
            })
        })
    }

    /// Returns a user's watchlist, most recently added first.
    pub fn watchlist<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Vec<WatchlistItem>> {
        Box::pin(async move {
            let rows: Vec<ItemRow> = sqlx::query_as(
                "SELECT watchlist.movie_id, title, year, service, feedback.watched, added_at
                 FROM watchlist JOIN users ON users.id = watchlist.user_id
                 LEFT JOIN feedback ON feedback.user_id = watchlist.user_id
                     AND feedback.movie_id = watchlist.movie_id
                 WHERE users.key = $1 ORDER BY position DESC",
            )
            .bind(user)
            .fetch_all(self.pool())
            .await?;
            rows.into_iter().map(WatchlistItem::from_row).collect()
        })
    }

    /// Removes a movie from a user's watchlist, but keeps the user's feedback on it. Returns false if the movie
    /// was not listed.
    pub fn remove_from_watchlist<'a>(
        &'a self,
        user: &'a str,
        movie_id: MovieId,
        now: i64,
    ) -> StoreFuture<'a, bool> {
        self.change_existing_user(user, now, move |transaction, id| {
            Box::pin(async move {
                let removed =
                    sqlx::query("DELETE FROM watchlist WHERE user_id = $1 AND movie_id = $2")
                        .bind(id)
                        .bind(i64::from(movie_id.0))
                        .execute(&mut **transaction)
                        .await?;
                Ok((removed.rows_affected() > 0).then_some(true))
            })
        })
    }

    /// Marks a movie on a user's watchlist as watched or not watched. Returns its title, or `None` if the movie is
    /// not on the watchlist.
    pub fn set_watched<'a>(
        &'a self,
        user: &'a str,
        movie_id: MovieId,
        watched: bool,
        now: i64,
    ) -> StoreFuture<'a, Option<String>> {
        self.change_existing_user(user, now, move |transaction, id| {
            Box::pin(async move {
                let listed: Option<(String,)> = sqlx::query_as(
                    "SELECT title FROM watchlist WHERE user_id = $1 AND movie_id = $2",
                )
                .bind(id)
                .bind(i64::from(movie_id.0))
                .fetch_optional(&mut **transaction)
                .await?;
                let Some((title,)) = listed else { return Ok(None) };
                let update = FeedbackUpdate { watched: Some(watched), ..FeedbackUpdate::default() };
                feedback::apply(transaction, id, movie_id, update, now).await?;
                Ok(Some(Some(title)))
            })
        })
    }
}
