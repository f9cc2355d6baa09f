//! Queries that read and change feedback.

use cinematch::ids::MovieId;
use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use crate::error::StoreError;
use crate::records::feedback::{COLUMNS, FeedbackRow, FeedbackUpdate, MovieFeedback, Reaction};
use crate::rows::{ROWS_PER_STATEMENT, placeholders};
use crate::store::{Store, StoreFuture, Transaction};
use crate::users::Owner;

impl Store {
    /// Applies a change to a user's feedback on a movie. Returns the updated feedback.
    pub fn update_feedback(
        &self,
        owner: Owner,
        movie: MovieId,
        update: FeedbackUpdate,
        now: i64,
    ) -> StoreFuture<'_, MovieFeedback> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(apply(transaction, id, movie, update, now))
        })
    }

    /// Deletes a user's feedback on a movie. Returns false if there was none.
    pub fn delete_feedback<'a>(
        &'a self,
        user: &'a str,
        movie: MovieId,
        now: i64,
    ) -> StoreFuture<'a, bool> {
        self.change_existing_user(user, now, move |transaction, id| {
            Box::pin(async move {
                let n_deleted = delete(transaction, id, movie).await?;
                Ok((n_deleted > 0).then_some(true))
            })
        })
    }

    /// Deletes all of a user's reactions and ratings, but keeps the watched marks. Returns the number of
    /// movies changed.
    pub fn reset_feedback<'a>(&'a self, user: &'a str, now: i64) -> StoreFuture<'a, u64> {
        self.change_existing_user(user, now, move |transaction, id| {
            Box::pin(async move {
                let watched = sqlx::query(
                    "UPDATE feedback
                     SET signal = NULL, half_stars = NULL, updated_at = $2, import_id = NULL
                     WHERE user_id = $1 AND watched = 1
                     AND (signal IS NOT NULL OR half_stars IS NOT NULL)",
                )
                .bind(id)
                .bind(now)
                .execute(&mut **transaction)
                .await?;
                let others = sqlx::query("DELETE FROM feedback WHERE user_id = $1 AND watched = 0")
                    .bind(id)
                    .execute(&mut **transaction)
                    .await?;
                Ok(Some(watched.rows_affected() + others.rows_affected()))
            })
        })
    }

    /// Returns all of a user's feedback, most recent first.
    pub fn feedback<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Vec<MovieFeedback>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM feedback JOIN users ON users.id = feedback.user_id
                 WHERE users.key = $1 ORDER BY feedback.updated_at DESC, movie_id"
            );
            let rows: Vec<FeedbackRow> =
                sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).fetch_all(self.pool()).await?;
            rows.into_iter().map(MovieFeedback::from_row).collect()
        })
    }
}

/// Applies a change to the feedback of the user with row ID `user`.
pub(crate) async fn apply(
    transaction: &mut Transaction,
    user: i64,
    movie: MovieId,
    update: FeedbackUpdate,
    now: i64,
) -> Result<MovieFeedback, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM feedback WHERE user_id = $1 AND movie_id = $2");
    let row: Option<FeedbackRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(user)
        .bind(i64::from(movie.0))
        .fetch_optional(&mut **transaction)
        .await?;
    let before = row.map(MovieFeedback::from_row).transpose()?;
    let before = before.unwrap_or_else(|| MovieFeedback::empty(movie, now));
    let feedback = before.updated(update, now);
    replace(transaction, user, &feedback).await?;
    Ok(feedback)
}

/// Replaces the feedback on a movie, or deletes it if `feedback` is empty.
pub(crate) async fn replace(
    transaction: &mut Transaction,
    user: i64,
    feedback: &MovieFeedback,
) -> Result<(), StoreError> {
    if feedback.is_empty() {
        delete(transaction, user, feedback.movie_id).await?;
        return Ok(());
    }
    upsert(transaction, user, std::slice::from_ref(feedback)).await
}

/// Inserts feedback, replacing rows for the same movies.
pub(crate) async fn upsert(
    transaction: &mut Transaction,
    user: i64,
    feedback: &[MovieFeedback],
) -> Result<(), StoreError> {
    for rows in feedback.chunks(ROWS_PER_STATEMENT) {
        let sql = format!(
            "INSERT INTO feedback
                 (user_id, movie_id, signal, half_stars, watched, updated_at, import_id)
             VALUES {}
             ON CONFLICT (user_id, movie_id) DO UPDATE SET
                 signal = excluded.signal, half_stars = excluded.half_stars,
                 watched = excluded.watched, updated_at = excluded.updated_at,
                 import_id = excluded.import_id",
            placeholders(rows.len(), 7)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for row in rows {
            query = bind(query, user, row);
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn delete(
    transaction: &mut Transaction,
    user: i64,
    movie: MovieId,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query("DELETE FROM feedback WHERE user_id = $1 AND movie_id = $2")
        .bind(user)
        .bind(i64::from(movie.0))
        .execute(&mut **transaction)
        .await?;
    Ok(deleted.rows_affected())
}

/// Binds the seven values of a feedback row.
fn bind<'q>(
    query: Query<'q, Any, AnyArguments>,
    user: i64,
    feedback: &MovieFeedback,
) -> Query<'q, Any, AnyArguments> {
    query
        .bind(user)
        .bind(i64::from(feedback.movie_id.0))
        .bind(feedback.reaction.map(Reaction::name))
        .bind(feedback.stars.map(|stars| i64::from(stars.halves())))
        .bind(i64::from(feedback.watched))
        .bind(feedback.updated_at)
        .bind(feedback.import_id)
}
