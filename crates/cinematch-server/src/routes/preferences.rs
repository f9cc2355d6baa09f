//! `/api/preferences/me`.

use axum::Json;
use axum::extract::State;
use cinematch::catalog::names::NameList;
use cinematch::ranking::{Filters, Query, Recommender};
use cinematch::retrieval::FilterIndex;
use cinematch_store::{Preferences, Profile, rfc3339};
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
    /// The country whose services they have, as two letters: recommendations go by these where they name
    /// no other.
    region: Option<String>,
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
            region: preferences.region,
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
    let taste = state.store().user_history(&profile.key()).await?;
    Ok(Json(taste.preferences.clone().into()))
}

/// New preferences; what is left out is none.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NewPreferences {
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["crime"]))]
    pub preferred_genres: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ShortText>>, max_items = 100, example = json!([]))]
    pub services: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ShortText>>, max_items = 100, example = json!(["en"]))]
    pub original_languages: Vec<String>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    pub runtime_min: Option<u32>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    pub runtime_max: Option<u32>,
    /// The country whose services these are: ISO 3166-1, two letters in any case.
    #[schema(pattern = "^[A-Za-z]{2}$", example = "DE")]
    pub region: Option<String>,
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
    Ok(Json(save(&state, &profile, new).await?.into()))
}

/// Checks preferences and keeps them, with names as the catalogue writes them.
pub async fn save(
    state: &AppState,
    profile: &Profile,
    new: NewPreferences,
) -> Result<Preferences, Problem> {
    let bundle = state.bundle();
    let recommender = &bundle.recommender;
    for (field, names) in
        [("services", &new.services), ("original_languages", &new.original_languages)]
    {
        check_names(field, names)?;
    }
    let region = new.region.map(|code| region_of(&code)).transpose()?;
    // Services, languages and the region are a person's own, whether today's catalogue has films of them
    // or not.
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
    let index = recommender.index();
    let services = services_in(index, region.as_deref());
    let now = now();
    let preferences = Preferences {
        preferred_genres: as_catalogued(&index.genres, new.preferred_genres),
        services: as_catalogued(services, new.services),
        original_languages: as_catalogued(&index.languages, new.original_languages),
        runtime_min: new.runtime_min,
        runtime_max: new.runtime_max,
        region,
        updated_at: Some(now),
    };
    state.store().set_preferences(profile, preferences.clone(), now).await?;
    Ok(preferences)
}

/// A country's two letters, as ISO writes them.
fn region_of(code: &str) -> Result<String, Problem> {
    if code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(code.to_ascii_uppercase());
    }
    Err(Problem::field("region", "expected the two letters of a country, such as DE"))
}

/// The services of a region, or the catalogue's own where it has none of that name.
pub fn services_in<'a>(index: &'a FilterIndex, region: Option<&str>) -> &'a NameList {
    let region = region.and_then(|code| index.find_region(code));
    region.map_or(&index.services, |region| &index.regions()[region].services)
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

/// Names as the catalogue spells them, each once: what front ends compare with its lists.
fn as_catalogued(catalogue: &NameList, names: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = catalogue.find(&name).map_or(name, |at| catalogue.names()[at].clone());
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Puts somebody's preferences into a query; a region that the query names goes before theirs. Names that
/// the catalogue of today does not have are not asked for, and returned: another model may have had them.
pub fn apply(
    preferences: &Preferences,
    recommender: &Recommender,
    query: &mut Query,
) -> Vec<String> {
    let index = recommender.index();
    let mut unknown = Vec::new();
    let mut known = |names: &[String], catalogue: &NameList| -> Vec<String> {
        let (known, gone): (Vec<_>, Vec<_>) =
            names.iter().cloned().partition(|name| catalogue.find(name).is_some());
        unknown.extend(gone);
        known
    };
    let mut no_region = None;
    if query.filters.region.is_none() {
        match &preferences.region {
            Some(region) if index.find_region(region).is_none() => no_region = Some(region.clone()),
            region => query.filters.region.clone_from(region),
        }
    }
    let services = services_in(index, query.filters.region.as_deref());
    query.preferred_genres = known(&preferences.preferred_genres, &index.genres);
    query.filters.languages = known(&preferences.original_languages, &index.languages);
    query.filters.services = known(&preferences.services, services);
    query.filters.runtime_min = preferences.runtime_min;
    query.filters.runtime_max = preferences.runtime_max;
    unknown.extend(no_region);
    unknown
}
