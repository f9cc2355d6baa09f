//! Filters: conditions that a listed movie must meet.

use serde::{Deserialize, Serialize};

use super::filter_index::{FilterIndex, RegionIndex};
use crate::ids::MovieIdx;

/// Conditions on a movie. Genres, services, languages and the region are positions in the lists of the
/// [`FilterIndex`]. A movie whose value is unknown fails every condition on that value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Requires at least one of these genres; empty: no condition.
    pub genres_any: Vec<usize>,
    /// Requires all of these genres.
    pub genres_all: Vec<usize>,
    /// Rejects movies with any of these genres.
    pub genres_none: Vec<usize>,
    /// Requires at least one of these services. `None`: no condition; an empty list rejects all movies.
    pub services: Option<Vec<usize>>,
    /// Region that `services` refers to; `None`: services of the catalog itself.
    pub region: Option<usize>,
    /// Requires one of these original languages; `None`: no condition.
    pub languages: Option<Vec<usize>>,
    /// Earliest year of release.
    pub year_min: Option<u16>,
    /// Latest year of release.
    pub year_max: Option<u16>,
    /// Minimum runtime in minutes.
    pub runtime_min: Option<u32>,
    /// Maximum runtime in minutes.
    pub runtime_max: Option<u32>,
    /// Minimum number of votes.
    pub min_votes: u32,
    /// Minimum average vote, 0 to 10.
    pub rating_min: Option<f32>,
    /// Movies that are in the user's history, watched or on the watchlist; ascending.
    pub seen: Vec<MovieIdx>,
    /// Movies that the request excludes; ascending.
    pub excluded: Vec<MovieIdx>,
}

impl Filter {
    /// Returns true if any condition other than `seen` and `excluded` is set.
    fn has_fact_conditions(&self) -> bool {
        let fact_conditions =
            Self { seen: Vec::new(), excluded: Vec::new(), region: None, ..self.clone() };
        fact_conditions != Self::default()
    }
}

/// Conditions of a filter, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// [`Filter::seen`]: the user has seen, rated, liked or disliked the movie, or it is on the watchlist.
    Seen,
    /// [`Filter::excluded`]: the request excludes the movie.
    ExcludeMovieIds,
    /// Genres: [`Filter::genres_any`], [`Filter::genres_all`] or [`Filter::genres_none`].
    Genres,
    /// Streaming services: [`Filter::services`], in the region of the filter.
    Services,
    /// Year of release: [`Filter::year_min`] or [`Filter::year_max`].
    Year,
    /// Runtime: [`Filter::runtime_min`] or [`Filter::runtime_max`].
    Runtime,
    /// Original language: [`Filter::languages`].
    Languages,
    /// Number of votes: [`Filter::min_votes`].
    MinVotes,
    /// Average vote: [`Filter::rating_min`].
    RatingMin,
    /// A member of the group vetoes the movie.
    Veto,
}

impl FilterKind {
    /// Returns the name of this condition in replies.
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

/// A filter with precomputed bit masks, ready to check movies.
#[derive(Clone, Debug)]
pub(crate) struct PreparedFilter<'a> {
    index: &'a FilterIndex,
    filter: Filter,
    genres_any: Vec<u64>,
    genres_all: Vec<u64>,
    genres_none: Vec<u64>,
    services: Vec<u64>,
    /// Bit set of the movies that are on a requested service in the requested region; `None` without a region.
    on_services: Option<Vec<u64>>,
    /// True if the filter has conditions other than `seen` and `excluded`.
    has_conditions_on_facts: bool,
}

impl FilterIndex {
    /// Computes the masks of a filter.
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
            has_conditions_on_facts: filter.has_fact_conditions(),
            filter,
        }
    }

    /// Returns a bit set of the movies that are on at least one of the given services in a region. O(movies +
    /// the region's entries).
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
    /// Returns the first condition that the movie fails; `None` if it passes.
    pub(crate) fn failed_by(&self, movie: MovieIdx) -> Option<FilterKind> {
        if self.filter.seen.binary_search(&movie).is_ok() {
            return Some(FilterKind::Seen);
        }
        if self.filter.excluded.binary_search(&movie).is_ok() {
            return Some(FilterKind::ExcludeMovieIds);
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

    /// Returns the number of movies that each condition removes. A movie counts for the first condition that it
    /// fails. O(movies).
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
