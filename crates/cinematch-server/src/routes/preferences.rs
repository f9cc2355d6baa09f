//! `/api/preferences/me`.

use axum::Json;
use axum::extract::State;
use cinematch::ranking::{Filters, Query, Recommender};
use cinematch_store::{Preferences, rfc3339};
use serde::{Deserialize, Serialize};

use super::now;
use super::person::{ShortText, check_text};
use crate::access::Me;
use crate::extract::{Body, or_default};
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

const MOST_NAMES: usize = 100;
const LONGEST_NAME: usize = 100;

/// What somebody would rather see.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PreferencesBody {
    /// Genres, as the catalogue writes them.
    preferred_genres: Vec<String>,
    /// Streaming services they have: recommendations are of films on these.
    services: Vec<String>,
    /// ISO 639-1: recommendations are of films made in these.
    original_languages: Vec<String>,
    /// Minutes.
    runtime_min: Option<u32>,
    /// Minutes.
    runtime_max: Option<u32>,
    /// RFC 3339, UTC; `null` where nothing was ever said.
    updated_at: Option<String>,
}

impl From<Preferences> for PreferencesBody {
    fn from(preferences: Preferences) -> Self {
        Self {
            preferred_genres: preferences.preferred_genres,
            services: preferences.services,
            original_languages: preferences.original_languages,
            runtime_min: preferences.runtime_min,
            runtime_max: preferences.runtime_max,
            updated_at: preferences.updated_at.map(rfc3339),
        }
    }
}

/// The preferences of the profile that asks.
#[utoipa::path(get, path = "/api/preferences/me", tag = "people",
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = PreferencesBody),
    ))]
pub async fn read(
    State(state): State<AppState>,
    Me(profile): Me,
) -> Result<Json<PreferencesBody>, Problem> {
    let taste = state.store().taste(&profile.key()).await?;
    Ok(Json(taste.preferences.clone().into()))
}

/// New preferences; what is left out is none.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NewPreferences {
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["crime"]))]
    preferred_genres: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ShortText>>, max_items = 100, example = json!([]))]
    services: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ShortText>>, max_items = 100, example = json!(["en"]))]
    original_languages: Vec<String>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_min: Option<u32>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    runtime_max: Option<u32>,
}

/// Puts preferences in the place of those of before.
#[utoipa::path(put, path = "/api/preferences/me", tag = "people", request_body = NewPreferences,
    security(("user_id" = []), ("session" = []), ("api_key" = [])),
    responses(
        (status = 200, body = PreferencesBody),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn write(
    State(state): State<AppState>,
    Me(profile): Me,
    Body(new): Body<NewPreferences>,
) -> Result<Json<PreferencesBody>, Problem> {
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    for (field, names) in
        [("services", &new.services), ("original_languages", &new.original_languages)]
    {
        check_names(field, names)?;
    }
    // Services and languages are a person's own, whether today's catalogue has films of them or not.
    let asked = Query {
        preferred_genres: new.preferred_genres.clone(),
        filters: Filters {
            runtime_min: new.runtime_min,
            runtime_max: new.runtime_max,
            ..Filters::default()
        },
        limit: 1,
        ..Query::default()
    };
    recommender.resolve(&asked)?;
    let now = now();
    let preferences = Preferences {
        preferred_genres: as_catalogued(recommender, new.preferred_genres, Kind::Genre),
        services: as_catalogued(recommender, new.services, Kind::Service),
        original_languages: as_catalogued(recommender, new.original_languages, Kind::Language),
        runtime_min: new.runtime_min,
        runtime_max: new.runtime_max,
        updated_at: Some(now),
    };
    state.store().set_preferences(&profile, preferences.clone(), now).await?;
    Ok(Json(preferences.into()))
}

/// Names that a person may have.
fn check_names(field: &str, names: &[String]) -> Result<(), Problem> {
    if names.len() > MOST_NAMES {
        return Err(Problem::field(field, format!("expected at most {MOST_NAMES} names")));
    }
    for (at, name) in names.iter().enumerate() {
        check_text(&format!("{field}[{at}]"), name, LONGEST_NAME)?;
    }
    Ok(())
}

/// What a name is of.
#[derive(Clone, Copy)]
enum Kind {
    Genre,
    Service,
    Language,
}

impl Kind {
    /// The catalogue's own spelling.
    fn find(self, recommender: &Recommender, name: &str) -> Option<String> {
        let index = recommender.index();
        let names = match self {
            Self::Genre => &index.genres,
            Self::Service => &index.services,
            Self::Language => &index.languages,
        };
        Some(names.names()[names.find(name)?].clone())
    }
}

/// Names as the catalogue spells them, each once: what front ends compare with its lists.
fn as_catalogued(recommender: &Recommender, names: Vec<String>, kind: Kind) -> Vec<String> {
    let mut found: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = kind.find(recommender, &name).unwrap_or(name);
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Puts somebody's preferences into a query. Names that the catalogue of today does not have are not
/// asked for, and returned: another model may have had them.
pub fn apply(
    preferences: &Preferences,
    recommender: &Recommender,
    query: &mut Query,
) -> Vec<String> {
    let mut unknown = Vec::new();
    let mut known = |names: &[String], kind: Kind| -> Vec<String> {
        let (known, gone): (Vec<_>, Vec<_>) =
            names.iter().cloned().partition(|name| kind.find(recommender, name).is_some());
        unknown.extend(gone);
        known
    };
    query.preferred_genres = known(&preferences.preferred_genres, Kind::Genre);
    query.filters.languages = known(&preferences.original_languages, Kind::Language);
    query.filters.services = known(&preferences.services, Kind::Service);
    query.filters.runtime_min = preferences.runtime_min;
    query.filters.runtime_max = preferences.runtime_max;
    unknown
}
