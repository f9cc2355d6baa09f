//! Minimum ages of the movies, by country.

use std::collections::BTreeMap;

use crate::catalog::Movie;

/// Age of movies whose minimum age is unknown, above all limits.
const UNKNOWN: u8 = u8::MAX;

/// Minimum ages of the movies. Takes a byte per movie and country.
#[derive(Clone, Debug)]
pub(super) struct Ages {
    /// Ages in the countries that have certified at least one movie.
    by_country: BTreeMap<String, Vec<u8>>,
    /// Ages in all other countries.
    elsewhere: Vec<u8>,
}

impl Ages {
    /// Computes the ages from certificates and genres. O(movies · countries).
    pub(super) fn new(movies: &[Movie]) -> Self {
        let age = |movie: &Movie| movie.minimum_age(None).unwrap_or(UNKNOWN);
        let elsewhere: Vec<u8> = movies.iter().map(age).collect();
        let mut by_country: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (row, movie) in movies.iter().enumerate().filter(|(_, movie)| !movie.is_adult) {
            for (country, age) in movie.certified_ages() {
                if let Some(ages) = by_country.get_mut(country) {
                    ages[row] = age;
                } else {
                    let mut ages = elsewhere.clone();
                    ages[row] = age;
                    by_country.insert(country.to_owned(), ages);
                }
            }
        }
        Self { by_country, elsewhere }
    }

    /// Returns the age of each movie in `country`. Unknown ages are above all limits.
    pub(super) fn of(&self, country: Option<&str>) -> &[u8] {
        country.and_then(|code| self.by_country.get(code)).unwrap_or(&self.elsewhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn ages_equal_those_of_the_movies_in_every_country() {
        let certified = |certificates: &[&str], is_adult| Movie {
            certifications: certificates.iter().map(|name| (*name).to_owned()).collect(),
            is_adult,
            ..movie(1, "Film")
        };
        let movies = [
            certified(&["DE:6", "US:PG"], false),
            certified(&["GB:U"], false),
            certified(&["DE:0"], true),
            certified(&[], false),
        ];
        let ages = Ages::new(&movies);
        for country in [Some("DE"), Some("GB"), Some("US"), Some("FR"), None] {
            let expected = movies.iter().map(|movie| movie.minimum_age(country).unwrap_or(UNKNOWN));
            assert_eq!(ages.of(country), expected.collect::<Vec<_>>(), "{country:?}");
        }
    }
}
