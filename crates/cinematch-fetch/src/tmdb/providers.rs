//! Streaming availability of a movie, from TMDB's `watch/providers`. The data comes from JustWatch.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cinematch::ids::TmdbId;
use cinematch::sources::tmdb::facts::join_names;
use serde::Deserialize;

use super::lenient;

/// A `watch/providers` response, either on its own or appended to a movie.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Providers {
    #[serde(deserialize_with = "lenient::map")]
    results: BTreeMap<String, Region>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Region {
    #[serde(deserialize_with = "lenient::list")]
    flatrate: Vec<Provider>,
    #[serde(deserialize_with = "lenient::list")]
    ads: Vec<Provider>,
    #[serde(deserialize_with = "lenient::list")]
    free: Vec<Provider>,
    #[serde(deserialize_with = "lenient::list")]
    rent: Vec<Provider>,
    #[serde(deserialize_with = "lenient::list")]
    buy: Vec<Provider>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Provider {
    #[serde(deserialize_with = "lenient::value")]
    provider_name: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    display_priority: Option<i64>,
}

/// Streaming services in each region, under their common names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Services in each region, keyed by ISO 3166-1 country code.
    pub regions: BTreeMap<String, Offers>,
}

/// The services in a region that offer a movie, by type of payment. Names are separated by `|`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Services that include the movie in a subscription.
    pub flatrate: String,
    /// Services that show the movie free with ads.
    pub ads: String,
    /// Services that show the movie for free.
    pub free: String,
    /// Services that rent out the movie.
    pub rent: String,
    /// Services that sell the movie.
    pub buy: String,
}

impl Availability {
    /// Converts a response, normalizing the names and sorting them by TMDB's display priority.
    pub fn from_providers(providers: &Providers) -> Self {
        let regions = providers.results.iter().map(|(code, region)| {
            let offers = Offers {
                flatrate: service_names(&region.flatrate),
                ads: service_names(&region.ads),
                free: service_names(&region.free),
                rent: service_names(&region.rent),
                buy: service_names(&region.buy),
            };
            (code.clone(), offers)
        });
        Self { regions: regions.filter(|(_, offers)| *offers != Offers::default()).collect() }
    }

    /// Returns the services in `region` on which the movie can be watched without paying for it
    /// individually: by subscription, free with ads, or for free.
    pub fn services(&self, region: &str) -> String {
        let Some(offers) = self.regions.get(region) else { return String::new() };
        let kinds = [&offers.flatrate, &offers.ads, &offers.free];
        join_names(kinds.into_iter().flat_map(|names| names.split('|')))
    }

    /// Writes a line for each region to `watch_providers.csv`.
    pub fn write<W: Write>(&self, id: TmdbId, csv: &mut csv::Writer<W>) -> io::Result<()> {
        let id = id.to_string();
        for (code, offers) in &self.regions {
            let Offers { flatrate, ads, free, rent, buy } = offers;
            csv.write_record([&id, code, flatrate, ads, free, rent, buy])?;
        }
        Ok(())
    }
}

/// Column names of `watch_providers.csv`.
pub const HEADER: [&str; 7] = ["tmdb_id", "region", "flatrate", "ads", "free", "rent", "buy"];

fn service_names(providers: &[Provider]) -> String {
    let mut providers: Vec<&Provider> = providers.iter().collect();
    providers.sort_by_key(|provider| provider.display_priority.unwrap_or(i64::MAX));
    let names = providers.iter().filter_map(|provider| provider.provider_name.as_deref());
    let names: Vec<String> = names.map(service_name).collect();
    join_names(names.iter().map(String::as_str))
}

/// Common service names, keyed by TMDB's name.
const SERVICE_NAMES: &[(&str, &str)] = &[
    ("Amazon Prime Video", "Prime Video"),
    ("Amazon Prime Video Free", "Prime Video"),
    ("Disney Plus", "Disney+"),
    ("Apple TV Plus", "Apple TV+"),
    ("HBO Max", "Max"),
    ("Paramount Plus", "Paramount+"),
    ("Paramount Plus Essential", "Paramount+"),
    ("Paramount Plus Premium", "Paramount+"),
    ("Paramount Plus Basic", "Paramount+"),
    ("Paramount+ with Showtime", "Paramount+"),
    ("Paramount+ Roku Premium Channel", "Paramount+ Roku Premium Channel"),
    ("Discovery Plus", "Discovery+"),
    ("AMC Plus", "AMC+"),
    ("BET Plus", "BET+"),
    ("ESPN Plus", "ESPN+"),
    ("Star Plus", "Star+"),
    ("MGM Plus", "MGM+"),
    ("Peacock Premium", "Peacock"),
    ("Peacock Premium Plus", "Peacock"),
    ("The Criterion Channel", "Criterion Channel"),
];

/// Suffixes for subscription plans, which TMDB lists as separate services.
const PLAN_SUFFIXES: [&str; 5] =
    [" Standard with Ads", " basic with Ads", " Basic with Ads", " with Ads", " Free with Ads"];

/// Suffixes for channels that are resold through another service. They need their own subscription, so
/// their names are kept.
const CHANNEL_SUFFIXES: [&str; 3] = ["Amazon Channel", "Apple TV Channel", "Roku Premium Channel"];

/// Returns a service's common name, given TMDB's name for it.
pub fn service_name(provider: &str) -> String {
    let provider = provider.trim();
    if CHANNEL_SUFFIXES.iter().any(|channel| provider.ends_with(channel)) {
        return provider.to_owned();
    }
    let service =
        PLAN_SUFFIXES.iter().find_map(|plan| provider.strip_suffix(plan)).unwrap_or(provider);
    let known = SERVICE_NAMES.iter().find(|(name, _)| *name == service);
    known.map_or(service, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_plans_into_one_service_and_keeps_resold_channels_apart() {
        for (provider, name) in [
            ("Netflix", "Netflix"),
            ("Netflix basic with Ads", "Netflix"),
            ("Netflix Standard with Ads", "Netflix"),
            ("Amazon Prime Video", "Prime Video"),
            ("Amazon Prime Video with Ads", "Prime Video"),
            ("Amazon Video", "Amazon Video"),
            ("Disney Plus", "Disney+"),
            ("Paramount+ Amazon Channel", "Paramount+ Amazon Channel"),
            ("MUBI Amazon Channel", "MUBI Amazon Channel"),
            ("MUBI", "MUBI"),
        ] {
            assert_eq!(service_name(provider), name);
        }
    }

    #[test]
    fn accepts_empty_null_and_missing_values() {
        let body = r#"{"id":1,"results":{
            "DE":{"link":"","flatrate":[{"provider_name":"Disney Plus","display_priority":5},
                                        {"provider_name":"Netflix","display_priority":0}],
                  "ads":[{"provider_name":"Netflix Standard with Ads"}],
                  "buy":[{"provider_name":"Apple TV"},{"provider_name":null}]},
            "AT":{"link":null,"free":[]}, "CH":{"rent":null}}}"#;
        let availability = Availability::from_providers(&serde_json::from_str(body).unwrap());
        assert_eq!(availability.regions.keys().collect::<Vec<_>>(), ["DE"]);
        assert_eq!(availability.services("DE"), "Netflix|Disney+");
        assert_eq!(availability.regions["DE"].buy, "Apple TV");
        assert_eq!(availability.services("US"), "");
    }
}
