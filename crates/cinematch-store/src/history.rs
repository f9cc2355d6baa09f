//! Reads users' histories, from memory if this process owns the database.

use std::sync::Arc;

use crate::error::StoreError;
use crate::records::feedback::{COLUMNS, FeedbackRow, MovieFeedback};
use crate::records::history::{DataVersion, UserHistory};
use crate::records::preferences::{self, Preferences, PreferencesRow};
use crate::rows::movie_id;
use crate::store::{Store, StoreFuture};

impl Store {
    /// Returns a user's history, which is empty for an unknown user.
    pub fn user_history<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Arc<UserHistory>> {
        Box::pin(async move {
            let Some(cache) = self.history_cache() else {
                return Ok(Arc::new(self.read_history(user).await?));
            };
            match cache.get(user) {
                Ok(history) => Ok(history),
                Err(changes) => {
                    let history = Arc::new(self.read_history(user).await?);
                    cache.insert(user, changes, &history);
                    Ok(history)
                }
            }
        })
    }

    /// Returns the current version of a user's data, or `None` for an unknown user. If other processes may
    /// write to the database, this takes one lookup by key; otherwise, a cached user needs none.
    pub fn data_version<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<DataVersion>> {
        Box::pin(async move {
            if self.history_cache().is_some() {
                return Ok(self.user_history(user).await?.data_version);
            }
            self.read_data_version(user).await
        })
    }

    async fn read_data_version(&self, user: &str) -> Result<Option<DataVersion>, StoreError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT id, version FROM users WHERE key = $1")
                .bind(user)
                .fetch_optional(self.pool())
                .await?;
        Ok(row.map(|(id, version)| DataVersion { id, version }))
    }

    async fn read_history(&self, user: &str) -> Result<UserHistory, StoreError> {
        let pool = self.pool();
        // Read the version first, so that the data read below is at least as new.
        let data_version = self.read_data_version(user).await?;
        let Some(DataVersion { id, .. }) = data_version else { return Ok(UserHistory::default()) };
        let columns = preferences::COLUMNS;
        let sql = format!("SELECT {columns} FROM preferences WHERE user_id = $1");
        let row: Option<PreferencesRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(pool).await?;
        let sql = format!("SELECT {COLUMNS} FROM feedback WHERE user_id = $1 ORDER BY movie_id");
        let movies: Vec<FeedbackRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(pool).await?;
        let watchlist: Vec<(i64,)> =
            sqlx::query_as("SELECT movie_id FROM watchlist WHERE user_id = $1 ORDER BY movie_id")
                .bind(id)
                .fetch_all(pool)
                .await?;
        Ok(UserHistory {
            data_version,
            preferences: row.map(Preferences::from).unwrap_or_default(),
            movies: movies.into_iter().map(MovieFeedback::from_row).collect::<Result<_, _>>()?,
            watchlist: watchlist.into_iter().map(|(id,)| movie_id(id)).collect::<Result<_, _>>()?,
        })
    }
}
