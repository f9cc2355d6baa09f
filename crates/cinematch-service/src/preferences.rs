//! A user's preferences: validation, storage and application to queries.

use cinematch::catalog::names::NameList;
use cinematch::ranking::{Filters, Query, Recommender};
use cinematch::retrieval::FilterIndex;
use cinematch_store::{Preferences, Profile, rfc3339};
use serde::{Deserialize, Serialize};

use crate::error::{ServiceError, ServiceFuture};
use crate::names::{ShortText, check_text};
use crate::optional::or_default;
use crate::service::Service;

const MAX_NAMES: usize = 100;
const MAX_NAME_LENGTH: usize = 100;

/// A user's preferences, as returned by the API.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PreferencesBody {
    /// Preferred genres, spelled as in the catalog.
    preferred_genres: Vec<String>,
    /// Streaming services of the user; recommendations are limited to them.
    services: Vec<String>,
    /// Original languages, ISO 639-1; recommendations are limited to them.
    original_languages: Vec<String>,
    /// Minimum runtime in minutes.
    runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    runtime_max: Option<u32>,
    /// Country of the streaming services, ISO 3166-1 alpha-2; used if a request for recommendations names no
    /// region.
    region: Option<String>,
    /// Default novelty of recommendations, from -1 (well-known movies) to 1 (little-known movies).
    novelty: f32,
    /// Age limit of a child's profile: lists contain only movies whose minimum age is at most this.
    max_age: Option<u8>,
    /// Time of the last change, RFC 3339 in UTC; `null` if preferences were never saved.
    updated_at: Option<String>,
}

impl From<Preferences> for PreferencesBody {
    fn from(preferences: Preferences) -> Self {
        let novelty = novelty(&preferences);
        Self {
            preferred_genres: preferences.preferred_genres,
            services: preferences.services,
            original_languages: preferences.original_languages,
            runtime_min: preferences.runtime_min,
            runtime_max: preferences.runtime_max,
            region: preferences.region,
            novelty,
            max_age: preferences.max_age,
            updated_at: preferences.updated_at.map(rfc3339),
        }
    }
}

/// New preferences. They replace all existing ones; a missing field clears its preference.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NewPreferences {
    /// Genres to prefer.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["crime"]))]
    pub preferred_genres: Vec<String>,
    /// Streaming services of the user.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ShortText>>, max_items = 100, example = json!([]))]
    pub services: Vec<String>,
    /// Original languages, ISO 639-1.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<Vec<ShortText>>, max_items = 100, example = json!(["en"]))]
    pub original_languages: Vec<String>,
    /// Minimum runtime in minutes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    pub runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    pub runtime_max: Option<u32>,
    /// Country of the streaming services, ISO 3166-1 alpha-2, case-insensitive.
    #[schema(pattern = "^[A-Za-z]{2}$", example = "DE")]
    pub region: Option<String>,
    /// Default novelty of recommendations, from -1 (well-known movies) to 1 (little-known movies), rounded to hundredths.
    /// Default: 0.
    #[schema(minimum = -1, maximum = 1)]
    pub novelty: Option<f32>,
    /// Age limit of a child's profile, as in `filters.max_age`. It applies to all lists of the profile and of groups
    /// that it is in.
    #[schema(minimum = 0, maximum = 18, example = 6)]
    pub max_age: Option<u8>,
}

/// Returns a user's preferences.
pub fn find<'a>(service: &'a Service, profile: &'a Profile) -> ServiceFuture<'a, Preferences> {
    Box::pin(async move { Ok(service.user_history(&profile.key()).await?.preferences.clone()) })
}

/// Validates and saves streaming services and their country, and keeps all other preferences, including those
/// that a concurrent request changes.
pub fn save_services<'a>(
    service: &'a Service,
    profile: &'a Profile,
    services: Vec<String>,
    region: Option<&'a str>,
) -> ServiceFuture<'a, ()> {
    Box::pin(async move {
        check_names("services", &services)?;
        let region = region.map(parse_region).transpose()?;
        let bundle = service.bundle();
        let catalog = services_in(bundle.recommender.index(), region.as_deref());
        let services = canonical_names(catalog, services);
        service.store().set_services(profile.into(), services, region, service.now()).await?;
        Ok(())
    })
}

/// Validates and saves the default novelty of recommendations, and keeps all other preferences.
pub fn save_novelty<'a>(
    service: &'a Service,
    profile: &'a Profile,
    novelty: f32,
) -> ServiceFuture<'a, ()> {
    Box::pin(async move {
        let bundle = service.bundle();
        bundle.recommender.resolve(&Query { novelty, ..Query::default() })?;
        service.store().set_novelty(profile.into(), percent(novelty), service.now()).await?;
        Ok(())
    })
}

/// Returns the default novelty of a user's recommendations, from -1 to 1.
pub fn novelty(preferences: &Preferences) -> f32 {
    f32::from(preferences.novelty_percent) / 100.0
}

/// Converts a valid novelty to percent.
fn percent(novelty: f32) -> i8 {
    (novelty * 100.0).round() as i8
}

/// Validates and saves preferences, with names spelled as in the catalog.
pub fn save<'a>(
    service: &'a Service,
    profile: &'a Profile,
    new: NewPreferences,
) -> ServiceFuture<'a, Preferences> {
    Box::pin(async move {
        let bundle = service.bundle();
        let recommender = &bundle.recommender;
        for (field, names) in
            [("services", &new.services), ("original_languages", &new.original_languages)]
        {
            check_names(field, names)?;
        }
        let region = new.region.map(|code| parse_region(&code)).transpose()?;
        // Services, languages and the region are not checked against the catalog, since a later catalog may contain
        // them.
        let query = Query {
            preferred_genres: new.preferred_genres.clone(),
            filters: Filters {
                runtime_min: new.runtime_min,
                runtime_max: new.runtime_max,
                max_age: new.max_age,
                ..Filters::default()
            },
            limit: 1,
            novelty: new.novelty.unwrap_or_default(),
            ..Query::default()
        };
        recommender.resolve(&query)?;
        let index = recommender.index();
        let services = services_in(index, region.as_deref());
        let now = service.now();
        let preferences = Preferences {
            preferred_genres: canonical_names(&index.genres, new.preferred_genres),
            services: canonical_names(services, new.services),
            original_languages: canonical_names(&index.languages, new.original_languages),
            runtime_min: new.runtime_min,
            runtime_max: new.runtime_max,
            region,
            novelty_percent: percent(query.novelty),
            max_age: new.max_age,
            updated_at: Some(now),
        };
        service.store().set_preferences(profile.into(), preferences.clone(), now).await?;
        Ok(preferences)
    })
}

/// Validates a two-letter country code and returns it in upper case.
fn parse_region(code: &str) -> Result<String, ServiceError> {
    if code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(code.to_ascii_uppercase());
    }
    Err(ServiceError::field("region", "expected a two-letter country code, such as DE"))
}

/// Returns the services of a region, or those of the operator's region if the catalog does not contain it.
pub fn services_in<'a>(index: &'a FilterIndex, region: Option<&str>) -> &'a NameList {
    index.services_in(region.and_then(|code| index.find_region(code)))
}

/// Checks the number of names and the length of each.
fn check_names(field: &str, names: &[String]) -> Result<(), ServiceError> {
    if names.len() > MAX_NAMES {
        return Err(ServiceError::field(field, format!("expected at most {MAX_NAMES} names")));
    }
    for (index, name) in names.iter().enumerate() {
        check_text(&format!("{field}[{index}]"), name, MAX_NAME_LENGTH)?;
    }
    Ok(())
}

/// Returns names spelled as in the catalog and without duplicates, so that clients can compare them with the
/// catalog's lists. Unknown names are left unchanged.
fn canonical_names(catalog: &NameList, names: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = catalog.canonical(&name).to_owned();
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Returns the lowest of several age limits.
pub fn strictest(limits: impl IntoIterator<Item = Option<u8>>) -> Option<u8> {
    limits.into_iter().flatten().min()
}

/// Applies a user's preferences to a query. A region set in the query takes precedence, and so does a lower age limit.
/// Names missing from the catalog are skipped and returned, since an earlier catalog may have contained them.
pub fn apply(
    preferences: &Preferences,
    recommender: &Recommender,
    query: &mut Query,
) -> Vec<String> {
    let index = recommender.index();
    let mut unknown = Vec::new();
    let mut known = |names: &[String], catalog: &NameList| -> Vec<String> {
        let (known, missing): (Vec<_>, Vec<_>) =
            names.iter().cloned().partition(|name| catalog.find(name).is_some());
        unknown.extend(missing);
        known
    };
    let mut unknown_region = None;
    if query.filters.region.is_none() {
        match &preferences.region {
            Some(region) if index.find_region(region).is_none() => {
                unknown_region = Some(region.clone());
            }
            region => query.filters.region.clone_from(region),
        }
    }
    let services = services_in(index, query.filters.region.as_deref());
    query.preferred_genres = known(&preferences.preferred_genres, &index.genres);
    query.filters.languages = known(&preferences.original_languages, &index.languages);
    query.filters.services = known(&preferences.services, services);
    query.novelty = novelty(preferences);
    query.filters.runtime_min = preferences.runtime_min;
    query.filters.runtime_max = preferences.runtime_max;
    query.filters.max_age = strictest([query.filters.max_age, preferences.max_age]);
    unknown.extend(unknown_region);
    unknown
}
