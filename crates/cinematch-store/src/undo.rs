//! Taking back: what is known of a person and a film, put back as it was.

use std::fmt;
use std::str::FromStr;

use cinematch::ids::MovieId;
use cinematch::rating::Stars;
use serde::{Deserialize, Serialize};
use sqlx::{Any, Transaction};

use crate::feedback::{COLUMNS, FeedbackRow, keep};
use crate::users::touch_or_new;
use crate::{MovieFeedback, Owner, Reaction, Store, StoreError};

/// All that is known of a person and a film at one moment. As text a page can hold it until it is wanted
/// back; whoever changes the text says no more than anybody may say of a film.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The button pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction>,
    /// The stars given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_halves")]
    pub stars: Option<Stars>,
    /// Whether they saw it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watched: bool,
    /// When any of this was said, in milliseconds since 1970: by that is known what an import said.
    #[serde(default)]
    pub said_at: i64,
    /// Its place on the watchlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Place>,
}

/// A film's place on a watchlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its title when it was added.
    pub title: String,
    /// Its year when it was added.
    pub year: Option<u16>,
    /// Where the person means to watch it.
    pub service: Option<String>,
    /// When it was added, in milliseconds since 1970.
    pub added_at: i64,
    /// Grows with every addition to any list.
    position: i64,
}

/// A text that says nothing of a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not what was known of a film")]
pub struct NotBefore;

/// Longer texts come from nobody's page.
const LONGEST: usize = 2000;

impl FromStr for Before {
    type Err = NotBefore;

    fn from_str(text: &str) -> Result<Self, NotBefore> {
        if text.len() > LONGEST {
            return Err(NotBefore);
        }
        let before: Self = serde_json::from_str(text).map_err(|_| NotBefore)?;
        // No database takes what cannot be shown.
        let unseen = |text: &str| text.chars().any(char::is_control);
        let spoilt = before.listed.as_ref().is_some_and(|place| {
            unseen(&place.title) || place.service.as_deref().is_some_and(unseen)
        });
        if spoilt { Err(NotBefore) } else { Ok(before) }
    }
}

impl fmt::Display for Before {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// Stars as half stars.
mod as_halves {
    use cinematch::rating::Stars;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub fn serialize<S: Serializer>(stars: &Option<Stars>, to: S) -> Result<S::Ok, S::Error> {
        stars.map(Stars::halves).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Stars>, D::Error> {
        let Some(halves) = Option::<u8>::deserialize(from)? else { return Ok(None) };
        let stars = Stars::from_halves(halves);
        stars.map(Some).ok_or_else(|| de::Error::custom("expected 1 to 10 half stars"))
    }
}

type PlaceRow = (String, Option<i64>, Option<String>, i64, i64);

impl Store {
    /// All that is known of a person and a film now, to be put back after it changed.
    pub async fn before(&self, user: &str, movie: MovieId) -> Result<Before, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM feedback JOIN users ON users.id = feedback.user_id
             WHERE users.key = $1 AND movie_id = $2"
        );
        let said: Option<FeedbackRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(user)
            .bind(i64::from(movie.0))
            .fetch_optional(self.pool())
            .await?;
        let place: Option<PlaceRow> = sqlx::query_as(
            "SELECT title, year, service, added_at, position
             FROM watchlist JOIN users ON users.id = watchlist.user_id
             WHERE users.key = $1 AND movie_id = $2",
        )
        .bind(user)
        .bind(i64::from(movie.0))
        .fetch_optional(self.pool())
        .await?;
        let listed = place.map(|(title, year, service, added_at, position)| Place {
            title,
            year: year.and_then(|year| u16::try_from(year).ok()),
            service,
            added_at,
            position,
        });
        Ok(match said.map(MovieFeedback::of).transpose()? {
            None => Before { listed, ..Before::default() },
            Some(said) => Before {
                reaction: said.reaction,
                stars: said.stars,
                watched: said.watched,
                said_at: said.updated_at,
                listed,
            },
        })
    }

    /// Puts back what was known of a film, and its place on the watchlist: all of it or nothing.
    pub async fn restore(
        &self,
        owner: impl Into<Owner>,
        movie: MovieId,
        before: Before,
        now: i64,
    ) -> Result<(), StoreError> {
        let (store, owner) = (self.clone(), owner.into());
        let user = owner.key.clone();
        self.change(&user, async move {
            let mut transaction = store.begin().await?;
            let id = touch_or_new(&mut transaction, &owner, now).await?;
            let said = MovieFeedback {
                movie_id: movie,
                reaction: before.reaction,
                stars: before.stars,
                watched: before.watched,
                // Nothing was said in times to come.
                updated_at: before.said_at.min(now),
            };
            keep(&mut transaction, id, &said).await?;
            sqlx::query("DELETE FROM watchlist WHERE user_id = $1 AND movie_id = $2")
                .bind(id)
                .bind(i64::from(movie.0))
                .execute(&mut *transaction)
                .await?;
            if let Some(place) = before.listed {
                place.put_back(&mut transaction, id, movie).await?;
            }
            transaction.commit().await?;
            Ok(())
        })
        .await
    }
}

impl Place {
    /// Lists the film where it was. The position may come from outside: one that is not given out yet, or
    /// is another film's, becomes the next one, so that nobody can use the numbers up.
    async fn put_back(
        self,
        transaction: &mut Transaction<'static, Any>,
        user: i64,
        movie: MovieId,
    ) -> Result<(), StoreError> {
        let (last,): (Option<i64>,) = sqlx::query_as("SELECT MAX(position) FROM watchlist")
            .fetch_one(&mut **transaction)
            .await?;
        let was_given = (1..last.unwrap_or(0)).contains(&self.position);
        if was_given {
            let listed = sqlx::query(
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
            if listed.rows_affected() == 1 {
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
    fn a_text_is_what_was_known_or_nothing() {
        let place = Place {
            title: "\"Heat\" <b>".to_owned(),
            year: Some(1995),
            service: None,
            added_at: 7,
            position: 3,
        };
        let before = Before {
            reaction: Some(Reaction::NotInterested),
            stars: Stars::from_halves(9),
            watched: true,
            said_at: 5,
            listed: Some(place),
        };
        for before in [before, Before::default()] {
            assert_eq!(before.to_string().parse(), Ok(before));
        }
        let long = format!("{{\"said_at\":1{}}}", " ".repeat(LONGEST));
        for text in [
            "",
            "{",
            "{\"stars\":11}",
            "{\"stars\":0}",
            "{\"more\":1}",
            "{\"reaction\":\"x\"}",
            &long,
        ] {
            assert_eq!(text.parse::<Before>(), Err(NotBefore), "{text}");
        }
        let unseen = "{\"listed\":{\"title\":\"a\\u0000\",\"year\":null,\"service\":null,\
                      \"added_at\":1,\"position\":1}}";
        assert_eq!(unseen.parse::<Before>(), Err(NotBefore), "no database takes it");
    }
}
