//! Viewing preferences and their columns.

/// A user's viewing preferences. Empty lists and `None` mean no preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Names of the genres that the user prefers.
    pub preferred_genres: Vec<String>,
    /// Streaming services the user subscribes to.
    pub services: Vec<String>,
    /// Preferred original languages, as ISO 639-1 codes.
    pub original_languages: Vec<String>,
    /// Minimum runtime in minutes.
    pub runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    pub runtime_max: Option<u32>,
    /// Country whose streaming services are shown, as a two-letter ISO 3166-1 code.
    pub region: Option<String>,
    /// Default novelty of recommendations, in percent: -100 favors well-known movies, and 100 little-known ones.
    pub novelty_percent: i8,
    /// Age limit of a child's profile, in years.
    pub max_age: Option<u8>,
    /// Time of the last change, in milliseconds since the Unix epoch; `None` if preferences were never set.
    pub updated_at: Option<i64>,
}

pub(crate) type PreferencesRow =
    (String, String, String, Option<i64>, Option<i64>, Option<String>, i64, Option<i64>, i64);

/// Columns to select for a [`PreferencesRow`].
pub(crate) const COLUMNS: &str = "preferred_genres, services, original_languages, runtime_min, runtime_max, region, \
     novelty_percent, max_age, updated_at";

impl From<PreferencesRow> for Preferences {
    fn from(row: PreferencesRow) -> Self {
        let (genres, services, languages, min, max, region, novelty, max_age, updated_at) = row;
        let names = |json: &str| serde_json::from_str(json).unwrap_or_default();
        let minutes =
            |minutes: Option<i64>| minutes.and_then(|minutes| u32::try_from(minutes).ok());
        Self {
            preferred_genres: names(&genres),
            services: names(&services),
            original_languages: names(&languages),
            runtime_min: minutes(min),
            runtime_max: minutes(max),
            region,
            novelty_percent: i8::try_from(novelty).unwrap_or_default(),
            max_age: max_age.and_then(|age| u8::try_from(age).ok()),
            updated_at: Some(updated_at),
        }
    }
}
