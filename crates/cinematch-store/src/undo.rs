//! Undo: takes and restores snapshots of a user's feedback on a movie.

use std::fmt;
use std::str::FromStr;

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::feedback::replace;
use crate::records::feedback::{COLUMNS, FeedbackRow, MovieFeedback, Reaction};
use crate::store::{Store, StoreFuture, Transaction};
use crate::users::Owner;

/// Snapshot of a user's feedback on a movie and of the movie's position on their watchlist.
///
/// It is serialized as JSON, which pages embed in their undo form. A forged snapshot has no effect that
/// the user couldn't achieve with regular feedback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovieSnapshot {
    /// Reaction, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction>,
    /// Rating, if any.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_halves")]
    pub stars: Option<Stars>,
    /// True if the user has watched the movie.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watched: bool,
    /// Time when the feedback last changed, in milliseconds since the Unix epoch.
    #[serde(default, rename = "said_at")]
    pub updated_at: i64,
    /// ID of the import the feedback came from, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<i64>,
    /// Position on the watchlist; `None` if the movie is not on it.
    #[serde(default, rename = "listed", skip_serializing_if = "Option::is_none")]
    pub watchlist: Option<WatchlistSnapshot>,
}

/// A movie's watchlist entry, including its position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchlistSnapshot {
    /// Title when the movie was added.
    pub title: String,
    /// Release year when the movie was added.
    pub year: Option<u16>,
    /// Streaming service that the user chose for the movie.
    pub service: Option<String>,
    /// Time when the movie was added, in milliseconds since the Unix epoch.
    pub added_at: i64,
    /// Sort key, which increases with every addition to any watchlist.
    position: i64,
}

/// Error returned when a string is not a valid [`MovieSnapshot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the undo data is invalid")]
pub struct InvalidSnapshot;

/// Maximum length of a serialized snapshot in bytes. Genuine snapshots are shorter.
const MAX_LENGTH: usize = 2000;

impl FromStr for MovieSnapshot {
    type Err = InvalidSnapshot;

    fn from_str(text: &str) -> Result<Self, InvalidSnapshot> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidSnapshot);
        }
        let snapshot: Self = serde_json::from_str(text).map_err(|_| InvalidSnapshot)?;
        // PostgreSQL rejects text with NUL; no title contains other control characters.
        let has_control_characters = |text: &str| text.chars().any(char::is_control);
        let invalid = snapshot.watchlist.as_ref().is_some_and(|entry| {
            has_control_characters(&entry.title)
                || entry.service.as_deref().is_some_and(has_control_characters)
        });
        if invalid { Err(InvalidSnapshot) } else { Ok(snapshot) }
    }
}

impl fmt::Display for MovieSnapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// Serializes a rating as a number of half stars.
mod as_halves {
    use cinematch::rating::Stars;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde requires this signature"
    )]
    pub fn serialize<S: Serializer>(stars: &Option<Stars>, to: S) -> Result<S::Ok, S::Error> {
        stars.map(Stars::halves).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Stars>, D::Error> {
        let Some(halves) = Option::<u8>::deserialize(from)? else { return Ok(None) };
        let stars = Stars::from_halves(halves);
        stars.map(Some).ok_or_else(|| de::Error::custom("expected 1 to 10 half stars"))
    }
}

type WatchlistRow = (String, Option<i64>, Option<String>, i64, i64);

impl Store {
    /// Returns a snapshot of a user's feedback on a movie and of its position on the watchlist.
    pub fn movie_snapshot<'a>(
        &'a self,
        user: &'a str,
        movie: MovieId,
    ) -> StoreFuture<'a, MovieSnapshot> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM feedback JOIN users ON users.id = feedback.user_id
                 WHERE users.key = $1 AND movie_id = $2"
            );
            let row: Option<FeedbackRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(user)
                .bind(i64::from(movie.0))
                .fetch_optional(self.pool())
                .await?;
            let entry: Option<WatchlistRow> = sqlx::query_as(
                "SELECT title, year, service, added_at, position
                 FROM watchlist JOIN users ON users.id = watchlist.user_id
                 WHERE users.key = $1 AND movie_id = $2",
            )
            .bind(user)
            .bind(i64::from(movie.0))
            .fetch_optional(self.pool())
            .await?;
            let watchlist =
                entry.map(|(title, year, service, added_at, position)| WatchlistSnapshot {
                    title,
                    year: year.and_then(|year| u16::try_from(year).ok()),
                    service,
                    added_at,
                    position,
                });
            Ok(match row.map(MovieFeedback::from_row).transpose()? {
                None => MovieSnapshot { watchlist, ..MovieSnapshot::default() },
                Some(feedback) => MovieSnapshot {
                    reaction: feedback.reaction,
                    stars: feedback.stars,
                    watched: feedback.watched,
                    updated_at: feedback.updated_at,
                    import_id: feedback.import_id,
                    watchlist,
                },
            })
        })
    }

    /// Restores the feedback on a movie and its position on the watchlist, in one transaction.
    pub fn restore_movie(
        &self,
        owner: Owner,
        movie: MovieId,
        snapshot: MovieSnapshot,
        now: i64,
    ) -> StoreFuture<'_, ()> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(async move {
                let feedback = MovieFeedback {
                    movie_id: movie,
                    reaction: snapshot.reaction,
                    stars: snapshot.stars,
                    watched: snapshot.watched,
                    // The time may be forged, so it is capped at the current time.
                    updated_at: snapshot.updated_at.min(now),
                    import_id: existing_import(transaction, id, snapshot.import_id).await?,
                };
                replace(transaction, id, &feedback).await?;
                sqlx::query("DELETE FROM watchlist WHERE user_id = $1 AND movie_id = $2")
                    .bind(id)
                    .bind(i64::from(movie.0))
                    .execute(&mut **transaction)
                    .await?;
                if let Some(entry) = snapshot.watchlist {
                    entry.insert(transaction, id, movie).await?;
                }
                Ok(())
            })
        })
    }
}

/// Returns `import_id` if the user made that import. The ID may be forged.
async fn existing_import(
    transaction: &mut Transaction,
    user: i64,
    import_id: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT id FROM imports WHERE user_id = $1 AND id = $2")
            .bind(user)
            .bind(import_id)
            .fetch_optional(&mut **transaction)
            .await?;
    Ok(row.map(|(id,)| id))
}

impl WatchlistSnapshot {
    /// Inserts the movie at its former position. The position may be forged: a position that was never
    /// used, or that another movie has, is replaced by the next free one, so that forged snapshots cannot
    /// exhaust the positions.
    async fn insert(
        self,
        transaction: &mut Transaction,
        user: i64,
        movie: MovieId,
    ) -> Result<(), StoreError> {
        let (max_position,): (Option<i64>,) = sqlx::query_as("SELECT MAX(position) FROM watchlist")
            .fetch_one(&mut **transaction)
            .await?;
        let is_used = (1..max_position.unwrap_or(0)).contains(&self.position);
        if is_used {
            let inserted = sqlx::query(
                "INSERT INTO watchlist (user_id, movie_id, title, year, service, added_at, position)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            )
            .bind(user)
            .bind(i64::from(movie.0))
            .bind(&self.title)
            .bind(self.year.map(i64::from))
            .bind(&self.service)
            .bind(self.added_at)
            .bind(self.position)
            .execute(&mut **transaction)
            .await?;
            if inserted.rows_affected() == 1 {
                return Ok(());
            }
        }
        sqlx::query(
            "INSERT INTO watchlist (user_id, movie_id, title, year, service, added_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, movie_id) DO NOTHING",
        )
        .bind(user)
        .bind(i64::from(movie.0))
        .bind(self.title)
        .bind(self.year.map(i64::from))
        .bind(self.service)
        .bind(self.added_at)
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_its_own_text_form_and_rejects_others() {
        let entry = WatchlistSnapshot {
            title: "\"Heat\" <b>".to_owned(),
            year: Some(1995),
            service: None,
            added_at: 7,
            position: 3,
        };
        let snapshot = MovieSnapshot {
            reaction: Some(Reaction::NotInterested),
            stars: Stars::from_halves(9),
            watched: true,
            updated_at: 5,
            import_id: Some(2),
            watchlist: Some(entry),
        };
        for snapshot in [snapshot, MovieSnapshot::default()] {
            assert_eq!(snapshot.to_string().parse(), Ok(snapshot));
        }
        let long = format!("{{\"said_at\":1{}}}", " ".repeat(MAX_LENGTH));
        for text in [
            "",
            "{",
            "{\"stars\":11}",
            "{\"stars\":0}",
            "{\"more\":1}",
            "{\"reaction\":\"x\"}",
            &long,
        ] {
            assert_eq!(text.parse::<MovieSnapshot>(), Err(InvalidSnapshot), "{text}");
        }
        let control = "{\"listed\":{\"title\":\"a\\u0000\",\"year\":null,\"service\":null,\
                      \"added_at\":1,\"position\":1}}";
        assert_eq!(control.parse::<MovieSnapshot>(), Err(InvalidSnapshot));
    }
}
