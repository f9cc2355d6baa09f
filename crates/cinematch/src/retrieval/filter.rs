//! Filters: conditions that a listed movie must meet.

use serde::{Deserialize, Serialize};

use super::filter_index::{FilterIndex, RegionIndex};
use crate::date::Date;
use crate::ids::MovieIdx;

/// Conditions on a movie. Genres, services, languages and the region are indices into the lists in the
/// [`FilterIndex`]. A movie with an unknown value fails every condition on that value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Requires at least one of these genres. If empty, there is no condition.
    pub genres_any: Vec<usize>,
    /// Requires all of these genres.
    pub genres_all: Vec<usize>,
    /// Rejects movies with any of these genres.
    pub genres_none: Vec<usize>,
    /// Requires at least one of these services. `None` means no condition; an empty list rejects all movies.
    pub services: Option<Vec<usize>>,
    /// Region that `services` and `max_age` refer to. If `None`, the catalog's own services are used.
    pub region: Option<usize>,
    /// Requires one of these original languages. If `None`, there is no condition.
    pub languages: Option<Vec<usize>>,
    /// Earliest release year.
    pub year_min: Option<u16>,
    /// Latest release year.
    pub year_max: Option<u16>,
    /// Minimum runtime, in minutes.
    pub runtime_min: Option<u32>,
    /// Maximum runtime, in minutes.
    pub runtime_max: Option<u32>,
    /// Minimum number of votes.
    pub min_votes: u32,
    /// Minimum average vote, 0 to 10.
    pub rating_min: Option<f32>,
    /// Age limit: rejects movies whose minimum age in `region` is higher or unknown. `None` accepts all movies.
    pub max_age: Option<u8>,
    /// True to allow movies that TMDB marks as adult.
    pub include_adult: bool,
    /// True to allow movies that have not been released.
    pub include_unreleased: bool,
    /// Date on which a movie counts as released or not. If `None`, movies with a date of release count as released.
    pub today: Option<Date>,
    /// Movies with any feedback from the user, or on the user's watchlist, in ascending order.
    pub seen: Vec<MovieIdx>,
    /// Movies that the request excludes, in ascending order.
    pub excluded: Vec<MovieIdx>,
    /// Movies that may be listed, in ascending order. `None` allows all movies.
    pub only: Option<Vec<MovieIdx>>,
}

impl Filter {
    /// Returns true if any condition on genres, services, years, runtimes, languages or votes is set.
    fn has_fact_conditions(&self) -> bool {
        let fact_conditions = Self {
            seen: Vec::new(),
            excluded: Vec::new(),
            only: None,
            region: None,
            max_age: None,
            include_adult: false,
            include_unreleased: false,
            today: None,
            ..self.clone()
        };
        fact_conditions != Self::default()
    }
}

/// Kinds of filter conditions, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// [`Filter::seen`]: the user has given feedback on the movie, or it is on the user's watchlist.
    Seen,
    /// [`Filter::excluded`]: the request excludes the movie.
    ExcludeMovieIds,
    /// [`Filter::only`]: the request asks for other movies.
    Only,
    /// [`Filter::include_adult`] is not set, and TMDB marks the movie as adult.
    Adult,
    /// [`Filter::include_unreleased`] is not set, and the movie has not been released.
    Unreleased,
    /// Minimum age: [`Filter::max_age`].
    MaxAge,
    /// Genres: [`Filter::genres_any`], [`Filter::genres_all`] or [`Filter::genres_none`].
    Genres,
    /// Streaming services: [`Filter::services`], in the filter's region.
    Services,
    /// Release year: [`Filter::year_min`] or [`Filter::year_max`].
    Year,
    /// Runtime: [`Filter::runtime_min`] or [`Filter::runtime_max`].
    Runtime,
    /// Original language: [`Filter::languages`].
    Languages,
    /// Number of votes: [`Filter::min_votes`].
    MinVotes,
    /// Average vote: [`Filter::rating_min`].
    RatingMin,
    /// A group member vetoes the movie.
    Veto,
}

impl FilterKind {
    /// Returns the name of this condition, as used in responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::ExcludeMovieIds => "exclude_movie_ids",
            Self::Only => "only",
            Self::Adult => "adult",
            Self::Unreleased => "unreleased",
            Self::MaxAge => "max_age",
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

/// A filter with precomputed bit masks, ready to check movies.
#[derive(Clone, Debug)]
pub(crate) struct PreparedFilter<'a> {
    index: &'a FilterIndex,
    filter: Filter,
    genres_any: Vec<u64>,
    genres_all: Vec<u64>,
    genres_none: Vec<u64>,
    services: Vec<u64>,
    /// Bit set of the movies available on a requested service in the requested region. `None` if no region is
    /// set.
    on_services: Option<Vec<u64>>,
    /// The minimum ages of the movies and the highest one that passes. `None` without an age limit.
    ages: Option<(&'a [u8], u8)>,
    /// True if the filter may reject adult movies of the catalog.
    rejects_adult: bool,
    /// True if the filter may reject movies of the catalog that have not been released.
    rejects_unreleased: bool,
    /// True if the filter has conditions on genres, services, years, runtimes, languages or votes.
    has_conditions_on_facts: bool,
}

impl FilterIndex {
    /// Computes the bit masks for `filter`.
    pub(crate) fn prepare(&self, filter: Filter) -> PreparedFilter<'_> {
        let genres = |bits: &[usize]| self.combinations.mask(bits);
        let region_services = filter.region.zip(filter.services.as_ref());
        let on_services =
            region_services.map(|(region, services)| self.on_services(region, services));
        PreparedFilter {
            index: self,
            genres_any: genres(&filter.genres_any),
            genres_all: genres(&filter.genres_all),
            genres_none: genres(&filter.genres_none),
            services: self.service_bits.mask(&filter.services.clone().unwrap_or_default()),
            on_services,
            ages: filter.max_age.map(|max| (self.minimum_ages(filter.region), max)),
            rejects_adult: !filter.include_adult && self.has_adult,
            rejects_unreleased: !filter.include_unreleased
                && !self.last_release.is_released(filter.today),
            has_conditions_on_facts: filter.has_fact_conditions(),
            filter,
        }
    }

    /// Returns a bit set of the movies available on at least one of `services` in `region`.
    /// O(movies + the region's entries).
    fn on_services(&self, region: usize, services: &[usize]) -> Vec<u64> {
        let RegionIndex { region, service_positions, .. } = &self.regions[region];
        let mut bits = vec![0; self.facts.len().div_ceil(64)];
        for (movie, service) in region.movies.iter().zip(&region.service_indices) {
            if services.contains(&(service_positions[*service as usize] as usize)) {
                bits[*movie as usize / 64] |= 1 << (movie % 64);
            }
        }
        bits
    }
}

impl PreparedFilter<'_> {
    /// Returns the first condition that `movie` fails, or `None` if it passes.
    pub(crate) fn failed_by(&self, movie: MovieIdx) -> Option<FilterKind> {
        if self.filter.seen.binary_search(&movie).is_ok() {
            return Some(FilterKind::Seen);
        }
        if self.filter.excluded.binary_search(&movie).is_ok() {
            return Some(FilterKind::ExcludeMovieIds);
        }
        if self.filter.only.as_ref().is_some_and(|only| only.binary_search(&movie).is_err()) {
            return Some(FilterKind::Only);
        }
        let facts = &self.index.facts[movie.row()];
        if self.rejects_adult && facts.is_adult {
            return Some(FilterKind::Adult);
        }
        if self.rejects_unreleased && !facts.release.is_released(self.filter.today) {
            return Some(FilterKind::Unreleased);
        }
        if self.ages.is_some_and(|(ages, max)| ages[movie.row()] > max) {
            return Some(FilterKind::MaxAge);
        }
        if self.has_conditions_on_facts { self.failed_by_facts(movie.row()) } else { None }
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
        let has_language = |languages: &Vec<usize>| {
            facts.language.is_some_and(|language| languages.contains(&usize::from(language)))
        };
        if !filter.languages.as_ref().is_none_or(has_language) {
            return Some(FilterKind::Languages);
        }
        if facts.votes < filter.min_votes {
            return Some(FilterKind::MinVotes);
        }
        let is_rated_at_least = |min| facts.rating.is_some_and(|rating| rating >= min);
        (!filter.rating_min.is_none_or(is_rated_at_least)).then_some(FilterKind::RatingMin)
    }

    /// Returns the number of movies removed by each condition. A movie is counted only under the first
    /// condition it fails. O(movies).
    pub(crate) fn count_removed(&self) -> Vec<(FilterKind, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for row in 0..self.index.n_movies() {
            if let Some(kind) = self.failed_by(MovieIdx(row as u32)) {
                *counts.entry(kind).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }
}
