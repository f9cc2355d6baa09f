//! Which films a viewer wants to see at all.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::browse::Orders;
use crate::catalog::availability::Region;
use crate::catalog::names::NameList;
use crate::catalog::{Availability, Movie};
use crate::ids::MovieIdx;

/// A fixed number of bits a row, 64 in a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitRows {
    words_per_row: usize,
    words: Vec<u64>,
}

impl BitRows {
    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.words.len() / self.words_per_row.max(1)
    }

    /// Rows of `n_bits`, from the positions set in each.
    pub fn new<Row: IntoIterator<Item = usize>>(
        n_bits: usize,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        let words_per_row = n_bits.div_ceil(64).max(1);
        let mut words = Vec::new();
        for row in rows {
            let start = words.len();
            words.resize(start + words_per_row, 0);
            for bit in row {
                words[start + bit / 64] |= 1 << (bit % 64);
            }
        }
        Self { words_per_row, words }
    }

    /// A row's words.
    pub fn row(&self, row: usize) -> &[u64] {
        &self.words[row * self.words_per_row..(row + 1) * self.words_per_row]
    }

    /// A mask of the same width with the given bits.
    pub fn mask(&self, bits: &[usize]) -> Vec<u64> {
        let mut mask = vec![0; self.words_per_row];
        for bit in bits {
            mask[bit / 64] |= 1 << (bit % 64);
        }
        mask
    }

    /// How many bits a row shares with a mask.
    pub fn shared(&self, row: usize, mask: &[u64]) -> u32 {
        self.row(row).iter().zip(mask).map(|(a, b)| (a & b).count_ones()).sum()
    }
}

/// What filters look at, one entry a film.
#[derive(Clone, Debug)]
pub struct FilterIndex {
    /// The genres of the catalogue.
    pub genres: NameList,
    /// The services of the catalogue.
    pub services: NameList,
    /// The languages of the catalogue.
    pub languages: NameList,
    /// Every combination of genres that a film has.
    combinations: BitRows,
    /// Every film's combination.
    combination_of: Vec<u32>,
    service_bits: BitRows,
    facts: Vec<Facts>,
    regions: Vec<RegionIndex>,
    orders: Orders,
}

/// The services of a region, as filters look at them.
#[derive(Clone, Debug)]
pub struct RegionIndex {
    region: Region,
    /// The services, those that mean the same as one.
    pub services: NameList,
    /// The position in that list of every service of the region.
    meaning: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Facts {
    votes: u32,
    /// The average vote.
    rating: Option<f32>,
    runtime: Option<u32>,
    year: Option<u16>,
    language: Option<u16>,
}

impl FilterIndex {
    /// Indexes the films. O(films).
    pub fn new(movies: &[Movie]) -> Self {
        let genres = names(movies.iter().flat_map(|movie| &movie.genres));
        let services = names(movies.iter().flat_map(|movie| &movie.services));
        let languages = names(movies.iter().filter_map(|movie| movie.original_language.as_ref()));
        let (genre_of, genres) = meanings(genres, NameList::genres);
        let (service_of, services) = meanings(services, NameList::services);
        let bits = |position_of: &FxHashMap<String, usize>, list: &[String]| -> Vec<usize> {
            let mut bits: Vec<usize> = list.iter().map(|name| position_of[name]).collect();
            bits.sort_unstable();
            bits.dedup();
            bits
        };
        let mut known: FxHashMap<Vec<usize>, u32> = FxHashMap::default();
        let mut combinations = Vec::new();
        let combination_of = movies
            .iter()
            .map(|movie| {
                let combination = bits(&genre_of, &movie.genres);
                *known.entry(combination).or_insert_with_key(|new| {
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
                    language: language.map(|at| at as u16),
                }
            })
            .collect();
        Self {
            combinations: BitRows::new(genres.names().len(), combinations),
            combination_of,
            service_bits: BitRows::new(services.names().len(), service_bits),
            facts,
            genres,
            services,
            languages: NameList::languages(languages),
            regions: Vec::new(),
            orders: Orders::default(),
        }
    }

    /// Knows from now on where films can be watched in every region.
    pub fn set_availability(&mut self, availability: Availability) {
        let regions = availability.regions.into_iter().map(|region| {
            let (position_of, services) = meanings(region.services.clone(), NameList::services);
            let meaning = region.services.iter().map(|name| position_of[name] as u32).collect();
            RegionIndex { region, services, meaning }
        });
        self.regions = regions.collect();
    }

    /// The regions of which it is known where films can be watched.
    pub fn regions(&self) -> &[RegionIndex] {
        &self.regions
    }

    /// The place of a region, by its code in any case.
    pub fn find_region(&self, code: &str) -> Option<usize> {
        let code = code.trim();
        self.regions.iter().position(|index| index.region.code.eq_ignore_ascii_case(code))
    }

    /// A film's genres.
    pub fn genres_of(&self, row: usize) -> &[u64] {
        self.combinations.row(self.combination_of[row] as usize)
    }

    /// Every combination of genres that a film has: few, where films are many.
    pub fn combinations(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.combinations.n_rows()).map(|combination| self.combinations.row(combination))
    }

    /// The place of every film's genres among the combinations.
    pub fn combination_of(&self) -> &[u32] {
        &self.combination_of
    }

    /// The films in the orders in which they are browsed.
    pub(super) fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The number of films.
    pub fn n_movies(&self) -> usize {
        self.facts.len()
    }

    /// Prepares a filter's masks.
    pub fn prepare(&self, filter: Filter) -> PreparedFilter<'_> {
        let genres = |bits: &[usize]| self.combinations.mask(bits);
        let there = filter.region.zip(filter.services.as_ref());
        let on_services = there.map(|(region, services)| self.on_services(region, services));
        PreparedFilter {
            index: self,
            genres_any: genres(&filter.genres_any),
            genres_all: genres(&filter.genres_all),
            genres_none: genres(&filter.genres_none),
            services: self.service_bits.mask(&filter.services.clone().unwrap_or_default()),
            on_services,
            asks_facts: filter.asks_facts(),
            filter,
        }
    }

    /// A bit for every film that is on one of some services of a region. O(films + their services).
    fn on_services(&self, region: usize, services: &[usize]) -> Vec<u64> {
        let RegionIndex { region, meaning, .. } = &self.regions[region];
        let mut bits = vec![0; self.facts.len().div_ceil(64)];
        for (movie, on) in region.movies.iter().zip(&region.on) {
            if services.contains(&(meaning[*on as usize] as usize)) {
                bits[*movie as usize / 64] |= 1 << (movie % 64);
            }
        }
        bits
    }
}

impl RegionIndex {
    /// ISO 3166-1: `DE`.
    pub fn code(&self) -> &str {
        &self.region.code
    }

    /// A film's services, in the order they are shown.
    pub fn services_of(&self, movie: MovieIdx) -> impl Iterator<Item = &str> {
        self.region.services_of(movie)
    }
}

/// The position that every spelling stands at in the list that `list` makes of them.
fn meanings(
    spellings: Vec<String>,
    list: fn(Vec<String>) -> NameList,
) -> (FxHashMap<String, usize>, NameList) {
    let list_of = list(spellings.clone());
    let positions = spellings.into_iter().filter_map(|name| Some((list_of.find(&name)?, name)));
    (positions.map(|(position, name)| (name, position)).collect(), list_of)
}

fn names<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = all.cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What a film must be like. Positions are those of the index's name lists; a film of which the
/// value is not known does not pass a filter on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// At least one of these genres; empty: any film.
    pub genres_any: Vec<usize>,
    /// All of these genres.
    pub genres_all: Vec<usize>,
    /// None of these genres.
    pub genres_none: Vec<usize>,
    /// On at least one of these services; `None`: any film, an empty list: no film.
    pub services: Option<Vec<usize>>,
    /// The region whose services these are; `None`: those of the catalogue itself.
    pub region: Option<usize>,
    /// Made in one of these languages; `None`: any film.
    pub languages: Option<Vec<usize>>,
    /// From this year.
    pub year_min: Option<u16>,
    /// To this year.
    pub year_max: Option<u16>,
    /// From this many minutes.
    pub runtime_min: Option<u32>,
    /// To this many minutes.
    pub runtime_max: Option<u32>,
    /// From this many votes.
    pub min_votes: u32,
    /// From this average vote.
    pub rating_min: Option<f32>,
    /// Films already seen, rated, liked or disliked; ascending.
    pub seen: Vec<MovieIdx>,
    /// Films the request excludes; ascending.
    pub excluded: Vec<MovieIdx>,
}

impl Filter {
    /// Whether it is about what films are like, beyond their being seen or excluded.
    fn asks_facts(&self) -> bool {
        let neither = Self { seen: Vec::new(), excluded: Vec::new(), region: None, ..self.clone() };
        neither != Self::default()
    }
}

/// The filters, in the order in which a film is tried by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// Seen, rated, liked, disliked, watched or on the watchlist.
    Seen,
    /// Excluded by the request.
    ExcludeMovieIds,
    /// Genres.
    Genres,
    /// Services.
    Services,
    /// Years.
    Year,
    /// Runtime.
    Runtime,
    /// Languages.
    Languages,
    /// Votes.
    MinVotes,
    /// The average vote.
    RatingMin,
    /// One of a group stands against it.
    Veto,
}

/// A filter with its masks.
#[derive(Clone, Debug)]
pub struct PreparedFilter<'a> {
    index: &'a FilterIndex,
    filter: Filter,
    genres_any: Vec<u64>,
    genres_all: Vec<u64>,
    genres_none: Vec<u64>,
    services: Vec<u64>,
    /// Of another region: a bit for every film that is on one of the services.
    on_services: Option<Vec<u64>>,
    /// Whether films that are neither seen nor excluded have to be looked at.
    asks_facts: bool,
}

impl PreparedFilter<'_> {
    /// The first filter the film fails; `None` if it passes.
    pub fn failed_by(&self, movie: MovieIdx) -> Option<FilterKind> {
        if self.filter.seen.binary_search(&movie).is_ok() {
            return Some(FilterKind::Seen);
        }
        if self.filter.excluded.binary_search(&movie).is_ok() {
            return Some(FilterKind::ExcludeMovieIds);
        }
        if self.asks_facts { self.failed_by_facts(movie.row()) } else { None }
    }

    fn failed_by_facts(&self, row: usize) -> Option<FilterKind> {
        let filter = &self.filter;
        let facts = &self.index.facts[row];
        let genres = &self.index.combinations;
        let combination = self.index.combination_of[row] as usize;
        let within = |value: Option<u32>, min: Option<u32>, max: Option<u32>| {
            (min.is_none() && max.is_none())
                || value.is_some_and(|value| {
                    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
                })
        };
        let any = filter.genres_any.is_empty() || genres.shared(combination, &self.genres_any) > 0;
        let all = genres
            .row(combination)
            .iter()
            .zip(&self.genres_all)
            .all(|(has, all)| has & all == *all);
        if !any || !all || genres.shared(combination, &self.genres_none) > 0 {
            return Some(FilterKind::Genres);
        }
        let is_on_services = match &self.on_services {
            Some(movies) => movies[row / 64] >> (row % 64) & 1 == 1,
            None => self.index.service_bits.shared(row, &self.services) > 0,
        };
        if filter.services.is_some() && !is_on_services {
            return Some(FilterKind::Services);
        }
        let (year_min, year_max) = (filter.year_min.map(u32::from), filter.year_max.map(u32::from));
        if !within(facts.year.map(u32::from), year_min, year_max) {
            return Some(FilterKind::Year);
        }
        if !within(facts.runtime, filter.runtime_min, filter.runtime_max) {
            return Some(FilterKind::Runtime);
        }
        let spoken = |wanted: &Vec<usize>| {
            facts.language.is_some_and(|language| wanted.contains(&usize::from(language)))
        };
        if !filter.languages.as_ref().is_none_or(spoken) {
            return Some(FilterKind::Languages);
        }
        if facts.votes < filter.min_votes {
            return Some(FilterKind::MinVotes);
        }
        let is_as_good = |min| facts.rating.is_some_and(|rating| rating >= min);
        (!filter.rating_min.is_none_or(is_as_good)).then_some(FilterKind::RatingMin)
    }

    /// How many films each filter removes, each film under the first filter it fails. O(films).
    pub fn count_removed(&self) -> Vec<(FilterKind, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for row in 0..self.index.n_movies() {
            if let Some(kind) = self.failed_by(MovieIdx(row as u32)) {
                *counts.entry(kind).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }
}

impl FilterKind {
    /// Its name in replies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::ExcludeMovieIds => "exclude_movie_ids",
            Self::Genres => "genres",
            Self::Services => "services",
            Self::Year => "year",
            Self::Runtime => "runtime",
            Self::Languages => "languages",
            Self::MinVotes => "min_votes",
            Self::RatingMin => "rating_min",
            Self::Veto => "veto",
        }
    }
}
