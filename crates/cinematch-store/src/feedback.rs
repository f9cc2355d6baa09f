//! What people say of films: likes, dislikes, stars, that they saw them.

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use serde::{Deserialize, Serialize};

use crate::rows::{damaged, movie_id, stars};
use crate::users::{touch, touch_or_new};
use crate::{Owner, Store, StoreError};

/// A press of a button below a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// More like it.
    Like,
    /// Less like it.
    Dislike,
    /// Not for me.
    NotInterested,
}

impl Reaction {
    /// As the database has it.
    fn name(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
            Self::NotInterested => "not_interested",
        }
    }

    fn of(name: Option<&str>) -> Result<Option<Self>, StoreError> {
        Ok(Some(match name {
            None => return Ok(None),
            Some("like") => Self::Like,
            Some("dislike") => Self::Dislike,
            Some("not_interested") => Self::NotInterested,
            Some(other) => return Err(damaged("signal", &other)),
        }))
    }

    /// Whether stars say the opposite.
    fn contradicts(self, stars: Stars) -> bool {
        (self == Self::Like) != (stars.value() > 2.5)
    }
}

/// What is known of a person and a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovieFeedback {
    /// The film.
    pub movie_id: MovieId,
    /// The button pressed.
    pub reaction: Option<Reaction>,
    /// The stars given.
    pub stars: Option<Stars>,
    /// Whether they saw it.
    pub watched: bool,
    /// In milliseconds since 1970.
    pub updated_at: i64,
}

/// What a person says of a film; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// A button.
    pub reaction: Option<Reaction>,
    /// Stars.
    pub stars: Option<Stars>,
    /// That they saw it, or not after all.
    pub watched: Option<bool>,
}

pub(crate) type FeedbackRow = (i64, Option<String>, Option<i64>, i64, i64);

/// The columns of a [`FeedbackRow`].
pub(crate) const COLUMNS: &str = "movie_id, signal, half_stars, watched, feedback.updated_at";

impl MovieFeedback {
    pub(crate) fn of(row: FeedbackRow) -> Result<Self, StoreError> {
        let (id, signal, half_stars, watched, updated_at) = row;
        Ok(Self {
            movie_id: movie_id(id)?,
            reaction: Reaction::of(signal.as_deref())?,
            stars: stars(half_stars)?,
            watched: watched != 0,
            updated_at,
        })
    }

    /// Whether nothing is left of it.
    fn is_nothing(&self) -> bool {
        self.reaction.is_none() && self.stars.is_none() && !self.watched
    }

    /// What is known after something was said. Of a button and of stars that contradict each other the
    /// later counts, and the other goes.
    fn after(mut self, said: Said, now: i64) -> Self {
        let contradict = |reaction: Option<Reaction>, stars: Option<Stars>| {
            reaction.zip(stars).is_some_and(|(reaction, stars)| reaction.contradicts(stars))
        };
        if let Some(watched) = said.watched {
            self.watched = watched;
        }
        if said.stars.is_some() {
            self.stars = said.stars;
            if contradict(self.reaction, said.stars) {
                self.reaction = None;
            }
        }
        if said.reaction.is_some() {
            self.reaction = said.reaction;
            if contradict(said.reaction, self.stars) {
                self.stars = None;
            }
        }
        self.updated_at = now;
        self
    }
}

pub(crate) const UPSERT: &str = "ON CONFLICT (user_id, movie_id) DO UPDATE SET
    signal = excluded.signal, half_stars = excluded.half_stars, watched = excluded.watched,
    updated_at = excluded.updated_at";

impl Store {
    /// Takes in what a person says of a film; what is known of both then.
    pub async fn say(
        &self,
        owner: impl Into<Owner>,
        movie: MovieId,
        said: Said,
        now: i64,
    ) -> Result<MovieFeedback, StoreError> {
        let (store, owner) = (self.clone(), owner.into());
        let user = owner.key.clone();
        self.change(&user, async move {
            let mut transaction = store.begin().await?;
            let id = touch_or_new(&mut transaction, &owner, now).await?;
            let feedback = say(&mut transaction, id, movie, said, now).await?;
            transaction.commit().await?;
            Ok(feedback)
        })
        .await
    }

    /// Takes back all that was said of a film; whether something was.
    pub async fn unsay(&self, user: &str, movie: MovieId, now: i64) -> Result<bool, StoreError> {
        let (store, key) = (self.clone(), user.to_owned());
        self.change(user, async move {
            let mut transaction = store.begin().await?;
            let Some(id) = touch(&mut transaction, &key, now).await? else { return Ok(false) };
            let gone = sqlx::query("DELETE FROM feedback WHERE user_id = $1 AND movie_id = $2")
                .bind(id)
                .bind(i64::from(movie.0))
                .execute(&mut *transaction)
                .await?;
            if gone.rows_affected() == 0 {
                return Ok(false);
            }
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Forgets every button and all stars of a person, not which films they saw. How many films that
    /// were.
    pub async fn reset_feedback(&self, user: &str, now: i64) -> Result<u64, StoreError> {
        let (store, key) = (self.clone(), user.to_owned());
        self.change(user, async move {
            let mut transaction = store.begin().await?;
            let Some(id) = touch(&mut transaction, &key, now).await? else { return Ok(0) };
            let seen = sqlx::query(
                "UPDATE feedback SET signal = NULL, half_stars = NULL, updated_at = $2
                 WHERE user_id = $1 AND watched = 1
                 AND (signal IS NOT NULL OR half_stars IS NOT NULL)",
            )
            .bind(id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
            let gone = sqlx::query("DELETE FROM feedback WHERE user_id = $1 AND watched = 0")
                .bind(id)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(seen.rows_affected() + gone.rows_affected())
        })
        .await
    }

    /// Everything a person said of films, the last first.
    pub async fn feedback(&self, user: &str) -> Result<Vec<MovieFeedback>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM feedback JOIN users ON users.id = feedback.user_id
             WHERE users.key = $1 ORDER BY feedback.updated_at DESC, movie_id"
        );
        let rows: Vec<FeedbackRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).fetch_all(self.pool()).await?;
        rows.into_iter().map(MovieFeedback::of).collect()
    }
}

/// Takes in what a person says of a film.
pub(crate) async fn say(
    transaction: &mut sqlx::Transaction<'static, sqlx::Any>,
    user: i64,
    movie: MovieId,
    said: Said,
    now: i64,
) -> Result<MovieFeedback, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM feedback WHERE user_id = $1 AND movie_id = $2");
    let row: Option<FeedbackRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(user)
        .bind(i64::from(movie.0))
        .fetch_optional(&mut **transaction)
        .await?;
    let known = row.map(MovieFeedback::of).transpose()?.unwrap_or(MovieFeedback {
        movie_id: movie,
        reaction: None,
        stars: None,
        watched: false,
        updated_at: now,
    });
    let feedback = known.after(said, now);
    keep(transaction, user, &feedback).await?;
    Ok(feedback)
}

/// Puts what is known of a person and a film in the place of what was.
pub(crate) async fn keep(
    transaction: &mut sqlx::Transaction<'static, sqlx::Any>,
    user: i64,
    feedback: &MovieFeedback,
) -> Result<(), StoreError> {
    if feedback.is_nothing() {
        sqlx::query("DELETE FROM feedback WHERE user_id = $1 AND movie_id = $2")
            .bind(user)
            .bind(i64::from(feedback.movie_id.0))
            .execute(&mut **transaction)
            .await?;
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO feedback (user_id, movie_id, signal, half_stars, watched, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6) {UPSERT}"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql));
    bind(query, user, feedback).execute(&mut **transaction).await?;
    Ok(())
}

/// Binds the six values of a row.
pub(crate) fn bind<'q>(
    query: sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>,
    user: i64,
    feedback: &MovieFeedback,
) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    query
        .bind(user)
        .bind(i64::from(feedback.movie_id.0))
        .bind(feedback.reaction.map(Reaction::name))
        .bind(feedback.stars.map(|stars| i64::from(stars.halves())))
        .bind(i64::from(feedback.watched))
        .bind(feedback.updated_at)
}
