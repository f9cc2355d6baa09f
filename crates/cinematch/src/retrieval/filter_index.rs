//! Index of the catalog columns that filters use.

use rustc_hash::FxHashMap;

use super::ages::Ages;
use super::bit_rows::BitRows;
use super::sort::SortedMovies;
use crate::catalog::availability::Region;
use crate::catalog::names::NameList;
use crate::catalog::{Availability, Movie, Release};
use crate::ids::MovieIdx;

/// Columns that filters use, with one entry per movie.
#[derive(Clone, Debug)]
pub struct FilterIndex {
    /// Distinct genres in the catalog.
    pub genres: NameList,
    /// Distinct streaming services in the catalog.
    pub services: NameList,
    /// Distinct original languages in the catalog.
    pub languages: NameList,
    /// Distinct genre combinations.
    pub(super) combinations: BitRows,
    /// Index of each movie's genres in `combinations`.
    pub(super) combination_of: Vec<u32>,
    /// Bit set of each movie's services.
    pub(super) service_bits: BitRows,
    pub(super) facts: Vec<Facts>,
    ages: Ages,
    /// True if the catalog has adult movies.
    pub(super) has_adult: bool,
    /// Release of the movie that is released last. If it has been released, all movies have.
    pub(super) last_release: Release,
    pub(super) regions: Vec<RegionIndex>,
    sorted: SortedMovies,
}

/// Streaming services in a region.
#[derive(Clone, Debug)]
pub struct RegionIndex {
    pub(super) region: Region,
    /// Services in the region. Different spellings of a service share one entry.
    pub services: NameList,
    /// Index in [`Self::services`] of each service in the region.
    pub(super) service_positions: Vec<u32>,
}

/// Facts about a movie that filters check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub votes: u32,
    /// Average vote, 0 to 10.
    pub rating: Option<f32>,
    pub runtime: Option<u32>,
    pub year: Option<u16>,
    /// Index in [`FilterIndex::languages`].
    pub language: Option<u16>,
    pub is_adult: bool,
    pub release: Release,
}

impl FilterIndex {
    /// Indexes a catalog. O(n) for n movies.
    pub fn new(movies: &[Movie]) -> Self {
        let genres = distinct(movies.iter().flat_map(|movie| &movie.genres));
        let services = distinct(movies.iter().flat_map(|movie| &movie.services));
        let languages =
            distinct(movies.iter().filter_map(|movie| movie.original_language.as_ref()));
        let (genre_of, genres) = canonical_positions(genres, NameList::genres);
        let (service_of, services) = canonical_positions(services, NameList::services);
        let bits = |position_of: &FxHashMap<String, usize>, list: &[String]| -> Vec<usize> {
            let mut bits: Vec<usize> = list.iter().map(|name| position_of[name]).collect();
            bits.sort_unstable();
            bits.dedup();
            bits
        };
        let mut combination_ids: FxHashMap<Vec<usize>, u32> = FxHashMap::default();
        let mut combinations = Vec::new();
        let combination_of = movies
            .iter()
            .map(|movie| {
                let combination = bits(&genre_of, &movie.genres);
                *combination_ids.entry(combination).or_insert_with_key(|new| {
                    combinations.push(new.clone());
                    combinations.len() as u32 - 1
                })
            })
            .collect();
        let service_bits = movies.iter().map(|movie| bits(&service_of, &movie.services));
        let facts = movies
            .iter()
            .map(|movie| {
                let language = movie.original_language.as_ref();
                let language = language.and_then(|name| languages.binary_search(name).ok());
                Facts {
                    votes: movie.vote_count.unwrap_or(0),
                    rating: movie.vote_average,
                    runtime: movie.runtime,
                    year: movie.year,
                    language: language.map(|index| index as u16),
                    is_adult: movie.is_adult,
                    release: movie.release(),
                }
            })
            .collect();
        Self {
            combinations: BitRows::new(genres.names().len(), combinations),
            combination_of,
            service_bits: BitRows::new(services.names().len(), service_bits),
            has_adult: movies.iter().any(|movie| movie.is_adult),
            last_release: movies.iter().map(Movie::release).max().unwrap_or(Release::Released),
            facts,
            ages: Ages::new(movies),
            genres,
            services,
            languages: NameList::languages(languages),
            regions: Vec::new(),
            sorted: SortedMovies::default(),
        }
    }

    /// Returns the streaming services of the region with this index, or those of the catalog for `None`.
    pub fn services_in(&self, region: Option<usize>) -> &NameList {
        region.map_or(&self.services, |region| &self.regions[region].services)
    }

    /// Replaces the regions and their streaming services.
    pub(crate) fn set_availability(&mut self, availability: Availability) {
        let regions = availability.regions.into_iter().map(|region| {
            let spellings = region.services.clone();
            let (position_of, services) = canonical_positions(spellings, NameList::services);
            let service_positions =
                region.services.iter().map(|name| position_of[name] as u32).collect();
            RegionIndex { region, services, service_positions }
        });
        self.regions = regions.collect();
    }

    /// Returns the regions with streaming data.
    pub fn regions(&self) -> &[RegionIndex] {
        &self.regions
    }

    /// Returns the index in [`Self::regions`] of the region with the given `code`, ignoring case.
    pub fn find_region(&self, code: &str) -> Option<usize> {
        let code = code.trim();
        self.regions.iter().position(|index| index.region.code.eq_ignore_ascii_case(code))
    }

    /// Returns true if a movie's minimum age in a region is at most `max_age`. Without a limit, every movie is suitable.
    pub fn is_suitable(&self, movie: MovieIdx, max_age: Option<u8>, region: Option<usize>) -> bool {
        max_age.is_none_or(|max| self.minimum_ages(region)[movie.row()] <= max)
    }

    /// Returns the movies' minimum ages in a region, or without a region for `None`. Unknown ages are above all limits.
    pub(super) fn minimum_ages(&self, region: Option<usize>) -> &[u8] {
        self.ages.of(region.map(|region| self.regions[region].code()))
    }

    /// Returns the genres of the movie at `row`, as a bit set over [`Self::genres`].
    pub fn genres_of(&self, row: usize) -> &[u64] {
        self.combinations.row(self.combination_of[row] as usize)
    }

    /// Returns the distinct genre combinations, as bit sets over [`Self::genres`]. Even a large catalog has
    /// few of them, so computing a value per combination is cheaper than computing one per movie.
    pub(crate) fn combinations(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.combinations.n_rows()).map(|combination| self.combinations.row(combination))
    }

    /// Returns the index of each movie's genres in [`Self::combinations`].
    pub(crate) fn combination_of(&self) -> &[u32] {
        &self.combination_of
    }

    /// Returns the catalog in each sort order.
    pub(super) fn sorted(&self) -> &SortedMovies {
        &self.sorted
    }

    /// Returns the number of movies.
    pub(super) fn n_movies(&self) -> usize {
        self.facts.len()
    }
}

impl RegionIndex {
    /// Returns the region's ISO 3166-1 alpha-2 code, such as `DE`.
    pub fn code(&self) -> &str {
        &self.region.code
    }

    /// Returns the services that offer `movie` in the region, in display order.
    pub(crate) fn services_of(&self, movie: MovieIdx) -> impl Iterator<Item = &str> {
        self.region.services_of(movie)
    }
}

/// Builds a list of names in which different spellings of a name share one entry. Returns each spelling's
/// index in the list, along with the list.
fn canonical_positions(
    spellings: Vec<String>,
    list: fn(Vec<String>) -> NameList,
) -> (FxHashMap<String, usize>, NameList) {
    let names = list(spellings.clone());
    let positions = spellings.into_iter().filter_map(|name| Some((names.find(&name)?, name)));
    (positions.map(|(position, name)| (name, position)).collect(), names)
}

/// Returns the names in sorted order, without duplicates.
fn distinct<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = all.cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}
