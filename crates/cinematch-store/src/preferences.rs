//! Writes users' preferences.

use crate::records::preferences::Preferences;
use crate::store::{Store, StoreFuture};
use crate::users::Owner;

impl Store {
    /// Replaces a user's preferences.
    pub fn set_preferences(
        &self,
        owner: Owner,
        preferences: Preferences,
        now: i64,
    ) -> StoreFuture<'_, ()> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(async move {
                let json = |names: &[String]| serde_json::to_string(names).unwrap_or_default();
                sqlx::query(
                    "INSERT INTO preferences
                         (user_id, preferred_genres, services, original_languages,
                          runtime_min, runtime_max, region, novelty_percent, max_age, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                     ON CONFLICT (user_id) DO UPDATE SET
                         preferred_genres = excluded.preferred_genres,
                         services = excluded.services,
                         original_languages = excluded.original_languages,
                         runtime_min = excluded.runtime_min, runtime_max = excluded.runtime_max,
                         region = excluded.region, novelty_percent = excluded.novelty_percent,
                         max_age = excluded.max_age, updated_at = excluded.updated_at",
                )
                .bind(id)
                .bind(json(&preferences.preferred_genres))
                .bind(json(&preferences.services))
                .bind(json(&preferences.original_languages))
                .bind(preferences.runtime_min.map(i64::from))
                .bind(preferences.runtime_max.map(i64::from))
                .bind(preferences.region)
                .bind(i64::from(preferences.novelty_percent))
                .bind(preferences.max_age.map(i64::from))
                .bind(now)
                .execute(&mut **transaction)
                .await?;
                Ok(())
            })
        })
    }

    /// Replaces a user's streaming services and their country, and keeps all other preferences.
    pub fn set_services(
        &self,
        owner: Owner,
        services: Vec<String>,
        region: Option<String>,
        now: i64,
    ) -> StoreFuture<'_, ()> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO preferences
                         (user_id, preferred_genres, services, original_languages, region, updated_at)
                     VALUES ($1, '[]', $2, '[]', $3, $4)
                     ON CONFLICT (user_id) DO UPDATE SET
                         services = excluded.services, region = excluded.region,
                         updated_at = excluded.updated_at",
                )
                .bind(id)
                .bind(serde_json::to_string(&services).unwrap_or_default())
                .bind(region)
                .bind(now)
                .execute(&mut **transaction)
                .await?;
                Ok(())
            })
        })
    }

    /// Replaces the default novelty of a user's recommendations, and keeps all other preferences.
    pub fn set_novelty(&self, owner: Owner, novelty_percent: i8, now: i64) -> StoreFuture<'_, ()> {
        self.change_user(owner, now, move |transaction, id| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO preferences
                         (user_id, preferred_genres, services, original_languages, novelty_percent,
                          updated_at)
                     VALUES ($1, '[]', '[]', '[]', $2, $3)
                     ON CONFLICT (user_id) DO UPDATE SET
                         novelty_percent = excluded.novelty_percent,
                         updated_at = excluded.updated_at",
                )
                .bind(id)
                .bind(i64::from(novelty_percent))
                .bind(now)
                .execute(&mut **transaction)
                .await?;
                Ok(())
            })
        })
    }
}
