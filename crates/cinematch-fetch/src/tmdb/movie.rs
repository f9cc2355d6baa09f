//! Parses a movie response, including the appended resources, into [`Facts`].

use std::collections::BTreeMap;

use cinematch::sources::tmdb::facts::{CAST_TOP, Facts, join_names, one_line};
use serde::Deserialize;

use super::lenient;
use super::providers::{Availability, Providers};

/// A movie response from TMDB. Any field may be missing or null, and a value of an unexpected type is
/// treated as missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Movie {
    #[serde(deserialize_with = "lenient::value")]
    title: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    original_title: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    alternative_titles: Option<AlternativeTitles>,
    #[serde(deserialize_with = "lenient::value")]
    release_date: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    runtime: Option<u32>,
    #[serde(deserialize_with = "lenient::value")]
    popularity: Option<f64>,
    #[serde(deserialize_with = "lenient::value")]
    vote_count: Option<u32>,
    #[serde(deserialize_with = "lenient::value")]
    vote_average: Option<f64>,
    #[serde(deserialize_with = "lenient::value")]
    overview: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    original_language: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    poster_path: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    imdb_id: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    belongs_to_collection: Option<Named>,
    #[serde(deserialize_with = "lenient::value")]
    adult: Option<bool>,
    #[serde(deserialize_with = "lenient::value")]
    status: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    genres: Vec<Named>,
    #[serde(deserialize_with = "lenient::value")]
    keywords: Option<Keywords>,
    #[serde(deserialize_with = "lenient::value")]
    credits: Option<Credits>,
    #[serde(deserialize_with = "lenient::value")]
    release_dates: Option<ReleaseDates>,
    #[serde(deserialize_with = "lenient::value")]
    external_ids: Option<ExternalIds>,
    #[serde(rename = "watch/providers", deserialize_with = "lenient::value")]
    providers: Option<Providers>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AlternativeTitles {
    #[serde(deserialize_with = "lenient::list")]
    titles: Vec<AlternativeTitle>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AlternativeTitle {
    #[serde(deserialize_with = "lenient::value")]
    title: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "lenient::value")]
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Keywords {
    #[serde(deserialize_with = "lenient::list")]
    keywords: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Credits {
    #[serde(deserialize_with = "lenient::list")]
    cast: Vec<Actor>,
    #[serde(deserialize_with = "lenient::list")]
    crew: Vec<Worker>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Actor {
    #[serde(deserialize_with = "lenient::value")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    order: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Worker {
    #[serde(deserialize_with = "lenient::value")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::value")]
    job: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReleaseDates {
    #[serde(deserialize_with = "lenient::list")]
    results: Vec<Releases>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Releases {
    #[serde(deserialize_with = "lenient::value")]
    iso_3166_1: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    release_dates: Vec<Release>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Release {
    #[serde(deserialize_with = "lenient::value")]
    certification: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient::value")]
    kind: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ExternalIds {
    #[serde(deserialize_with = "lenient::value")]
    imdb_id: Option<String>,
}

/// TMDB's release type for theatrical releases.
const THEATRICAL: u32 = 3;

/// Error returned when a stored response cannot be parsed as a movie.
#[derive(Debug, thiserror::Error)]
#[error("the stored response is not a movie: {0}")]
pub struct MovieError(#[from] serde_json::Error);

/// Parses a movie's metadata, with the services and certification in `region`, and its availability in
/// all regions. `newer` is a later `watch/providers` response, which takes precedence.
pub fn decode(
    body: &[u8],
    newer: Option<&[u8]>,
    region: &str,
) -> Result<(Facts, Availability), MovieError> {
    let mut movie: Movie = serde_json::from_slice(body)?;
    if let Some(newer) = newer.and_then(|newer| serde_json::from_slice(newer).ok()) {
        movie.providers = Some(newer);
    }
    let availability = Availability::from_providers(&movie.providers.take().unwrap_or_default());
    let services = availability.services(region);
    Ok((movie.facts(region, services), availability))
}

impl Movie {
    fn facts(&self, region: &str, services: String) -> Facts {
        let text = |value: &Option<String>| value.as_deref().map(one_line).unwrap_or_default();
        let external = self.external_ids.as_ref().and_then(|ids| ids.imdb_id.as_ref());
        let imdb_id = self.imdb_id.as_ref().filter(|id| !id.is_empty()).or(external);
        Facts {
            title: text(&self.title),
            release_date: text(&self.release_date),
            runtime: number(self.runtime.filter(|minutes| *minutes > 0)),
            popularity: number(self.popularity),
            vote_count: number(self.vote_count),
            vote_average: number(self.vote_average),
            genres: names(&self.genres).to_lowercase(),
            overview: self.overview.as_deref().unwrap_or_default().trim().to_owned(),
            keywords: self
                .keywords
                .as_ref()
                .map(|keywords| names(&keywords.keywords))
                .unwrap_or_default(),
            cast_top: self.cast_top(),
            director: self.directors(),
            original_language: text(&self.original_language),
            poster_path: text(&self.poster_path),
            certification: self.certification(region),
            imdb_id: text(&imdb_id.cloned()),
            collection: self
                .belongs_to_collection
                .as_ref()
                .map(|collection| text(&collection.name))
                .unwrap_or_default(),
            adult: number(self.adult),
            status: text(&self.status),
            // The store has the date.
            fetched_on: String::new(),
            certifications: self.certifications(),
            original_title: text(&self.original_title),
            alternative_titles: self.alternative_titles(),
            services,
        }
    }

    fn cast_top(&self) -> String {
        let cast = self.credits.iter().flat_map(|credits| &credits.cast);
        let mut cast: Vec<&Actor> = cast.collect();
        // The sort is stable, so actors with no order stay in the order of the response.
        cast.sort_by_key(|actor| actor.order.unwrap_or(u32::MAX));
        let names = cast.iter().filter_map(|actor| actor.name.as_deref());
        let joined = join_names(names);
        joined.split('|').take(CAST_TOP).collect::<Vec<_>>().join("|")
    }

    fn alternative_titles(&self) -> String {
        let titles = self.alternative_titles.iter().flat_map(|list| &list.titles);
        join_names(titles.filter_map(|title| title.title.as_deref()))
    }

    fn directors(&self) -> String {
        let crew = self.credits.iter().flat_map(|credits| &credits.crew);
        let directors = crew.filter(|worker| worker.job.as_deref() == Some("Director"));
        join_names(directors.filter_map(|worker| worker.name.as_deref()))
    }

    /// Returns the certification in `region`.
    fn certification(&self, region: &str) -> String {
        self.by_country().remove(region).unwrap_or_default()
    }

    /// Returns the certifications of all countries, as `tmdb_metadata.csv` lists them.
    fn certifications(&self) -> String {
        let by_country = self.by_country();
        let listed: Vec<String> =
            by_country.iter().map(|(country, name)| format!("{country}:{name}")).collect();
        join_names(listed.iter().map(String::as_str))
    }

    /// Returns each country's certification of the theatrical release, or of the first certified release.
    fn by_country(&self) -> BTreeMap<&str, String> {
        let mut by_country = BTreeMap::new();
        for releases in self.release_dates.iter().flat_map(|dates| &dates.results) {
            let country = releases.iso_3166_1.as_deref().unwrap_or_default();
            let is_code = country.len() == 2 && country.bytes().all(|it| it.is_ascii_uppercase());
            let certified = releases.release_dates.iter().filter_map(|release| {
                let name = one_line(release.certification.as_deref()?);
                (!name.is_empty()).then_some((release.kind != Some(THEATRICAL), name))
            });
            // `min_by_key` returns the first of several.
            let best = certified.min_by_key(|(is_other_release, _)| *is_other_release);
            if let Some((_, name)) = best.filter(|_| is_code) {
                by_country.entry(country).or_insert(name);
            }
        }
        by_country
    }
}

fn names(named: &[Named]) -> String {
    join_names(named.iter().filter_map(|named| named.name.as_deref()))
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_missing_and_mistyped_values_are_empty() {
        let body = r#"{"id":1,"title":null,"runtime":"95","popularity":1.5,"vote_count":0,
            "genres":[{"name":"Science Fiction"},{"id":3},{"name":null}],
            "credits":{"cast":[{"name":"Second","order":1},{"name":"Last"},{"name":"First","order":0}],
                       "crew":[{"name":"D","job":"Director"},{"name":"W","job":"Writer"},
                               {"name":"E|F","job":"Director"}]},
            "belongs_to_collection":{"id":1,"name":"Series Collection"},"adult":false,
            "original_title":"Original","status":"Released","alternative_titles":{"id":1,"titles":
                [{"iso_3166_1":"FR","title":"Le Film","type":""},{"title":7},{"title":"Film | Two"}]},
            "keywords":null,"external_ids":{"imdb_id":"tt0000001"},
            "release_dates":{"results":[{"iso_3166_1":"DE","release_dates":
                [{"certification":"16","type":4},{"certification":"12","type":3}]},
                {"iso_3166_1":"US","release_dates":[{"certification":"","type":3},
                    {"certification":" PG-13 ","type":4},{"certification":"R","type":5}]},
                {"iso_3166_1":"AE","release_dates":[{"certification":"","type":3}]},
                {"iso_3166_1":"x","release_dates":[{"certification":"1","type":3}]}]}}"#;
        let (facts, availability) = decode(body.as_bytes(), None, "DE").unwrap();
        let expected = Facts {
            popularity: "1.5".to_owned(),
            vote_count: "0".to_owned(),
            genres: "science fiction".to_owned(),
            cast_top: "First|Second|Last".to_owned(),
            director: "D|E/F".to_owned(),
            certification: "12".to_owned(),
            imdb_id: "tt0000001".to_owned(),
            collection: "Series Collection".to_owned(),
            adult: "false".to_owned(),
            status: "Released".to_owned(),
            certifications: "DE:12|US:PG-13".to_owned(),
            original_title: "Original".to_owned(),
            alternative_titles: "Le Film|Film / Two".to_owned(),
            ..Facts::default()
        };
        assert_eq!(facts, expected);
        assert!(availability.regions.is_empty());
        assert_eq!(decode(body.as_bytes(), None, "FR").unwrap().0.certification, "");
        // A value of the wrong type, wherever it is, doesn't affect any other field.
        let valid: serde_json::Value = serde_json::from_str(body).unwrap();
        for wrong in ["true", "5", "\"x\"", "[]", "{}", "[1,null,{}]", "{\"a\":[]}"] {
            let wrong: serde_json::Value = serde_json::from_str(wrong).unwrap();
            for pointer in [
                "/title",
                "/genres",
                "/genres/0",
                "/credits",
                "/credits/cast",
                "/credits/cast/0/name",
                "/credits/crew/0/job",
                "/release_dates",
                "/release_dates/results",
                "/release_dates/results/0/release_dates",
                "/external_ids",
                "/belongs_to_collection",
                "/adult",
                "/status",
                "/keywords",
                "/original_title",
                "/alternative_titles",
                "/alternative_titles/titles",
                "/alternative_titles/titles/0/title",
            ] {
                let mut movie = valid.clone();
                *movie.pointer_mut(pointer).unwrap() = wrong.clone();
                movie["watch/providers"] = wrong.clone();
                let (facts, _) = decode(movie.to_string().as_bytes(), None, "DE").unwrap();
                assert_eq!(facts.popularity, "1.5", "{pointer} {wrong}");
            }
        }
    }
}
