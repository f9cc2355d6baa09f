//! What people would rather see, and on what.

use crate::users::touch_or_new;
use crate::{Owner, Store, StoreError};

/// Somebody's preferences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Genres they would rather see.
    pub preferred_genres: Vec<String>,
    /// Services they have.
    pub services: Vec<String>,
    /// ISO 639-1.
    pub original_languages: Vec<String>,
    /// In minutes.
    pub runtime_min: Option<u32>,
    /// In minutes.
    pub runtime_max: Option<u32>,
    /// The country whose services they have: ISO 3166-1, two letters.
    pub region: Option<String>,
    /// In milliseconds since 1970; `None` where nothing was ever said.
    pub updated_at: Option<i64>,
}

pub(crate) type PreferencesRow =
    (String, String, String, Option<i64>, Option<i64>, Option<String>, i64);

/// The columns of a [`PreferencesRow`].
pub(crate) const COLUMNS: &str =
    "preferred_genres, services, original_languages, runtime_min, runtime_max, region, updated_at";

impl From<PreferencesRow> for Preferences {
    fn from(row: PreferencesRow) -> Self {
        let (genres, services, languages, min, max, region, updated_at) = row;
        let names = |json: &str| serde_json::from_str(json).unwrap_or_default();
        let minutes = |minutes: Option<i64>| minutes.and_then(|it| u32::try_from(it).ok());
        Self {
            preferred_genres: names(&genres),
            services: names(&services),
            original_languages: names(&languages),
            runtime_min: minutes(min),
            runtime_max: minutes(max),
            region,
            updated_at: Some(updated_at),
        }
    }
}

impl Store {
    /// Puts preferences in the place of what was there.
    pub async fn set_preferences(
        &self,
        owner: impl Into<Owner>,
        preferences: Preferences,
        now: i64,
    ) -> Result<(), StoreError> {
        let (store, owner) = (self.clone(), owner.into());
        let user = owner.key.clone();
        self.change(&user, async move {
            let mut transaction = store.begin().await?;
            let id = touch_or_new(&mut transaction, &owner, now).await?;
            let json = |names: &[String]| serde_json::to_string(names).unwrap_or_default();
            sqlx::query(
                "INSERT INTO preferences (user_id, preferred_genres, services, original_languages,
                     runtime_min, runtime_max, region, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (user_id) DO UPDATE SET
                     preferred_genres = excluded.preferred_genres, services = excluded.services,
                     original_languages = excluded.original_languages,
                     runtime_min = excluded.runtime_min, runtime_max = excluded.runtime_max,
                     region = excluded.region, updated_at = excluded.updated_at",
            )
            .bind(id)
            .bind(json(&preferences.preferred_genres))
            .bind(json(&preferences.services))
            .bind(json(&preferences.original_languages))
            .bind(preferences.runtime_min.map(i64::from))
            .bind(preferences.runtime_max.map(i64::from))
            .bind(preferences.region)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(())
        })
        .await
    }
}
