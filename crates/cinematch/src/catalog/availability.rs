//! Streaming availability by region, read from `watch_providers.csv`. TMDB gets this data from JustWatch.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Movie;
use crate::ids::{MovieIdx, TmdbId};
use crate::sources::table::{self, Column};
use crate::sources::values::{list, whole_number};
use crate::sources::{Decoded, Outcome, Problem, ProblemKind, SourceError, excerpt};

/// Attribution that must appear wherever streaming services are shown.
pub(crate) const ATTRIBUTION: &str = "Streaming data by JustWatch, film data by TMDB";

/// The streaming services that offer each catalog movie, by region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// Regions, sorted by code.
    pub regions: Vec<Region>,
}

/// The services in a region that offer movies by subscription, free with ads, or for free. Excludes
/// rentals and purchases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// ISO 3166-1 alpha-2 code, such as `DE`.
    pub code: String,
    /// Service names, sorted.
    pub services: Vec<String>,
    /// Movie index of each offer (one movie on one service), in ascending order.
    #[serde(rename = "films")]
    pub movies: Vec<u32>,
    /// For each offer, its index into `services`. A movie's offers are in display order.
    #[serde(rename = "on")]
    pub service_indices: Vec<u32>,
}

const COLUMNS: [Column; 5] = [
    Column::required("tmdb_id"),
    Column::required("region"),
    Column::required("flatrate"),
    Column::required("ads"),
    Column::required("free"),
];

impl Availability {
    /// Decodes `watch_providers.csv` for `movies`, and ignores rows for any other movie. Problems refer
    /// to the file as `name`. O(bytes).
    pub fn read(name: &str, bytes: &[u8], movies: &[Movie]) -> Result<Decoded<Self>, SourceError> {
        let numbered = movies.iter().zip(0..);
        let row_of: FxHashMap<TmdbId, MovieIdx> =
            numbered.filter_map(|(movie, row)| Some((movie.tmdb_id?, MovieIdx(row)))).collect();
        let decoded = table::decode(name, bytes, &COLUMNS, |row, problems| {
            let Some(id) = whole_number(row.get(0)).map(TmdbId) else {
                problems.push(invalid_value(row, 0, "a whole number above 0"));
                return None;
            };
            let code = row.get(1);
            if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                problems.push(invalid_value(row, 1, "a two-letter country code"));
                return None;
            }
            let movie = *row_of.get(&id)?;
            let services = list(&[row.get(2), row.get(3), row.get(4)].join("|"));
            (!services.is_empty()).then(|| (code.to_owned(), movie, services))
        })?;
        let Decoded { records, problems, rows } = decoded;
        let availability = Self::from_offers(records);
        Ok(Decoded { records: vec![availability], problems, rows })
    }

    /// Groups `offers` (region, movie, services) by region. They may be in any order.
    fn from_offers(mut offers: Vec<(String, MovieIdx, Vec<String>)>) -> Self {
        offers.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let regions = offers.chunk_by(|a, b| a.0 == b.0).map(|offers| {
            let names = offers.iter().flat_map(|(_, _, services)| services);
            let mut services: Vec<String> = names.cloned().collect();
            services.sort_unstable();
            services.dedup();
            let position: FxHashMap<&str, u32> =
                services.iter().map(String::as_str).zip(0..).collect();
            let (mut movies, mut service_indices) = (Vec::new(), Vec::new());
            for (_, movie, names) in offers {
                for name in names {
                    movies.push(movie.0);
                    service_indices.push(position[name.as_str()]);
                }
            }
            Region { code: offers[0].0.clone(), services, movies, service_indices }
        });
        Self { regions: regions.collect() }
    }

    /// Returns true if data loaded from a generation is consistent, with every movie and service index in
    /// range.
    pub(crate) fn is_consistent(&self, n_movies: usize) -> bool {
        self.regions.iter().all(|region| {
            region.movies.len() == region.service_indices.len()
                && region.movies.is_sorted()
                && region.movies.last().is_none_or(|movie| (*movie as usize) < n_movies)
                && region
                    .service_indices
                    .iter()
                    .all(|index| (*index as usize) < region.services.len())
        })
    }
}

impl Region {
    /// Returns the services that offer `movie`, in display order. O(log offers).
    pub(crate) fn services_of(&self, movie: MovieIdx) -> impl Iterator<Item = &str> {
        let first = self.movies.partition_point(|other| *other < movie.0);
        let n_services = self.movies[first..].iter().take_while(|other| **other == movie.0).count();
        self.service_indices[first..first + n_services]
            .iter()
            .map(|index| self.services[*index as usize].as_str())
    }
}

fn invalid_value(row: &table::Row<'_, '_>, column: usize, expected: &str) -> Problem {
    let reason = format!("expected {expected}, got `{}`", excerpt(row.get(column)));
    row.problem(column, ProblemKind::InvalidValue, Outcome::RowDropped, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn services_are_grouped_by_region_in_display_order() {
        let movie = |id, tmdb_id| Movie { tmdb_id: Some(TmdbId(tmdb_id)), ..movie(id, "A") };
        let csv = "tmdb_id,region,flatrate,ads,free,rent,buy\n\
                   70,DE,Netflix|MUBI,Netflix,arte,X,Y\n71,DE,MUBI,,,,\n70,AT,,,,Only rent,\n\
                   99,DE,Netflix,,,,\n71,US,Max,,,,\nx,US,Max,,,,\n71,usa,Max,,,,\n";
        let movies = [movie(1, 71), movie(2, 70)];
        let mut decoded = Availability::read("w.csv", csv.as_bytes(), &movies).unwrap();
        assert_eq!((decoded.rows, decoded.problems.len()), (7, 2));
        let availability = decoded.records.remove(0);
        assert!(availability.is_consistent(2) && !availability.is_consistent(1));
        let codes: Vec<&str> =
            availability.regions.iter().map(|region| region.code.as_str()).collect();
        assert_eq!(codes, ["DE", "US"]);
        let germany = &availability.regions[0];
        let of = |row| germany.services_of(MovieIdx(row)).collect::<Vec<_>>();
        assert_eq!((of(0), of(1)), (vec!["MUBI"], vec!["Netflix", "MUBI", "arte"]));
        let json = serde_json::to_string(&availability).unwrap();
        assert_eq!(serde_json::from_str::<Availability>(&json).unwrap(), availability);
    }
}
